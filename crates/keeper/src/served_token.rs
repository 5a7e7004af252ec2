//! Handing a token out, also in spite of trouble.
//!
//! Enters: a grant as it was read, and what the call has met so far. Leaves: its access token, with what a person should know. A token that
//! lives is handed out whatever happened to the rotation that was to replace it (I7), with the failure beside it ([`ServedToken::failed`]); one that
//! the provider's answer has ended too is not. Nothing is stored here.

use jiff::Timestamp;
use tokenward_core::{Access, Code, ExitClass, Generation, Grant, GrantId, TokenWish, rotation_policy};

use crate::error::wrong_user;
use crate::keeper::ended_login_access;
use crate::{Error, Keeper, KeptState, Notice};

/// A token, handed out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServedToken {
    /// The token with its life.
    pub access: Access,
    /// The grant it belongs to.
    pub grant: GrantId,
    /// Its generation.
    pub generation: Generation,
    /// Whether this call caused a rotation, or waited for one.
    pub rotated: bool,
    /// Why nothing newer is handed out, where a newer one was due and did not come.
    pub failed: Option<Error>,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// One call for a token, with what it has met so far.
#[derive(Default)]
pub(crate) struct Serving {
    /// Whether the provider is asked although it has said no a moment ago: until it was asked.
    pub(crate) insists: bool,
    /// Whether the call has caused a rotation, or waited for one.
    pub(crate) rotated: bool,
    /// What a person should know.
    pub(crate) notices: Vec<Notice>,
}

impl Serving {
    /// Hands out the access token of a grant.
    ///
    /// # Errors
    /// [`Code::WrongUser`] and [`Code::UserNotTold`] where it is not the profile's user's, as far as is known.
    pub(crate) fn hand(&mut self, grant: Grant, ask: TokenWish, now: Timestamp) -> Result<ServedToken, Error> {
        if let Some(profile) = grant.profile.as_ref().filter(|profile| !profile.admits(grant.subject.as_ref())) {
            return Err(wrong_user(profile, grant.subject.as_ref()));
        }
        if grant.unproven {
            return Err(Error::new(Code::UserNotTold, KeptState::Record));
        }
        self.notices.extend(ended_login_access::warning(&grant));
        let Some(access) = grant.access else {
            return Err(Error::new(Code::Internal, KeptState::Everything));
        };
        if let TokenWish::Living { min_ttl } = ask
            && access.remaining(now) < min_ttl
        {
            self.notices.push(Notice::ShorterThanAsked);
        }
        let notices = std::mem::take(&mut self.notices);
        let (grant, generation) = (grant.id, grant.generation);
        Ok(ServedToken { access, grant, generation, rotated: self.rotated, failed: None, notices })
    }
}

impl Keeper {
    /// Hands out what is left after a rotation that failed, with why: the token that was there before, if any will do and the provider's
    /// answer has not ended it.
    ///
    /// # Errors
    /// The rotation's own, where nothing serves.
    pub(crate) async fn serve_despite(
        &self,
        before: Grant,
        error: Error,
        ask: TokenWish,
        call: &mut Serving,
    ) -> Result<ServedToken, Error> {
        let mut present = before;
        if error.code().exit() == ExitClass::NeedsConsent
            && let Ok(after) = self.inner.parts.vault.grant(present.id).await
            && after.generation == present.generation
        {
            present = after;
        }
        let now = self.inner.now();
        if !matches!(ask, TokenWish::Living { .. }) || !rotation_policy::serves(&present, self.rules(&present), now) {
            return Err(error);
        }
        call.notices.push(Notice::RotationFailed(error.clone()));
        Ok(ServedToken { failed: Some(error), ..call.hand(present, ask, now)? })
    }
}

impl ServedToken {
    /// The same, handed out although what was to replace it failed.
    pub(crate) fn despite(mut self, error: Error) -> Self {
        self.notices.push(Notice::RotationFailed(error.clone()));
        Self { failed: Some(error), ..self }
    }
}
