//! What a caller asks for, and what it is handed.

use std::time::Duration;

use jiff::Timestamp;

use crate::AccessToken;

/// An access token with its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The token.
    pub token: AccessToken,
    /// When the answer that brought it arrived.
    pub obtained: Timestamp,
    /// When it ends, by the provider's own number.
    pub expires: Timestamp,
}

impl Access {
    /// How long it still lives at `now`; zero when it has ended.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.expires.duration_since(now)).unwrap_or(Duration::ZERO)
    }

    /// How long it lives in all; zero for a token that was born dead.
    pub fn lifetime(&self) -> Duration {
        Duration::try_from(self.expires.duration_since(self.obtained)).unwrap_or(Duration::ZERO)
    }
}

/// A caller's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenWish {
    /// A token that lives at least this long. Rotated ahead of its end as the rules say.
    Living {
        /// The least life the caller can use.
        min_ttl: Duration,
    },
    /// A token newer than this generation, whatever the life of the present one. If someone else has rotated the
    /// grant since, theirs is the answer: two callers who saw generation n cause one spend.
    NewerThan(crate::Generation),
}

impl Default for TokenWish {
    fn default() -> Self {
        Self::Living { min_ttl: Duration::ZERO }
    }
}
