//! A grant: one user's consent to one app, and how it stands.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Access, AppName, Code, Generation, GrantId, IntentId, ProfileName, Rules, Scopes, Subject, TokenApi};

/// Why the outcome of a spend is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Doubt {
    /// No answer came: connection lost, or the deadline passed.
    NoAnswer,
    /// An answer came that cannot be read as one of the provider's.
    OddAnswer,
    /// The sender died between the intent and the answer.
    SenderDied,
    /// A whole answer came that said no, in words or at a moment that leave open what became of the token.
    UnclearRefusal,
}

/// How a grant stands, as stored. Time-dependent shades are in [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Standing {
    /// Alive: the refresh token of the present generation has not been sent.
    Live,
    /// The present refresh token was sent and nobody knows what came of it (I6).
    InDoubt {
        /// The spend in question.
        intent: IntentId,
        /// Since when.
        since: Timestamp,
        /// Why.
        doubt: Doubt,
    },
    /// The provider said a definite no: a person must log in again. The record stays for the doctor (I6).
    NeedsConsent {
        /// Since when.
        since: Timestamp,
        /// The stable code that tells the story.
        code: Code,
        /// The provider's own code, if it gave one.
        provider_code: Option<i64>,
    },
    /// Logged out by the user's wish.
    Retired {
        /// Since when.
        since: Timestamp,
    },
}

/// How a grant stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// The access token is good and not due.
    Fresh,
    /// The access token is near its end, or past it, and the refresh token can rotate it.
    Due,
    /// A rotation is under way.
    Rotating,
    /// The outcome of the last rotation is unknown.
    InDoubt,
    /// A person must log in again.
    NeedsConsent,
    /// Logged out.
    Retired,
}

/// A grant as the vault knows it, without its refresh token (that leaves the vault only as a [`crate::Spend`]).
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, read from the store")]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The app the user consented to.
    pub app: AppName,
    /// The profile that points at it; `None` once a later login of another user took the name over.
    pub profile: Option<ProfileName>,
    /// The profile that pointed at it last, where none does: it lost the name to another login, or was logged out. `None` for a login
    /// that never was a profile's, and where an earlier version's vault does not tell.
    pub former_profile: Option<ProfileName>,
    /// The present generation.
    pub generation: Generation,
    /// How it stands.
    pub standing: Standing,
    /// The access token of the newest set that brought one.
    pub access: Option<Access>,
    /// Whether a refresh token is there.
    pub has_refresh: bool,
    /// When the refresh token ends.
    pub refresh_expires: Option<Timestamp>,
    /// The moment no refresh can move (Feishu: 365 days after the consent).
    pub wall: Option<Timestamp>,
    /// When the person consented.
    pub consented: Timestamp,
    /// When the present generation was obtained.
    pub rotated_at: Timestamp,
    /// Granted scopes.
    pub scopes: Scopes,
    /// Whose it is, once known.
    pub subject: Option<Subject>,
    /// The endpoint family that issued the present refresh token.
    pub issued_by: TokenApi,
    /// Whether an intent is open (a rotation is under way, or its sender died), or a new set is being asked for that may end this
    /// one ([`crate::ports::Journal::record_grant_request`]).
    pub intent_open: bool,
    /// Whether the present set was adopted and has not rotated yet: the one that it replaced is taken back if the provider
    /// refuses it.
    pub on_trial: bool,
    /// Whether the present set was brought for a profile that has a user, and nobody has said yet whose it is: its access token is
    /// handed out to nobody until [`crate::ports::Logins::told`].
    pub unproven: bool,
    /// Whether a file shows it.
    pub linked: bool,
}

impl Grant {
    /// How it stands at `now`.
    pub fn status(&self, rules: &Rules, now: Timestamp) -> Status {
        match self.standing {
            Standing::Retired { .. } => Status::Retired,
            Standing::NeedsConsent { .. } => Status::NeedsConsent,
            Standing::InDoubt { .. } => Status::InDoubt,
            Standing::Live if self.intent_open => Status::Rotating,
            Standing::Live => match &self.access {
                Some(access) if now < rules.due_at(self.id, access) => Status::Fresh,
                Some(access) if !self.has_refresh && access.remaining(now) > std::time::Duration::ZERO => Status::Fresh,
                _ if !self.within_known_ends(now) => Status::NeedsConsent,
                _ => Status::Due,
            },
        }
    }

    /// Whether a refresh token is there that has not passed an end known to us. For display: the engine tries a
    /// token past its end all the same, since only the provider's word is definite and our clock may be wrong (I6).
    pub fn within_known_ends(&self, now: Timestamp) -> bool {
        self.has_refresh && self.refresh_expires.is_none_or(|end| now < end) && self.wall.is_none_or(|end| now < end)
    }
}
