//! One look at a linked file: how it stood to the file system, and what it showed then.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokenward_core::{Place, Slot, Stamp};

use super::document::Document;
use super::error::FileError;
use super::file::{LinkedFile, LockedFile};
use super::value_diff::FileValues;

/// What was seen of a file.
#[derive(Debug)]
pub(super) struct FileSnapshot {
    /// How it stood while it was read; `None` for one that is not there and need not be.
    pub(super) stamp: Option<Stamp>,
    /// The number of its owner, as the descriptor told that was read.
    owner: Option<u32>,
    /// What it showed.
    pub(super) shown: FileValues,
    /// All of it, for one who looks for more than what is kept.
    pub(super) document: Option<Document>,
}

impl FileSnapshot {
    /// The number of the file's owner, if that is not who we are.
    pub(super) fn other_owner(&self) -> Option<u32> {
        self.owner.filter(|owner| *owner != rustix::process::geteuid().as_raw())
    }

    /// Looks without a lock.
    pub(super) fn at(file: &LinkedFile, places: &BTreeMap<Slot, Place>) -> Result<Self, FileError> {
        Self::steady(file.path(), places, false, || file.read_owned())
    }

    /// Looks at all that is in it, without a lock.
    pub(super) fn all_over(file: &LinkedFile, places: &BTreeMap<Slot, Place>) -> Result<Self, FileError> {
        Self::steady(file.path(), places, true, || file.read_owned())
    }

    /// Looks at a file that no other process of ours writes meanwhile.
    pub(super) fn held(held: &LockedFile, places: &BTreeMap<Slot, Place>) -> Result<Self, FileError> {
        Self::steady(held.path(), places, false, || held.read_owned())
    }

    /// Reads until nobody wrote meanwhile: a stamp must be of what was read, or an edit would pass for old.
    fn steady(
        path: &Path,
        places: &BTreeMap<Slot, Place>,
        all: bool,
        read: impl Fn() -> Result<(Document, Option<u32>), FileError>,
    ) -> Result<Self, FileError> {
        for _ in 0..ATTEMPTS {
            let before = stamp(path);
            let (document, owner) = read()?;
            if stamp(path) == before {
                let refused = |source| FileError::Document { path: path.to_owned(), source };
                let shown = FileValues::read(&document, places).map_err(refused)?;
                return Ok(Self { stamp: before, owner, shown, document: all.then_some(document) });
            }
        }
        Err(FileError::Restless { path: path.to_owned() })
    }
}

/// How a file stands to the file system; symbolic links are followed.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
        changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
    })
}

/// How often a file that is being written is read again.
const ATTEMPTS: usize = 16;
