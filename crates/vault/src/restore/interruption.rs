//! A restore that was cut short between two steps, found and finished by whoever comes next.
//!
//! Enters: the home. Leaves: a vault in its place (I5). One process at a time does it, under the home's lock. A crash leaves it to be found
//! again.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use tokenward_core::ports::StoreError;

use super::names::{STAGED, number};
use crate::folder::{Folder, sync_folder};
use crate::io_error::from_io;
use crate::restore_record::Restored;

impl Folder {
    /// The vault that a restore was about to put in place when it was cut short: there is none in its place, and both are there under
    /// other names.
    pub fn interrupted(&self) -> Option<PathBuf> {
        if self.vault().exists() {
            return None;
        }
        let entries = std::fs::read_dir(self.home()).ok()?;
        let coming = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            number(&name)?;
            let folder = self.staged(&name);
            let record = Restored::last(&folder)?;
            let other = record.before.filter(|before| before != folder.vault())?;
            // A copy that was put together is used at once or removed. A vault that was put aside says where it is to come from
            // only when it is about to.
            let comes = name.starts_with(STAGED) || record.from == folder.vault();
            (comes && other.is_dir()).then(|| (record.at, folder.vault().to_owned()))
        };
        entries.flatten().filter_map(coming).max().map(|(_, coming)| coming)
    }
}

/// Finishes a restore that was cut short between two steps, under the home's lock.
pub(super) fn finish(folder: &Folder) -> Result<(), StoreError> {
    if let Some(coming) = folder.interrupted() {
        let io = |error: io::Error| from_io(&coming, &error);
        std::fs::rename(&coming, folder.vault()).map_err(io)?;
        sync_folder(folder.home()).map_err(io)?;
        tracing::info!(from = %coming.display(), "a restore that was cut short is finished");
    }
    Ok(())
}

/// The same for whoever opens a vault.
pub(crate) fn finish_interrupted(folder: &Folder) -> Result<(), StoreError> {
    if folder.interrupted().is_none() {
        return Ok(());
    }
    let _lock = lock(folder)?;
    finish(folder)
}

/// The lock of restores: the home itself.
pub(super) fn lock(folder: &Folder) -> Result<File, StoreError> {
    let home = folder.home();
    let file = File::open(home).map_err(|error| from_io(home, &error))?;
    match file.lock() {
        Err(error) if !crate::locks::unsupported(&error) => Err(from_io(home, &error)),
        _ => Ok(file),
    }
}
