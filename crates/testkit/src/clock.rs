//! A clock that a test moves.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokenward::core::ports::Clock;

/// Real time plus an offset.
#[derive(Debug, Default)]
pub struct MovedClock(AtomicI64);

impl MovedClock {
    /// A clock that is ahead by so many milliseconds, as another process was told.
    pub const fn ahead_by(milliseconds: i64) -> Self {
        Self(AtomicI64::new(milliseconds))
    }

    /// By how many milliseconds it is ahead.
    pub fn ahead(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Moves it ahead, or back.
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).expect("no test takes that long"), Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    #[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_millis(self.ahead())
    }
}
