//! The receivers of events as a node knows them: where they are, and how they do.
//!
//! Enters: the settings, what came of each try. Leaves: how many deliveries may be begun now. One that fails is tried with one delivery at a
//! time, after pauses that grow to a minute, so that it is not met with all that waits when it comes back.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokenward::{MessageSender, Webhook};
use tokenward_core::{SecretBytes, WebhookFilter, WebhookName};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The receivers.
pub(in crate::server) struct Receivers {
    all: Vec<Arc<Receiver>>,
    /// A delivery has ended, so that there is room for another one.
    pub(super) freed: Notify,
}

/// One receiver.
pub(in crate::server) struct Receiver {
    pub(in crate::server) name: WebhookName,
    pub(super) filter: WebhookFilter,
    pub(super) secrets: Vec<SecretBytes>,
    pub(super) sender: MessageSender,
    places: Arc<Semaphore>,
    health: Mutex<Health>,
    outcomes: [AtomicU64; OUTCOMES.len()],
}

#[derive(Default)]
struct Health {
    failures: u32,
    paused_until: Option<Timestamp>,
}

/// What may come of a try, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered = 0,
    Retried = 1,
    Failed = 2,
}

/// The same by their names.
pub(in crate::server) const OUTCOMES: [&str; 3] = ["delivered", "retried", "failed"];

impl Receivers {
    pub(in crate::server) fn new(webhooks: Vec<Webhook>, patience: Duration) -> Self {
        let receiver = |webhook: Webhook| {
            let Webhook { name, url, secrets, filter, allow_private } = webhook;
            let sender = MessageSender::new(url, patience, allow_private);
            let (health, outcomes) = Default::default();
            Arc::new(Receiver {
                name,
                filter,
                secrets,
                sender,
                places: Arc::new(Semaphore::new(AT_ONCE)),
                health,
                outcomes,
            })
        };
        Self { all: webhooks.into_iter().map(receiver).collect(), freed: Notify::new() }
    }

    pub(in crate::server) fn all(&self) -> &[Arc<Receiver>] {
        &self.all
    }
}

impl Receiver {
    /// Places for as many deliveries as may be begun now.
    pub(super) fn room(&self, now: Timestamp) -> Vec<OwnedSemaphorePermit> {
        let most = {
            let health = self.health();
            match health.paused_until {
                // A clock that was set back keeps nobody waiting.
                Some(until) if now < until && until.duration_since(now) <= LONGEST_WISH => return Vec::new(),
                _ if health.failures > 0 => 1usize.saturating_sub(AT_ONCE - self.places.available_permits()),
                _ => AT_ONCE,
            }
        };
        std::iter::from_fn(|| Arc::clone(&self.places).try_acquire_owned().ok()).take(most).collect()
    }

    /// Counts a try; one that failed makes the receiver wait.
    pub(super) fn tried(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// It answers.
    pub(super) fn is_well(&self) {
        *self.health() = Health::default();
    }

    /// It does not take what it is sent, and may have said how long to wait.
    pub(super) fn is_unwell(&self, now: Timestamp, wish: Option<Duration>) {
        let mut health = self.health();
        let pause = LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.saturating_pow(health.failures.min(8)));
        health.failures = health.failures.saturating_add(1);
        health.paused_until = now.checked_add(wish.unwrap_or_default().max(pause)).ok();
    }

    /// How often what came of a try.
    pub(in crate::server) fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.outcomes.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Deliveries to one receiver at once.
const AT_ONCE: usize = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// No receiver's wish to wait is believed for longer.
const LONGEST_WISH: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
