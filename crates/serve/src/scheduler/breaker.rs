//! Whether a provider is asked at all: closed after any definite word, open after failures that are about no one login, and one probe at a
//! time while it is open.

use std::time::Duration;

use jiff::Timestamp;

/// What is known of a provider's health.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// When the next probe may go, while it is open.
    probe_at: Option<Timestamp>,
}

impl Breaker {
    pub(super) const fn is_open(self) -> bool {
        self.probe_at.is_some()
    }

    /// How many exchanges may be begun of so many.
    pub(super) fn lets(&mut self, wanted: usize, now: Timestamp) -> usize {
        match self.probe_at {
            None => wanted,
            Some(at) if at <= now => {
                self.probe_at = now.checked_add(PROBE_EACH).ok();
                wanted.min(1)
            }
            Some(_) => 0,
        }
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES && self.probe_at.is_none() {
            self.probe_at = now.checked_add(PROBE_EACH).ok();
        }
    }
}

const FAILURES: u32 = 5;
const PROBE_EACH: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_leave_one_probe_each_ten_seconds() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.failed(at(0));
        }
        assert_eq!(breaker.lets(9, at(0)), 9);
        breaker.failed(at(0));
        assert!(breaker.is_open());
        assert_eq!((breaker.lets(9, at(9)), breaker.lets(9, at(10)), breaker.lets(9, at(11))), (0, 1, 0));
        breaker.failed(at(12));
        assert_eq!((breaker.lets(9, at(19)), breaker.lets(9, at(20))), (0, 1));
        breaker.succeeded();
        assert_eq!((breaker.is_open(), breaker.lets(9, at(21))), (false, 9));
    }
}
