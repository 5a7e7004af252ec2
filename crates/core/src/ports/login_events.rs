//! What happened to logins, for programs that listen.
//!
//! Enters: nothing but bounds and ends; what happened was recorded by the very transactions that made it true. Leaves: numbered events, in an
//! order in which nothing comes later that stands earlier. A crash loses none that was recorded (I5).

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{GrantId, LoginEnd, NumberedEvent};

/// The events of a store.
#[async_trait]
pub trait LoginEvents: Send + Sync {
    /// Gives what has happened its numbers, and forgets what is beyond the bounds; gives back the newest number. From now on, and as long as
    /// somebody calls this now and then, what happens is recorded.
    async fn number_events(&self, bounds: EventBounds) -> Result<u64, StoreError>;

    /// The events that follow a number, oldest first, at most so many. From beyond the newest one, which a store that was restored may be
    /// asked for, it is the oldest ones.
    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedEvent>, StoreError>;

    /// Whether it is this caller's to look for logins that end soon: nobody has looked for so long, and everybody else is told no.
    async fn may_look_for_ends(&self, every: Duration, now: Timestamp) -> Result<bool, StoreError>;

    /// Tells of ends that are near, each once for a login and a moment.
    async fn tell_ends(&self, ends: &[(GrantId, LoginEnd)]) -> Result<(), StoreError>;
}

/// What is kept of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventBounds {
    /// For how long. What happens is recorded for as long after the last call, too.
    pub age: Duration,
    /// How many.
    pub count: u64,
}
