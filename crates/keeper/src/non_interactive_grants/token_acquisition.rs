//! One grant request for a new set: lease on the name → look again → what a dead process left → lease on the grant → prove the store →
//! on record → ask → keep the raw answer → read → identity → store.
//!
//! Enters: a wish whose grant is missing or done for, and what is shown. Leaves: nothing but what is in the vault then. Nothing
//! that is sent is used up, so a grant request may be repeated; but its answer may have ended the set that was there, which is on
//! record before it is sent. A crash before the answer is kept costs a second grant request; after it, nothing.

use tokenward_core::ports::{GrantRequestState, Sent};
use tokenward_core::{
    App, Code, DirectGrant, Generation, Grant, GrantId, Lease, OldAccess, Outcome, ProfileName, Refusal, RefusalClass,
    Seat,
};
use tokio::time::Instant;

use super::owner_assignment::Stored;
use super::{Availability, Obtain};
use crate::{Error, Keeper, KeptState, RotationStep};

impl Keeper {
    /// Asks for a new set and stores it, unless somebody else has brought one meanwhile.
    pub(super) async fn request_grant(
        &self,
        app: &App,
        wanted: &Obtain,
        shows: DirectGrant,
        seen: Option<(GrantId, Generation)>,
    ) -> Result<(), Error> {
        let end = self.patience_ends();
        let name = wanted.name();
        // Somebody else may have brought a good token meanwhile.
        let needless = || async { Ok(matches!(self.look(app, wanted).await?, Availability::Good(_))) };
        let seat = Seat::Name(name.clone());
        let Some(held) = self.lease_unless(&seat, end, needless).await? else { return Ok(()) };
        let lease = held.lease;
        self.at(RotationStep::Leased);
        let result = self.request_leased(app, wanted, shows, seen, (&name, &lease), end).await;
        self.release(lease).await;
        match result? {
            Stored::Wanted => {
                self.at(RotationStep::Delivered);
                Ok(())
            }
            Stored::Another { kept, user } => {
                let error = Error::with_detail(
                    Code::WrongUser,
                    KeptState::Record,
                    format!("asked for {name}, and the provider named {user}"),
                );
                // Under the lease on their own name, which may not be taken beside another one.
                self.store_for(app, wanted, *kept, &user, end).await?;
                Err(error)
            }
        }
    }

    async fn request_leased(
        &self,
        app: &App,
        wanted: &Obtain,
        shows: DirectGrant,
        seen: Option<(GrantId, Generation)>,
        (name, lease): (&ProfileName, &Lease),
        end: Instant,
    ) -> Result<Stored, Error> {
        let vault = &self.inner.parts.vault;
        // What an earlier process had not finished is as good as what a grant request would bring.
        self.settle_kept(app, name).await?;
        let now = match vault.grant_of(name).await? {
            Some(id) => Some((id, vault.grant(id).await?.generation)),
            None => None,
        };
        // What does not do is not tried once more.
        if now != seen
            && let Availability::Good(_) = self.look(app, wanted).await?
        {
            return Ok(Stored::Wanted);
        }
        self.at(RotationStep::Reread);
        let mut held = None;
        let mut present = None;
        if let Some(id) = vault.grant_of(name).await? {
            // No rotation of it is under way while its successor is made.
            let under = self.lease_by(&id.into(), end).await?;
            (held, present) = (Some(under.lease), under.grant);
        }
        let result = self.request_once(app, wanted, shows, (name, lease), present).await;
        if let Some(held) = held {
            self.release(held).await;
        }
        result
    }

    async fn request_once(
        &self,
        app: &App,
        wanted: &Obtain,
        mut shows: DirectGrant,
        (name, lease): (&ProfileName, &Lease),
        present: Option<Grant>,
    ) -> Result<Stored, Error> {
        let vault = &self.inner.parts.vault;
        let provider = &self.inner.parts.provider;
        let api = app.token_api;
        vault.prove().await?;
        self.at(RotationStep::Proven);
        if let DirectGrant::Ticket(ticket) = &mut shows {
            // The same one again would be refused again.
            ticket.renew |= present.as_ref().is_some_and(|grant| wanted.refused == Some((grant.id, grant.generation)));
        }
        let rules = provider.rules(&app.name, api);
        let ends = present.as_ref().and_then(|grant| grant.access.as_ref());
        let on_record = rules.old_access == OldAccess::Dies
            && ends.is_some_and(|access| !access.remaining(self.inner.now()).is_zero());
        let _spending = self.inner.spending();
        if on_record {
            vault.record_grant_request(lease, GrantRequestState::Open).await?;
        }
        self.at(RotationStep::Begun);
        let sent = provider.grant(app, &shows, rules.send_deadline).await;
        let in_vain = async {
            if on_record && let Err(error) = vault.record_grant_request(lease, GrantRequestState::Withdrawn).await {
                tracing::warn!(%error, %name, "a question in vain could not be taken back");
            }
        };
        let answer = match sent {
            Sent::Answered(answer) => answer,
            Sent::Unsent(fault) => {
                in_vain.await;
                return Err(Error::unsent(KeptState::Everything, &fault));
            }
            // Nothing is used up: it is passing trouble. What was there may have ended, and that stays on record.
            Sent::InDoubt(fault) => {
                return Err(Error::transport(Code::ProviderUnavailable, KeptState::Everything, &fault));
            }
        };
        self.at(RotationStep::Sent);
        let kept = vault.keep_login_answer(name, &app.name, api, &answer).await?;
        self.at(RotationStep::Journalled);
        match provider.read(&app.name, api, &answer) {
            Outcome::Rotated { issued, oddities } => {
                for oddity in oddities {
                    tracing::warn!(?oddity, %name, "an odd answer was kept");
                }
                let stored = self.store_named(app, name, api, kept, issued, &answer).await;
                if stored.is_ok() {
                    self.at(RotationStep::Committed);
                }
                stored
            }
            Outcome::NoSuchEndpoint(refusal) => {
                vault.drop_login_answer(kept).await?;
                in_vain.await;
                Err(Error::refused(Code::NoSuchEndpoint, KeptState::Everything, refusal))
            }
            // Kept, in case someone can read it one day.
            Outcome::Unreadable(refusal) => Err(Error::refused(Code::OddAnswer, KeptState::AnswerInJournal, refusal)),
            Outcome::Refused(refusal) => {
                vault.drop_login_answer(kept).await?;
                in_vain.await;
                Err(Error::refused(story(&shows, &refusal), KeptState::Everything, refusal))
            }
        }
    }
}

/// Which story a refused grant request tells. What a login cookie is refused with is not published; a no that is about neither app nor
/// service is put down to it.
fn story(shows: &DirectGrant, refusal: &Refusal) -> Code {
    match (shows, refusal.class) {
        // Out of order, it does not know what it says.
        (_, RefusalClass::InDoubt) if refusal.status >= 500 => Code::ProviderUnavailable,
        (
            DirectGrant::Ticket(_),
            RefusalClass::NeedsConsent | RefusalClass::AccessDead | RefusalClass::OurBug | RefusalClass::InDoubt,
        ) => Code::TicketRefused,
        (DirectGrant::ClientCredentials, RefusalClass::NeedsConsent | RefusalClass::AccessDead) => {
            Code::AppCredentialsWrong
        }
        // Nothing was spent, so a no that cannot be interpreted is no doubt.
        (DirectGrant::ClientCredentials, RefusalClass::InDoubt) => Code::AppSettings,
        _ => refusal.code(),
    }
}
