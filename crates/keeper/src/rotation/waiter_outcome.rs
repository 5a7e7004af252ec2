//! What a waiter learns from the rotation that it waited for.
//!
//! Enters: a wish whose lease somebody else had. Leaves: that it is met; or the failure of the rotation that was waited for, as that one's
//! own caller has it, where the same would come of another. Nothing is sent or stored.

use tokenward_core::{Closing, Code, Event, Grant};

use super::Joined;
use crate::error::refuse;
use crate::{Error, KeptState};

impl Joined<'_> {
    /// Whether the holder that was waited for has done the work. A waiter shares the failure that it waited for: sixty-four waiters must
    /// not become sixty-four attempts. That the provider does not accept a client says nothing of one with another secret.
    pub(super) async fn is_needless(self, waiting_since: i64) -> Result<bool, Error> {
        let Self { keeper, id, wish } = self;
        let vault = &keeper.inner.parts.vault;
        let grant = vault.grant(id).await?;
        if self.is_rotated(&grant) {
            return Ok(true);
        }
        if let Some(entry) = vault.journal(id, 1).await?.into_iter().next()
            && entry.at.as_millisecond() >= waiting_since
            && let Event::Closed { closing, .. } = entry.event
            && let Some(error) = shared_failure(closing, &grant)
            && (error.code() != Code::AppCredentialsWrong || keeper.is_refused_client(&wish.app).await)
        {
            return Err(error);
        }
        Ok(false)
    }
}

/// The failure of a rotation that others waited for, as its journal entry tells it.
fn shared_failure(closing: Closing, grant: &Grant) -> Option<Error> {
    match closing {
        Closing::Kept { code, provider_code } => {
            let detail = provider_code
                .map_or_else(|| "another process got this answer".to_owned(), |code| format!("provider code {code}"));
            let kept = if code == Code::RefusedUnclearly { KeptState::Record } else { KeptState::TokenUnspent };
            Some(Error::with_detail(code, kept, detail))
        }
        Closing::Unsent { reason } => Some(Error::with_detail(Code::Unreachable, KeptState::TokenUnspent, reason)),
        Closing::Doubt { .. } => Some(Error::new(Code::OutcomeUnknown, KeptState::Doubt)),
        Closing::Refused { code, .. } => Some(refuse(code, grant)),
        _ => None,
    }
}
