//! Rate limits: what was counted under a key in the last minute.

use std::collections::{HashMap, VecDeque};

use crate::words::Moment;

/// What was counted, by key.
#[derive(Default)]
pub(crate) struct RateLimits(HashMap<String, VecDeque<Moment>>);

impl RateLimits {
    /// The seconds to wait when what was counted under a key has reached a limit.
    pub(crate) fn must_wait(
        &mut self,
        key: &str,
        per_second: Option<u32>,
        per_minute: Option<u32>,
        now: Moment,
    ) -> Option<u64> {
        let seen = self.0.get_mut(key)?;
        while seen.front().is_some_and(|at| now.since(*at) >= 60_000 || now < *at) {
            seen.pop_front();
        }
        let this_second = seen.iter().rev().take_while(|at| now.since(**at) < 1000).count();
        if per_second.is_some_and(|limit| reaches(this_second, limit)) {
            return Some(1);
        }
        if per_minute.is_some_and(|limit| reaches(seen.len(), limit)) {
            let oldest = seen.front().map_or(0, |at| now.since(*at));
            return Some(u64::try_from(60_000 - oldest).unwrap_or(0).div_ceil(1000));
        }
        None
    }

    /// Counts a request under a key.
    pub(crate) fn count(&mut self, key: &str, now: Moment) {
        self.0.entry(key.to_owned()).or_default().push_back(now);
    }
}

fn reaches(count: usize, limit: u32) -> bool {
    u32::try_from(count).is_ok_and(|count| count >= limit) || u32::try_from(count).is_err()
}
