//! The end of a login, and of an answer that no disk would take.
//!
//! Enters: the provider's definite no, or what is as good as one. Leaves: the grant's standing, durable, and the story. A set that was
//! taken over and refused gives way to the one before it.

use tokenward_core::ports::VaultError;
use tokenward_core::{
    Closing, Code, Event, Grant, IntentId, Outcome, RawAnswer, Refusal, RefusalClass, Standing, TokenApi,
};

use super::Settled;
use crate::{Error, Keeper, Kept};

impl Keeper {
    /// Carries out that the provider refuses the refresh token for good.
    pub(super) async fn ended(
        &self,
        grant: &Grant,
        intent: IntentId,
        code: Code,
        refusal: Refusal,
    ) -> Result<Settled, Error> {
        let (vault, now) = (&self.inner.parts.vault, self.inner.now());
        let provider_code = refusal.provider_code;
        if (grant.on_trial || grant.unproven)
            && let Some(back) = self.take_back(grant, intent, code, provider_code).await?
        {
            return Ok(back);
        }
        let closing = Closing::Refused { code, provider_code };
        let standing = Standing::NeedsConsent { since: now, code, provider_code };
        vault.close(intent, closing, Some(standing)).await?;
        // A set that arrived meanwhile by another way keeps the grant alive: the vault then leaves the standing.
        let after = vault.grant(grant.id).await?;
        if after.generation > grant.generation {
            return Ok(Settled::Parked);
        }
        if refusal.class == RefusalClass::AccessDead {
            self.access_is_dead(grant.id, grant.generation, provider_code).await;
        }
        Err(Error::refused(code, Kept::Record, refusal))
    }

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

    /// What is told of an answer that was kept nowhere: if it brought tokens, they are lost; if not, the open intent says what is known.
    pub(super) fn not_stored(&self, error: Error, grant: &Grant, api: TokenApi, answer: &RawAnswer) -> Error {
        let Some(cause) = error.vault_error().map(VaultError::to_string) else { return error };
        match self.inner.parts.provider.read(&grant.app, api, answer) {
            Outcome::Rotated { .. } => Error::with_detail(Code::AnswerNotStored, Kept::Doubt, cause),
            _ => error.keeping(Kept::Doubt),
        }
    }
}

/// How far back refusals are counted: each send leaves three entries.
const REFUSALS_READ: u32 = 24;
