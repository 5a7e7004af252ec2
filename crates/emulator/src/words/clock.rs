//! The sandbox's own time: a base clock that is handed in, plus an offset that tests may move.
//!
//! Enters: readings of the base clock and the wishes of the control endpoint. Leaves: [`Moment`]s. Every lifetime the
//! sandbox knows is measured with this clock, so a year passes in one call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An instant in milliseconds since the Unix epoch. Arithmetic saturates, so that no control request can overflow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The instant `milliseconds` after the Unix epoch.
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// This instant moved forward by whole seconds.
    pub fn plus_seconds(self, seconds: u64) -> Self {
        let milliseconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        Self(self.0.saturating_add(milliseconds))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds from `now` to this instant, zero when it has passed.
    pub fn seconds_left(self, now: Self) -> u64 {
        u64::try_from(self.since(now)).unwrap_or(0) / 1000
    }

    /// The value of an HTTP `Date` header (RFC 9110 §5.6.7).
    pub fn http_date(self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn timestamp(self) -> Timestamp {
        let bound = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(self.0).unwrap_or(bound)
    }

    /// Fourteen digits, as the platform's log ids begin.
    pub(crate) fn compact(self) -> String {
        self.timestamp().strftime("%Y%m%d%H%M%S").to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// Where real time comes from. Handed in, so that a test may own time altogether.
pub trait BaseClock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Moment;
}

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl BaseClock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the sandbox reads the real clock")]
    fn now(&self) -> Moment {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Moment(elapsed.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// The virtual clock: base clock plus offset, or a frozen instant.
pub(crate) struct Clock {
    base: Arc<dyn BaseClock>,
    offset: i64,
    frozen: Option<Moment>,
}

impl Clock {
    pub(crate) fn new(base: Arc<dyn BaseClock>) -> Self {
        Self { base, offset: 0, frozen: None }
    }

    pub(crate) fn now(&self) -> Moment {
        self.frozen.unwrap_or_else(|| Moment(self.base.now().0.saturating_add(self.offset)))
    }

    pub(crate) fn real(&self) -> Moment {
        self.base.now()
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset = self.offset.saturating_add(by);
        self.frozen = self.frozen.map(|at| Moment(at.0.saturating_add(by)));
    }

    pub(crate) fn set(&mut self, to: Moment) {
        self.offset = to.since(self.base.now());
        self.frozen = self.frozen.map(|_| to);
    }

    pub(crate) fn freeze(&mut self, frozen: bool) {
        if frozen {
            self.frozen = Some(self.now());
        } else if let Some(at) = self.frozen.take() {
            self.set(at);
        }
    }

    pub(crate) const fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("offset", &self.offset).field("frozen", &self.frozen).finish_non_exhaustive()
    }
}
