//! The end of a login, and of an answer that no disk would take.
//!
//! Enters: the provider's definite no, or what is as good as one. Leaves: the grant's standing, durable, and the story. A set that was
//! taken over and refused gives way to the one before it. The lease goes with what is stored, except where something is still to be
//! written that the next holder has to know.

use tokenward_core::ports::StoreError;
use tokenward_core::{Closing, Code, Event, Grant, Outcome, RawAnswer, Refusal, RefusalClass, Standing};

use super::settlement::{Ending, Sending, Taken};
use crate::{Error, Keeper, KeptState, Notice};

impl Sending<'_> {
    /// Carries out that the provider rejected the refresh token for good.
    pub(super) async fn ended(
        self,
        freeing: Option<&mut Taken>,
        code: Code,
        refusal: Refusal,
    ) -> Result<Ending, Error> {
        let Self { keeper, grant, .. } = self;
        let (vault, now) = (&keeper.inner.parts.vault, keeper.inner.now());
        let provider_code = refusal.provider_code;
        if (grant.on_trial || grant.unproven)
            && let Some(back) = self.take_back(code, provider_code).await?
        {
            return Ok(back);
        }
        let closing = Closing::Refused { code, provider_code };
        let standing = Standing::NeedsConsent { since: now, code, provider_code };
        // Whoever has the lease next must not find the access token alive that is dead with it.
        let is_access_dead = refusal.class == RefusalClass::AccessDead;
        let after = match self.close(freeing.filter(|_| !is_access_dead), closing, Some(standing)).await? {
            Some(stored) => stored,
            None => vault.grant(grant.id).await?,
        };
        // A set that arrived meanwhile by another way keeps the grant alive: the vault then leaves the standing.
        if after.generation > grant.generation {
            return Ok(Ending::Parked);
        }
        // Whoever runs a server knows before the user asks. There is no token in it (I4).
        let profile = after.profile.as_ref().map(ToString::to_string);
        let user = after.subject.as_ref().map(|user| user.name.as_ref().unwrap_or(&user.id).clone());
        let ended = code.as_str();
        tracing::warn!(grant = %grant.id, profile, user, code = ended, "a login has ended: its user has to log in again");
        if is_access_dead {
            keeper.access_is_dead(grant.id, grant.generation, provider_code).await;
        }
        Err(Error::refused(code, KeptState::Record, refusal))
    }

    /// Brings back what an adopted set had replaced that was refused now; `None` where it replaced nothing.
    pub(super) async fn take_back(self, code: Code, provider_code: Option<i64>) -> Result<Option<Ending>, Error> {
        let Self { keeper, grant, intent, .. } = self;
        let closing = Closing::Refused { code, provider_code };
        if grant.unproven {
            let parted = keeper.part_refused(grant.id, (intent, closing), code, provider_code).await?;
            return Ok(Some(parted.map_or(Ending::Parked, Ending::TakenBack)));
        }
        let parts = &keeper.inner.parts;
        let back = parts.vault.take_back(grant.id, Some((intent, closing)), parts.witness.myself()).await?;
        Ok(back.map(|generation| {
            tracing::warn!(grant = %grant.id, %generation, %code, "an adopted login was refused; taken back");
            Ending::TakenBack(Notice::TakenBack { adopted: grant.generation, generation, code })
        }))
    }

    /// Closes the intent, and frees the lease that is named by the same transaction. Gives back the grant as it is stored then.
    pub(super) async fn close(
        self,
        freeing: Option<&mut Taken>,
        closing: Closing,
        standing: Option<Standing>,
    ) -> Result<Option<Grant>, StoreError> {
        let vault = &self.keeper.inner.parts.vault;
        let lease = freeing.as_deref().map(|taken| &taken.lease);
        let stored = vault.close(lease, self.intent, closing, standing).await?;
        if let Some(taken) = freeing {
            taken.is_free = true;
        }
        Ok(stored)
    }

    /// Closes an intent whose outcome is already told to the caller; a failure to write it is repaired by the next
    /// recovery, which finds the intent open and its sender gone.
    pub(super) async fn close_told(self, taken: &mut Taken, closing: Closing, standing: Option<Standing>) {
        if let Err(error) = self.close(Some(taken), closing, standing).await {
            tracing::warn!(%error, intent = %self.intent, "the intent could not be closed");
        }
    }

    /// What is told of an answer that was kept nowhere: if it brought tokens, they are lost; if not, the open intent says what is known.
    pub(super) fn not_stored(self, error: Error, answer: &RawAnswer) -> Error {
        let Some(cause) = error.vault_error().map(StoreError::to_string) else { return error };
        match self.keeper.inner.parts.provider.read(&self.grant.app, self.api, answer) {
            Outcome::Rotated { .. } => Error::with_detail(Code::AnswerNotStored, KeptState::Doubt, cause),
            _ => error.keeping(KeptState::Doubt),
        }
    }
}

impl Keeper {
    /// How often the refresh token of a grant has met this very refusal in a row.
    pub(super) async fn refusals_in_a_row(&self, grant: &Grant, refused: &Closing) -> usize {
        let entries = self.inner.parts.vault.journal(grant.id, REFUSALS_READ).await.unwrap_or_default();
        let closings = entries.into_iter().filter(|entry| entry.generation == grant.generation);
        let closings = closings.filter_map(|entry| match entry.event {
            Event::Closed { closing, .. } => Some(closing),
            _ => None,
        });
        closings.take_while(|closing| closing == refused).count()
    }
}

/// How far back refusals are counted: each send leaves three entries.
const REFUSALS_READ: u32 = 24;
