//! How fast writes may follow each other.
//!
//! Enters: the wish to write. Leaves: the moment when it may be done. The provider takes 3 document writes a second for each
//! app and each document, and 5 uploads a second (reference/feishu.md §12.1, 6 and 7). Writes are serial, so a least
//! distance between them is enough; a limit that another program uses up with us is answered by the provider and waited
//! out by the caller ([`tokenward::Caller`]). Time is an argument: tests use a timer that does not wait.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

/// Time that passes.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, pause: Duration);
}

/// The runtime's time.
#[derive(Debug)]
pub struct TokioTimer {
    begun: tokio::time::Instant,
}

impl TokioTimer {
    /// A timer that begins now.
    pub fn new() -> Self {
        Self { begun: tokio::time::Instant::now() }
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Timer for TokioTimer {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

/// A kind of call with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Changes of a document: 3 a second.
    Write,
    /// Uploads: 5 a second.
    Upload,
    /// Calls of the wiki and of imports: 100 a minute. Few are made, so a short distance will do.
    Wiki,
}

/// Keeps the distance.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    last: [Mutex<Option<Duration>>; 3],
}

impl Pacer {
    /// Waits for the next moment of a lane.
    pub(crate) async fn turn(&self, lane: Lane, timer: &dyn Timer) {
        let mut last = self.last[lane as usize].lock().await;
        if let Some(last) = *last {
            let wait = (last + lane.distance()).saturating_sub(timer.now());
            if !wait.is_zero() {
                timer.sleep(wait).await;
            }
        }
        *last = Some(timer.now());
    }
}

impl Lane {
    /// A little more than the limit's own distance, since calls do not all travel equally fast.
    const fn distance(self) -> Duration {
        match self {
            Self::Write => Duration::from_millis(350),
            Self::Upload | Self::Wiki => Duration::from_millis(210),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time that passes only by waiting.
    #[derive(Default)]
    struct Still(std::sync::Mutex<Duration>);

    #[async_trait]
    impl Timer for Still {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        async fn sleep(&self, pause: Duration) {
            *self.0.lock().unwrap() += pause;
        }
    }

    #[tokio::test]
    async fn never_more_than_three_in_a_second() {
        let (timer, pacer) = (Still::default(), Pacer::default());
        let mut moments = Vec::new();
        for n in 0..20 {
            pacer.turn(Lane::Write, &timer).await;
            moments.push(timer.now());
            // The call itself takes some time; it counts.
            timer.sleep(Duration::from_millis(n * 40)).await;
        }
        assert!(moments.windows(4).all(|four| four[3].abs_diff(four[0]) >= Duration::from_secs(1)), "{moments:?}");
        assert_eq!(moments[0], Duration::ZERO, "nothing is waited for at first");
        assert_eq!(moments[19].abs_diff(moments[18]), Duration::from_millis(18 * 40), "nor when it is slow by itself");
    }
}
