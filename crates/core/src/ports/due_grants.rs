//! Which logins are to be refreshed next, and how many exchanges an app may still begin: what a scheduler asks of a store.
//!
//! Enters: how many logins a node can work on, and what it found out about those that it had. Leaves: each due login to one node at a time.
//! All of it is a hint that spares the nodes each other's work. The lease and the journal alone decide who sends (I1), so nothing here is
//! durable before it is answered, and a node that dies costs one claim's time.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{AppName, GrantId, Outlook};

/// Logins by the moment at which somebody has to look at them. The store keeps a row for each login from its first set on, and moves that
/// moment ahead of its own accord whenever a newer set ends earlier than what it goes by.
#[async_trait]
pub trait DueGrants: Send + Sync {
    /// Takes logins of an app whose moment has come, at most so many, and sets their moment to the claim's end. First those whose login ends
    /// within the claim's horizon, the earliest end first; then those that have waited longest. Nobody else is given them before.
    async fn claim_due(&self, app: &AppName, claim: DueClaim) -> Result<Vec<DueGrant>, StoreError>;

    /// Says when claimed logins are to be looked at again. What was changed since the claim (a newer set, a reader) stays as it is.
    async fn set_due(&self, marks: &[DueMark]) -> Result<(), StoreError>;

    /// Says whose tokens are being read. Their moment comes no later than it is named here.
    async fn mark_hot(&self, marks: &[HotMark]) -> Result<(), StoreError>;

    /// Since when the login of an app waits that waits longest; `None` where none does.
    async fn due_since(&self, app: &AppName) -> Result<Option<Timestamp>, StoreError>;

    /// Asks for leave to begin exchanges of an app. `used` have been begun without asking. Every node of the store takes from the same.
    async fn take_budget(&self, app: &AppName, pace: Pace, used: u32, want: u32) -> Result<BudgetShare, StoreError>;
}

/// A wish for due logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueClaim {
    /// How many, at most.
    pub limit: u32,
    /// For how long nobody else is given them.
    pub ttl: Duration,
    /// Logins that end within this time come first.
    pub horizon: Duration,
}

/// A login that was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueGrant {
    /// Which one.
    pub grant: GrantId,
    /// Until when the claim lasts. It names the claim.
    pub claimed_until: Timestamp,
    /// Until when its token counts as one that is being read; `None` where nobody reads it.
    pub hot_until: Option<Timestamp>,
}

/// What a node found out about a login that it had claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueMark {
    /// The login as it was claimed.
    pub claim: DueGrant,
    /// When somebody has to look at it next; `None`: not before it has a newer set.
    pub at: Option<Timestamp>,
    /// When the login ends unless it is refreshed; `None` where that moves nothing.
    pub ends: Option<Timestamp>,
    /// What lies ahead of it, whatever has changed since the claim.
    pub outlook: Outlook,
}

/// A login whose token is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HotMark {
    /// Which one.
    pub grant: GrantId,
    /// Until when it counts as read.
    pub until: Timestamp,
    /// When its access token is due.
    pub at: Timestamp,
}

/// How fast exchanges of an app may follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From one to the next, on the average.
    pub interval: Duration,
    /// How many may be begun at once.
    pub burst: u32,
}

/// What a node was given of an app's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetShare {
    /// So many exchanges may be begun now.
    pub granted: u32,
    /// When there is more, where that was not all.
    pub wait: Duration,
}
