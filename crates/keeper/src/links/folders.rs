//! The folders of linked files, watched for edits.
//!
//! Enters: paths. Leaves: a call whenever something of that name was written, replaced, removed or renamed. Folders are watched
//! and not files, because editors replace a file by renaming another over it, and a watch on the file would go with the old one.
//! The folder above is watched too, so that a folder which is renamed or deleted is seen to come back. What slips through, on a
//! network disk for instance, is found by the slow look of whoever asks ([`Folders::follow`] again each time).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Watches the folders of some files.
pub(super) struct Folders {
    watcher: RecommendedWatcher,
    /// The folders that are watched, with the device and inode that they had then: a path may come to name another one.
    watched: BTreeMap<PathBuf, (u64, u64)>,
    /// The names that matter; everything else in those folders is none of our business.
    names: Arc<Mutex<HashSet<OsString>>>,
}

impl Folders {
    /// Begins to watch, nothing yet. `changed` is called from a thread of the watcher's own.
    pub(super) fn new(changed: impl Fn() + Send + 'static) -> Result<Self, notify::Error> {
        let names: Arc<Mutex<HashSet<OsString>>> = Arc::default();
        let matter = Arc::clone(&names);
        let watcher = notify::recommended_watcher(move |event: Result<Event, notify::Error>| {
            let concerns = match &event {
                // Being read is no change; and we read.
                Ok(Event { kind: EventKind::Access(kind), .. }) if *kind != WRITTEN => false,
                Ok(event) if event.need_rescan() => true,
                Ok(event) => {
                    let matter = matter.lock().unwrap_or_else(PoisonError::into_inner);
                    event.paths.iter().any(|path| path.file_name().is_none_or(|name| matter.contains(name)))
                }
                // Something was lost: look.
                Err(_) => true,
            };
            if concerns {
                changed();
            }
        })?;
        Ok(Self { watcher, watched: BTreeMap::new(), names })
    }

    /// Watches the folders of these files and of what symbolic links lead to, as they are now, and no others.
    pub(super) fn follow(&mut self, files: &BTreeSet<PathBuf>) -> Result<(), notify::Error> {
        let mut folders = BTreeSet::new();
        let mut names = HashSet::new();
        for file in files {
            let target = std::fs::canonicalize(file).ok().filter(|target| target != file);
            for path in std::iter::once(file).chain(&target) {
                names.extend(path.file_name().map(ToOwned::to_owned));
                // As far up as it takes to find a folder that is there, and one more.
                for folder in path.ancestors().skip(1) {
                    let is_there = folder.is_dir();
                    names.extend(folder.file_name().map(ToOwned::to_owned));
                    if is_there {
                        folders.insert(folder.to_owned());
                        folders.extend(folder.parent().map(Path::to_owned));
                        break;
                    }
                }
            }
        }
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
        let gone = |watched: &PathBuf, identity: &(u64, u64)| {
            !folders.contains(watched) || identity_of(watched) != Some(*identity)
        };
        let ended: Vec<_> = self.watched.extract_if(.., |watched, identity| gone(watched, identity)).collect();
        for (folder, _) in ended {
            // The system has ended the watch of a folder that is gone.
            let _ = self.watcher.unwatch(&folder);
        }
        let mut failed = Ok(());
        for folder in folders {
            let Some(identity) = identity_of(&folder) else { continue };
            if self.watched.contains_key(&folder) {
                continue;
            }
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(folder, identity);
                }
                Err(error) => failed = Err(error),
            }
        }
        failed
    }
}

/// Which folder a path names now.
fn identity_of(folder: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(folder).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// A file was written in place and closed.
const WRITTEN: AccessKind = AccessKind::Close(AccessMode::Write);
