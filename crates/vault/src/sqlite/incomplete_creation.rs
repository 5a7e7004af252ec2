//! Databases that a creation left torn, and that never held a login.
//!
//! Earlier versions renamed a database although its log had not been carried over, where the disk was full or a write failed. What is
//! left opens for nobody and stays so with any amount of room. It is made anew, but only where nothing can have been lost: no login left
//! a hand-out file, no refresh a lock, no answer a rescue slot, no write a log, and no restore its record. What was there is put aside.
//! Anything less than that is damage, and is told.

use std::io;
use std::path::{Path, PathBuf};

use tokenward_core::ports::StoreError;

use crate::answer_slot;
use crate::folder::{Folder, sync_folder};
use crate::io_error::from_io;

use super::database_files::{beside, remove, whole};

/// Whether the database was never whole, and nothing shows that it was used.
pub(crate) fn is_stillborn(folder: &Folder) -> bool {
    let database = folder.database();
    let Ok(metadata) = std::fs::metadata(&database) else { return false };
    // A database in use may be shorter than its head says, and has the rest in its log. That log would be called otherwise.
    let torn = metadata.len() == 0 || (length(&beside(&folder.draft_database(), "-wal")) > 0 && !whole(&database));
    torn && unused(folder)
}

/// Takes it out of the way. Under the folder's lock.
pub(crate) fn set_aside(folder: &Folder) -> Result<(), StoreError> {
    let database = folder.database();
    let at = |error: io::Error| from_io(&database, &error);
    remove(&folder.draft_database())?;
    if length(&database) == 0 {
        remove(&database)?;
    } else {
        std::fs::rename(&database, beside(&database, ".torn")).map_err(at)?;
        remove(&database)?;
    }
    tracing::warn!(path = %database.display(), "a database that was never finished is made anew");
    sync_folder(folder.vault()).map_err(at)
}

fn unused(folder: &Folder) -> bool {
    let names = |path: PathBuf| -> Option<Vec<_>> {
        match std::fs::read_dir(path) {
            Ok(entries) => entries.map(|entry| entry.ok().map(|entry| entry.file_name())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Vec::new()),
            Err(_) => None,
        }
    };
    let Some((handouts, locks)) = names(folder.handouts()).zip(names(folder.vault().join("locks"))) else {
        return false;
    };
    let empty = match std::fs::read(folder.rescue()) {
        Ok(bytes) => bytes.iter().all(|byte| *byte == 0),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    handouts.is_empty()
        && locks.iter().all(|name| name == "folder")
        && empty
        && answer_slot::is_empty(&folder.landings())
        && length(&beside(&folder.database(), "-wal")) == 0
        && !folder.restored().exists()
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}
