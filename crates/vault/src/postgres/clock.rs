//! The database's time of day on this node.
//!
//! Enters: what the database says its time is, at the begin of each transaction. Leaves: that time, counted on by a clock that nobody sets.
//! So nodes whose own clocks are apart agree on when a token ends and when a sender's deadline has passed.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use tokenward_core::ports::Clock;
use tokio::time::Instant;

/// The database's time.
#[derive(Debug)]
pub struct DatabaseClock {
    begun: Instant,
    /// How far the database's time is ahead of what has gone by here, in milliseconds.
    ahead: AtomicI64,
}

impl DatabaseClock {
    pub(super) fn starting_at(millis: i64) -> Self {
        Self { begun: Instant::now(), ahead: AtomicI64::new(millis) }
    }

    /// The database has told its time.
    pub(super) fn told(&self, millis: i64) {
        self.ahead.store(millis.saturating_sub(self.gone_by()), Ordering::Relaxed);
    }

    fn gone_by(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let millis = self.ahead.load(Ordering::Relaxed).saturating_add(self.gone_by());
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }
}
