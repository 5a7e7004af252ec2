//! The state, behind its lock, and the signals beside it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::memory::State;

/// State, and the signals beside it.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Counts calls of `release`; hanging requests wait for the next.
    release: watch::Sender<u64>,
    hanging: AtomicUsize,
    /// How many connections are open, as far as has been noticed.
    pub(super) connections: AtomicUsize,
    /// Counts answers that were handed to the socket whole.
    pub(super) answered: watch::Sender<u64>,
    pub(super) stop: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(state: State) -> Arc<Self> {
        let (release, answered, stop) = (watch::Sender::new(0), watch::Sender::new(0), watch::Sender::new(false));
        let (hanging, connections) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { state: Mutex::new(state), release, hanging, connections, answered, stop })
    }

    /// The state. A panic in a test thread that held it does not take the sandbox down.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn release(&self) {
        self.release.send_modify(|count| *count += 1);
    }

    pub(crate) fn hanging(&self) -> usize {
        self.hanging.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) async fn hang(&self) {
        let mut release = self.release.subscribe();
        self.hanging.fetch_add(1, Ordering::SeqCst);
        // An error means that the sandbox is gone, and then nothing waits any more.
        let _ = release.changed().await;
        self.hanging.fetch_sub(1, Ordering::SeqCst);
    }

    pub(super) async fn be_overtaken(&self, by: u32) {
        let mut answered = self.answered.subscribe();
        let enough = answered.borrow().saturating_add(u64::from(by));
        self.hanging.fetch_add(1, Ordering::SeqCst);
        // An error means that the sandbox is gone, and then nothing waits any more.
        let _ = answered.wait_for(|count| *count >= enough).await;
        self.hanging.fetch_sub(1, Ordering::SeqCst);
    }
}
