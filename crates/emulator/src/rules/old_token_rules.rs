//! What a rotation does to the old access token, and how a forgiven replay is answered: asked of every provider.

use serde::{Deserialize, Serialize};

/// What becomes of the old access token on rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fate", deny_unknown_fields)]
pub enum OldAccessToken {
    /// It dies with the rotation.
    Dies,
    /// It lives for some seconds more.
    Overlap {
        /// How many.
        seconds: u64,
    },
    /// It is not touched.
    UntilExpiry,
}

/// What a replay within the grace window is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GraceAnswer {
    /// A further pair; the unused one before it ends.
    NewPair,
    /// The same pair again.
    SamePair,
}
