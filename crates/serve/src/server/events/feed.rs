//! What a node knows of events: the newest number, and its streams, which wait for another one.
//!
//! Enters: the store. Leaves: the newest number. A store that does not answer is asked again; what happened meanwhile is in it.

use std::sync::Arc;
use std::time::Duration;

use tokenward::{Error, ServerSession};
use tokenward_core::ports::EventBounds;
use tokio::sync::{Semaphore, watch};

/// What a node knows of events.
pub(in crate::server) struct Feed {
    newest: watch::Sender<u64>,
    /// Places for streams.
    pub(super) places: Arc<Semaphore>,
}

impl Feed {
    /// From here on what happens is recorded.
    pub(in crate::server) async fn open(session: &ServerSession) -> Self {
        let feed = Self { newest: watch::Sender::new(0), places: Arc::new(Semaphore::new(STREAMS)) };
        if let Err(error) = feed.number(session).await {
            tracing::warn!(%error, "events are not recorded yet");
        }
        feed
    }

    /// Has what happened numbered, and wakes who waits for it.
    pub(super) async fn number(&self, session: &ServerSession) -> Result<(), Error> {
        let newest = session.store().number_events(BOUNDS).await?;
        self.newest.send_if_modified(|known| std::mem::replace(known, newest) != newest);
        Ok(())
    }

    /// The newest number, and when it is another one.
    pub(in crate::server) fn follow(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// How many streams there are.
    pub(in crate::server) fn streams(&self) -> usize {
        STREAMS.saturating_sub(self.places.available_permits())
    }
}

/// What is kept.
const BOUNDS: EventBounds = EventBounds { age: Duration::from_hours(7 * 24), count: 100_000 };
/// Streams of a node.
const STREAMS: usize = 256;
