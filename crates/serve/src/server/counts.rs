//! Counts of requests and of tokens that were handed out, since the process began.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The counts that nobody else keeps.
#[derive(Debug, Default)]
pub(super) struct Counts {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    left: Mutex<Histogram>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Histogram {
    pub(super) within: [u64; LEFT.len()],
    pub(super) count: u64,
    pub(super) sum: u64,
}

impl Counts {
    pub(super) fn answered(&self, route: &'static str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route, status)).or_default() += 1;
    }

    /// A token was handed out that lives for so long.
    pub(super) fn handed_out(&self, left: Duration) {
        let mut histogram = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = left.as_secs();
        for (count, bound) in histogram.within.iter_mut().zip(LEFT) {
            *count += u64::from(seconds <= bound);
        }
        histogram.count += 1;
        histogram.sum += seconds;
    }

    pub(super) fn requests(&self) -> BTreeMap<(&'static str, u16), u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn left(&self) -> Histogram {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bounds of the histogram, in seconds.
pub(super) const LEFT: [u64; 8] = [60, 300, 900, 1800, 3600, 7200, 14_400, 86_400];
