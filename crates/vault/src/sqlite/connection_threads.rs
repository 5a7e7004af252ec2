//! The threads with the connections of a vault: one reads, one writes.

use std::sync::Arc;

use rusqlite::Connection;
use tokenward_core::ports::StoreError;

use super::connect::{Opener, Role};
use super::transactions::How;
use super::worker::Worker;

/// The threads with the connections of a vault.
pub(super) struct Connections {
    reader: Worker,
    writer: Worker,
}

impl Connections {
    pub(super) fn new(opener: &Arc<Opener>) -> Self {
        let worker = |role| Worker::new(Arc::clone(opener), role);
        Self { reader: worker(Role::Reading), writer: worker(Role::Writing) }
    }

    /// Runs one transaction, or what cannot be in one: where it is called, if that can be had without a wait, or on a thread.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        tracing::trace!(?how, "a trip to the vault");
        // A task whose calls are all done at once lets others run between them all the same.
        tokio::task::coop::consume_budget().await;
        let is_idle = self.writer.is_idle() && self.reader.is_idle();
        let act = match how {
            _ if !is_idle => Err(act),
            How::Reading => self.writer.at_once(how, act).or_else(|act| self.reader.at_once(how, act)),
            How::Unsynced => self.writer.at_once(how, act),
            How::ReadingAll | How::Synced | How::Bare => Err(act),
        };
        match (act, how) {
            (Ok(done), _) => done,
            (Err(act), How::Reading | How::ReadingAll) => self.reader.call(how, act).await,
            (Err(act), How::Synced | How::Unsynced | How::Bare) => self.writer.call(how, act).await,
        }
    }

    /// Closes the connections, each of them whatever becomes of another; the last process to do so carries the log over. Their files are
    /// closed when it returns.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let read = self.reader.close().await;
        let written = self.writer.close().await;
        read.and(written)
    }
}
