//! A login that a back end opens for one of its own users, and that a browser walks through.
//!
//! Enters: who opened it, for whom, and where the browser goes afterwards. Leaves: what became of it. What ties the browser and the answer to
//! it is a secret beside it (I4), and each step is taken once.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ApiKeyId, AppName, GrantId, ProfileName};

/// Identifies a login of a back end; sorts by birth. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebLoginId(Uuid);

impl WebLoginId {
    /// From the unix time in milliseconds and ten random bytes (UUID version 7, RFC 9562 §5.7).
    pub fn new(millis: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The id as a UUID.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    /// Its 32 digits, without dashes.
    pub fn digits(&self) -> String {
        self.0.simple().to_string()
    }
}

impl From<Uuid> for WebLoginId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl FromStr for WebLoginId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for WebLoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A login of a back end. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebLogin {
    /// Its id.
    pub id: WebLoginId,
    /// How many steps were taken: each is taken from the one before, once.
    pub step: u64,
    /// The key of the back end that opened it.
    pub key: ApiKeyId,
    /// The app.
    pub app: AppName,
    /// The name that the login is kept under.
    pub profile: ProfileName,
    /// Where the browser goes afterwards.
    pub return_to: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it ends, if nobody has come back by then.
    pub ends: Timestamp,
    /// How far it is.
    pub phase: WebLoginPhase,
}

/// How far a login of a back end is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WebLoginPhase {
    /// No browser has opened its address.
    Open,
    /// One browser has, and is at the provider.
    Started,
    /// It came back with a code, which is being exchanged since then.
    Exchanging(Timestamp),
    /// It is made.
    Done(GrantId),
    /// The person said no.
    Denied,
    /// It failed, with this code.
    Failed(String),
}

impl WebLogin {
    /// The same, one step on.
    #[must_use]
    pub fn stepped(&self, phase: WebLoginPhase) -> Self {
        Self { step: self.step + 1, phase, ..self.clone() }
    }
}
