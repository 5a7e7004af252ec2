//! The threads with the connections of a vault: one reads, one writes.

use std::sync::Arc;

use rusqlite::Connection;
use tokenward_core::ports::StoreError;

use super::connect::{Opener, Role};
use super::worker::{How, Worker};

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

    /// Runs one transaction, or what cannot be in one.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match how {
            How::Reading => self.reader.call(how, act).await,
            How::Synced | How::Unsynced | How::Bare => self.writer.call(how, act).await,
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
