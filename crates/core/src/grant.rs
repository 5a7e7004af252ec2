//! A grant: one user's consent to one app, and how it stands.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Access, AppName, Code, IntentId, Rules, Scopes, TokenApi};

/// Identifies a grant for ever; sorts by birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(Uuid);

impl GrantId {
    /// From the unix time in milliseconds and ten random bytes (UUID version 7, RFC 9562 §5.7).
    pub fn new(millis: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The id as a UUID.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl From<Uuid> for GrantId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many times a grant's refresh token has turned. The login itself is generation 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u64);

impl Generation {
    /// The generation a login brings.
    pub const FIRST: Self = Self(1);

    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one that follows.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name by which a person knows an app and a grant on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileName(String);

macro_rules! name_rules {
    ($name:ident) => {
        impl $name {
            /// The longest name, in bytes.
            pub const MAX: usize = 64;

            /// The name itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::grant::BadName;

            /// A name is 1 to 64 bytes of letters, digits, `-`, `_`, `.`, `@` (any script), not starting with
            /// `-` or `.`: it can stand in a command line, a file name and a table head as it is.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
                if text.is_empty()
                    || text.len() > Self::MAX
                    || text.starts_with(['-', '.'])
                    || !text.chars().all(inside)
                {
                    return Err(crate::grant::BadName(text.chars().take(Self::MAX).collect()));
                }
                Ok(Self(text.to_owned()))
            }
        }
    };
}
pub(crate) use name_rules;

name_rules!(ProfileName);

/// A text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name: use 1 to 64 letters, digits, '-', '_', '.' or '@', not starting with '-' or '.'")]
pub struct BadName(pub(crate) String);

/// Who a grant belongs to, as far as the provider told (reference §10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The user's id within the app.
    pub id: String,
    /// The user's id across apps of one vendor, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub union_id: Option<String>,
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The name people know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

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
    /// The access token is near its end, or past it, and the refresh token can turn it.
    Due,
    /// A turn is under way.
    Rotating,
    /// The outcome of the last turn is unknown.
    InDoubt,
    /// A person must log in again.
    NeedsConsent,
    /// Logged out.
    Retired,
}

/// A grant as the vault knows it, without its refresh token (that leaves the vault only as a [`crate::Spend`]).
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The app the user consented to.
    pub app: AppName,
    /// The profile that points at it; `None` once a later login of another user took the name over.
    pub profile: Option<ProfileName>,
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
    pub turned: Timestamp,
    /// Granted scopes.
    pub scopes: Scopes,
    /// Whose it is, once known.
    pub subject: Option<Subject>,
    /// The endpoint family that issued the present refresh token.
    pub issued_by: TokenApi,
    /// Whether an intent is open (a turn is under way, or its sender died).
    pub intent_open: bool,
    /// Whether the present set was adopted and has not turned yet: the one that it replaced is taken back if the provider
    /// refuses it.
    pub on_trial: bool,
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
                Some(access) if now < rules.turn_at(self.id, access) => Status::Fresh,
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

impl FromStr for GrantId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_stand_in_a_command_line() {
        assert!("work".parse::<ProfileName>().is_ok());
        assert!("小王@公司".parse::<ProfileName>().is_ok());
        for bad in ["", "-x", ".hidden", "a/b", "a b", "a\n"] {
            assert!(bad.parse::<ProfileName>().is_err(), "{bad:?}");
        }
    }
}
