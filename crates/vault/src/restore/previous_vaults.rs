//! The vaults that restores put aside: each lies whole beside the present one, until somebody brings it back or removes it.
//!
//! Enters: the home. Leaves: where they lie and since when. What is removed is removed for good, so only a folder that bears a name of
//! ours in this very home is; a crash in the middle leaves a rest that is listed and can be removed again.

use std::fs::{Metadata, symlink_metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokenward_core::ports::StoreError;

use super::interruption::{finish, lock};
use super::names::{BEFORE, UNDONE, number};
use crate::folder::{Folder, sync_folder};
use crate::io_error::from_io;
use crate::restore_record::Restored;

/// A vault that a restore, or the way back from one, put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVault {
    /// Its folder.
    pub path: PathBuf,
    /// When it was put aside.
    pub since: Option<Timestamp>,
    /// What it takes on the disk, in bytes.
    pub size: u64,
    /// Whether it is the one that the way back leads to.
    pub is_last: bool,
}

/// Every vault that was put aside, the latest first.
pub fn kept_vaults(folder: &Folder) -> Vec<KeptVault> {
    let Ok(entries) = std::fs::read_dir(folder.home()) else { return Vec::new() };
    let paths: Vec<_> = entries
        .flatten()
        .filter_map(|entry| of_ours(folder, &entry.path()))
        .map(|kept| kept.vault().to_owned())
        .collect();
    let last = Restored::last(folder);
    let records: Vec<_> =
        paths.iter().filter_map(|path| Restored::last(&of_ours(folder, path)?)).chain(last.clone()).collect();
    let mut kept: Vec<_> = paths
        .into_iter()
        .map(|path| {
            let told =
                records.iter().filter(|record| record.before.as_ref() == Some(&path)).map(|record| record.at).max();
            let named = || path.file_name().and_then(|name| number(name.to_str()?)).and_then(moment);
            KeptVault {
                since: told.or_else(named),
                size: size(&path),
                is_last: last.as_ref().is_some_and(|last| last.before.as_ref() == Some(&path)),
                path,
            }
        })
        .collect();
    kept.sort_by(|one, other| (other.since, &other.path).cmp(&(one.since, &one.path)));
    kept
}

/// Removes one of them for good.
///
/// # Errors
/// What keeps it from being removed, or that there is no such vault. The present vault is never touched.
pub fn remove_kept(folder: &Folder, path: &Path) -> Result<(), StoreError> {
    let io = |error: std::io::Error| from_io(path, &error);
    let _lock = lock(folder)?;
    finish(folder)?;
    let kept = of_ours(folder, path).ok_or_else(|| io(rustix::io::Errno::NOENT.into()))?;
    std::fs::remove_dir_all(kept.vault()).map_err(io)?;
    sync_folder(folder.home()).map_err(io)
}

/// The folder of such a vault, if a path names one in this home: by its whole path, or by its name alone.
pub(super) fn of_ours(folder: &Folder, path: &Path) -> Option<Folder> {
    let name = path.file_name()?.to_str()?;
    let is_ours = (name.starts_with(BEFORE) || name.starts_with(UNDONE)) && number(name).is_some();
    let kept = is_ours.then(|| folder.staged(name))?;
    let is_folder = |path: &Path| symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let same = |one: Metadata, other: Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    let is_same = path == Path::new(name)
        || path == kept.vault()
        || path.metadata().ok().zip(kept.vault().metadata().ok()).is_some_and(|(one, other)| same(one, other));
    (is_same && is_folder(kept.vault())).then_some(kept)
}

fn moment(millis: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
}

/// What a folder's files take, as far as they can be looked at.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let taken = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => size(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.flatten().map(taken).sum()
}
