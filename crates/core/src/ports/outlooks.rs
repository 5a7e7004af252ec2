//! What a person wants to know of all logins at once: which are in trouble, which end soon, how long the others live.
//!
//! Enters: what a scheduler has found out about a login (with [`DueMark`](super::DueMark)). Leaves: lists and counts of an app's logins, each
//! by an index, so that they are there at once however many logins there are. They are of the moment at which a login was looked at last, and
//! nothing is decided by them.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{GrantPage, StoreError};
use crate::{AppName, GrantId};

/// A login that ends whatever is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndingGrant {
    /// Which one.
    pub grant: GrantId,
    /// When.
    pub at: Timestamp,
}

/// How many logins end when, unless they are refreshed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeLeft {
    /// Up to each bound and after the one before it.
    pub until: Vec<u64>,
    /// After the last one.
    pub later: u64,
    /// Whose end nobody knows.
    pub unknown: u64,
}

/// Logins by what lies ahead of them.
#[async_trait]
pub trait Outlooks: Send + Sync {
    /// Logins of an app that are no longer valid, or the outcome of whose refresh is unknown, whose ids follow `after`, oldest first.
    async fn troubled_after(&self, app: &AppName, after: Option<GrantId>, limit: u32) -> Result<GrantPage, StoreError>;

    /// How many of those there are.
    async fn count_troubled(&self, app: &AppName) -> Result<u64, StoreError>;

    /// Logins of an app that end by then whatever is refreshed, the earliest end first.
    async fn ending(&self, app: &AppName, by: Timestamp, limit: u32) -> Result<Vec<EndingGrant>, StoreError>;

    /// How many live logins of an app end when. `bounds` ascend.
    async fn time_left(&self, app: &AppName, bounds: &[Timestamp]) -> Result<TimeLeft, StoreError>;
}
