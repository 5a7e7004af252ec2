//! That a process has a vault open: who would put another vault in its place can know, and who has it open can know that it happened.
//!
//! Whoever has connections to a vault keeps a shared lock (`flock`) of its folder; a restore needs the exclusive one and keeps it while it
//! exchanges the folders. The lock belongs to the folder and not to its path: it goes with the vault that was put aside. So a process
//! that finds another folder at the path than the one it locked uses a vault that was put aside, and begins no refresh in it (I3). Where a file
//! system has no such locks the second look is all there is.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tokenward_core::ports::StoreError;

use crate::io_error::from_io;

/// The lock of one open vault.
#[derive(Default)]
pub(crate) struct Presence(Mutex<Option<File>>);

impl Presence {
    /// Has it from here on. Waits for a restore that is exchanging folders at this moment.
    pub(crate) fn enter(&self, vault: &Path) -> Result<(), StoreError> {
        {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if held.is_none() {
                let folder = File::open(vault).map_err(|error| from_io(vault, &error))?;
                if let Err(error) = folder.lock_shared() {
                    tracing::debug!(path = %vault.display(), %error, "the vault's folder cannot be locked");
                }
                *held = Some(folder);
            }
        }
        self.check(vault)
    }

    /// Whether the vault that was entered is still the one at its path.
    pub(crate) fn check(&self, vault: &Path) -> Result<(), StoreError> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ours) = held.as_ref().and_then(|folder| folder.metadata().ok()) else { return Ok(()) };
        match std::fs::metadata(vault) {
            Ok(there) if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) => {
                Err(StoreError::unreadable(vault.display(), EXCHANGED))
            }
            _ => Ok(()),
        }
    }

    /// Lets go of it.
    pub(crate) fn leave(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Has a vault alone until the file is dropped; `None` while another process has it open. One that is about to end is waited for.
pub(crate) fn alone(vault: &Path) -> Result<Option<File>, StoreError> {
    let folder = File::open(vault).map_err(|error| from_io(vault, &error))?;
    for _ in 0..LOOKS {
        match folder.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(crate::locks::POLL),
            Err(TryLockError::Error(error)) => {
                tracing::debug!(path = %vault.display(), %error, "the vault's folder cannot be locked");
                return Ok(Some(folder));
            }
            Ok(()) => return Ok(Some(folder)),
        }
    }
    Ok(None)
}

/// A command takes less than a second.
const LOOKS: u32 = 60;
/// Why nothing is done with it any more.
const EXCHANGED: &str = "another vault was put in its place while this program was running; start this program again";
