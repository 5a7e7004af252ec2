//! How often a key may be used on this node: a burst of ten seconds' worth, and no more than its rate on the average. A node that starts anew
//! has forgotten all of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokenward_core::ApiKeyId;
use tokio::time::Instant;

/// Up to when the requests of each key are paid for.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<ApiKeyId, Instant>>);

impl Rates {
    /// Takes one request of a key, or says how long to wait.
    pub(super) fn take(&self, key: ApiKeyId, now: Instant, per_minute: u32) -> Result<(), Duration> {
        let interval = Duration::from_mins(1) / per_minute.max(1);
        let ahead = interval * (per_minute / 6).max(1);
        let mut paid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paid.len() >= MOST {
            // Whoever has used up nothing is as one who never came.
            paid.retain(|_, until| *until > now);
        }
        let until = paid.entry(key).or_insert(now);
        let next = (*until).max(now) + interval;
        match next.checked_duration_since(now + ahead) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *until = next;
                Ok(())
            }
        }
    }
}

/// So many keys are remembered before those that do not matter are forgotten.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let (rates, begun) = (Rates::default(), Instant::now());
        let key = |number| ApiKeyId::new(0, [number; 10]);
        let take = |number, seconds| rates.take(key(number), begun + Duration::from_secs(seconds), 60);
        for _ in 0..10 {
            assert_eq!(take(1, 0), Ok(()));
        }
        assert_eq!(take(1, 0), Err(Duration::from_secs(1)));
        assert_eq!((take(2, 0), take(1, 1), take(1, 1)), (Ok(()), Ok(()), Err(Duration::from_secs(1))));
        assert_eq!((0..11).filter(|_| take(1, 100).is_ok()).count(), 10);
    }
}
