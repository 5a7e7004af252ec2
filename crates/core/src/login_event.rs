//! What happened to a login, as programs are told that listen.
//!
//! Enters: what a store has recorded. Leaves: a numbered event. No token is in it, no name of one, and no word of a provider (I4): only
//! whose login it was, what became of it, and our code.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AppName, Code, Doubt, Generation, GrantId, ProfileName};

/// Something that happened to a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginEvent {
    /// Its id, which is the same however often it is told.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// The login.
    pub grant: GrantId,
    /// Its app.
    pub app: AppName,
    /// The name that it had then.
    pub profile: Option<ProfileName>,
    /// Its generation then.
    pub generation: Generation,
    /// What happened.
    #[serde(flatten)]
    pub kind: LoginEventKind,
}

/// An event with its place: nothing that has a lower number comes later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedEvent {
    /// Its place, from 1 on.
    pub number: u64,
    /// The event.
    pub event: LoginEvent,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LoginEventKind {
    /// A refresh was committed.
    Refreshed,
    /// The provider said a definite no: its user has to log in again.
    NeedsLogin {
        /// Why.
        code: Code,
    },
    /// The refresh token was used by somebody else.
    RefreshedElsewhere {
        /// Why this is known.
        code: Code,
    },
    /// A refresh token was sent, and nobody knows what came of it.
    OutcomeUnknown {
        /// Why.
        doubt: Doubt,
    },
    /// Its end is near.
    ExpiresSoon {
        /// Which end, and when.
        end: LoginEnd,
    },
}

impl LoginEventKind {
    /// The types by their names.
    pub const TYPES: [&str; 5] = [
        "login.refreshed",
        "login.needs_login",
        "login.refreshed_elsewhere",
        "login.outcome_unknown",
        "login.expires_soon",
    ];

    /// The name of its type.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Refreshed => Self::TYPES[0],
            Self::NeedsLogin { .. } => Self::TYPES[1],
            Self::RefreshedElsewhere { .. } => Self::TYPES[2],
            Self::OutcomeUnknown { .. } => Self::TYPES[3],
            Self::ExpiresSoon { .. } => Self::TYPES[4],
        }
    }
}

/// How a login ends that nobody refreshes in time, or that nothing can refresh any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginEnd {
    /// The consent does, whatever is refreshed.
    Consent(Timestamp),
    /// Its refresh token does.
    Refresh(Timestamp),
}

impl LoginEnd {
    /// When.
    pub const fn at(self) -> Timestamp {
        match self {
            Self::Consent(at) | Self::Refresh(at) => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_json_and_holds_what_it_says() {
        let event = LoginEvent {
            id: Uuid::from_u128(7),
            at: Timestamp::UNIX_EPOCH,
            grant: GrantId::from(Uuid::from_u128(1)),
            app: "notes".parse().unwrap(),
            profile: Some("work:ada".parse().unwrap()),
            generation: Generation::new(3),
            kind: LoginEventKind::ExpiresSoon { end: LoginEnd::Consent(Timestamp::UNIX_EPOCH) },
        };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<LoginEvent>(&text).unwrap(), event, "{text}");
        assert_eq!(event.kind.type_name(), "login.expires_soon");
    }
}
