//! The queue in front of the audit trail.
//!
//! Enters: a place for a row, taken before anything is done, and the row once it is done. Leaves: batches in the store. A full queue refuses
//! the request rather than lose its row; a store that is away keeps the batch waiting, and the queue behind it fills. What is queued when the
//! process dies is lost: a batch is on its way as soon as the one before it is written.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::ServerStore;
use tokenward_core::{AuditDraft, Code, GrantId, ProfileName};
use tokio::sync::mpsc::{self, OwnedPermit, Sender};
use tokio::task::JoinHandle;

use super::problem::Problem;

/// The queue.
pub(super) struct AuditQueue {
    rows: Mutex<Option<Sender<AuditDraft>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// A place in the queue.
pub(super) struct Place(OwnedPermit<AuditDraft>);

impl AuditQueue {
    pub(super) fn start(store: Arc<dyn ServerStore>, rows: usize) -> Self {
        let (sender, receiver) = mpsc::channel(rows.max(1));
        let writer = tokio::spawn(write(store, receiver));
        Self { rows: Mutex::new(Some(sender)), writer: Mutex::new(Some(writer)) }
    }

    /// Takes a place, or says that there is none.
    pub(super) fn place(&self) -> Result<Place, Problem> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let place = rows.and_then(|rows| rows.try_reserve_owned().ok());
        place.map(Place).ok_or_else(|| Problem::busy(Code::ServerBusy).detail("the audit trail takes no more rows now"))
    }

    /// How many rows wait, or are about to come.
    pub(super) fn waiting(&self) -> usize {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.as_ref().map_or(0, |rows| rows.max_capacity() - rows.capacity())
    }

    /// Lets nothing more in, and waits until what is there is written; not for longer than `patience`.
    pub(super) async fn drain(&self, patience: Duration) {
        drop(self.rows.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && tokio::time::timeout(patience, writer).await.is_err()
        {
            tracing::error!("the audit trail could not be written to its end");
        }
    }
}

impl Place {
    pub(super) fn write(self, row: AuditDraft) {
        self.0.send(row);
    }
}

/// An entry of the audit trail. The name stands behind the act: it says whose login it was, also after that has ended or where there was none.
pub(super) fn entry(
    at: Timestamp,
    act: &str,
    caller: String,
    (grant, name): (Option<GrantId>, Option<&ProfileName>),
    outcome: &str,
) -> AuditDraft {
    let act = name.map_or_else(|| act.to_owned(), |name| format!("{act} {name}"));
    AuditDraft { grant, at, caller, act, outcome: outcome.to_owned() }
}

async fn write(store: Arc<dyn ServerStore>, mut rows: mpsc::Receiver<AuditDraft>) {
    let mut batch = Vec::with_capacity(BATCH);
    while rows.recv_many(&mut batch, BATCH).await > 0 {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = store.write_audit(&batch).await {
            tracing::error!(%error, rows = batch.len(), "the audit trail cannot be written; it is tried again");
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        batch.clear();
    }
}

const BATCH: usize = 256;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
