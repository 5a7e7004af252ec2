//! Locks between processes: one file a grant or a name, locked as a whole (`flock`).
//!
//! The holder of a lease keeps an exclusive lock; waiters block in a shared one. The kernel wakes all of them at once
//! when the holder lets go or dies, nobody polls, and nobody queues behind another waiter. Such a lock belongs to
//! the open file, not to the process, so two tasks of one process exclude each other as well.
//!
//! A lock file is never removed: removing one that is waited for would let two holders in.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::folder::open_private;

/// What came of trying a lock.
pub enum Tried {
    /// It is ours until the file is dropped.
    Locked(File),
    /// Someone has it.
    Taken,
    /// This file system has no such locks.
    Unsupported,
}

/// Tries the exclusive lock of a file, without waiting. The file is made where it is missing.
///
/// # Errors
/// The system's no.
pub fn try_lock(path: &Path) -> io::Result<Tried> {
    let file = open_private(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Tried::Locked(file)),
        Err(TryLockError::WouldBlock) => Ok(Tried::Taken),
        Err(TryLockError::Error(error)) if unsupported(&error) => Ok(Tried::Unsupported),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Takes the exclusive lock of a file, waiting for it. Where there are no such locks the file alone is returned.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let file = open_private(path)?;
    match file.lock() {
        Err(error) if !unsupported(&error) => Err(error),
        _ => Ok(file),
    }
}

/// Those who wait for leases in this process: one blocked thread a lock, however many tasks wait.
#[derive(Default)]
pub(crate) struct Waiters(Arc<Mutex<HashMap<PathBuf, watch::Receiver<()>>>>);

impl Waiters {
    /// Returns when the holder of a lock lets go or dies, at the latest after `patience`; at once, and with
    /// `false`, where nobody holds it or it cannot be waited for.
    pub(crate) async fn wait(&self, lock: &Path, patience: Duration) -> bool {
        let Some(mut woken) = self.join(lock) else { return false };
        // The sender is dropped when the thread returns; that is the only news there is. An elapsed patience and a
        // wake-up are one to the caller: it looks again.
        let _ = tokio::time::timeout(patience, async { while woken.changed().await.is_ok() {} }).await;
        true
    }

    fn join(&self, lock: &Path) -> Option<watch::Receiver<()>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(woken) = waiting.get(lock) {
            return Some(woken.clone());
        }
        let file = open_private(lock).ok()?;
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let (alarm, woken) = watch::channel(());
        let (all, path) = (Arc::clone(&self.0), lock.to_owned());
        // A thread of its own and not the runtime's blocking pool: a runtime that shuts down waits for its pool, and this
        // thread may be blocked for as long as someone else holds the lock.
        let thread = std::thread::Builder::new().name("tokenward-wait".to_owned()).stack_size(STACK).spawn(move || {
            let locked = file.lock_shared();
            all.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
            if let Err(error) = &locked {
                tracing::debug!(path = %path.display(), %error, "the lease's lock cannot be waited for");
            }
            drop(file);
            drop(alarm);
        });
        thread.ok()?;
        waiting.insert(lock.to_owned(), woken.clone());
        Some(woken)
    }
}

/// Whether a file system has no such locks.
pub(crate) fn unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported) || error.raw_os_error() == Some(ENOLCK)
}

/// How soon to look again where nothing can wake us.
pub(crate) const POLL: Duration = Duration::from_millis(25);
/// A waiting thread does nothing but wait.
const STACK: usize = 256 * 1024;
/// "No locks available", the answer of network file systems without a lock service.
const ENOLCK: i32 = rustix::io::Errno::NOLCK.raw_os_error();
