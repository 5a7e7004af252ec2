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
            // Those that are watched too: a folder that was deleted and made anew may have its inode from the old one, and a
            // watch that is there already is not doubled.
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use tokenward_core::{Format, Place};

    use super::*;
    use crate::links::LinkedFile;

    /// A folder `project` with a file, watched.
    fn watched() -> (tempfile::TempDir, PathBuf, Folders, Receiver<()>) {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("project/.env");
        std::fs::create_dir(root.path().join("project")).unwrap();
        std::fs::write(&file, "T=old\n").unwrap();
        let (send, told) = channel();
        let mut folders = Folders::new(move || send.send(()).unwrap_or_default()).unwrap();
        folders.follow(&BTreeSet::from([file.clone()])).unwrap();
        (root, file, folders, told)
    }

    /// How often it was told of until nothing happened for a while.
    fn count(told: &Receiver<()>) -> usize {
        std::iter::from_fn(|| told.recv_timeout(Duration::from_millis(300)).ok()).count()
    }

    #[test]
    fn reading_and_other_files_are_no_news() {
        let (_root, file, mut folders, told) = watched();
        for _ in 0..10 {
            std::fs::read(&file).unwrap();
            std::fs::write(file.with_file_name("other"), "x").unwrap();
            drop(LinkedFile::new(&file, Format::Dotenv).hold(Duration::ZERO).unwrap());
            folders.follow(&BTreeSet::from([file.clone()])).unwrap();
        }
        assert_eq!(count(&told), 0);
    }

    /// What we write ourselves is told of a few times, and looking at it then ends that: nothing spins.
    #[test]
    fn our_own_writing_is_told_of_and_over() {
        let (_root, file, _folders, told) = watched();
        let held = LinkedFile::new(&file, Format::Dotenv).hold(Duration::ZERO).unwrap();
        held.write(&[(Place::dotenv("T"), "new")]).unwrap();
        let first = count(&told);
        assert!((1..10).contains(&first), "{first}");
        held.read().unwrap();
        assert_eq!(count(&told), 0);
    }

    #[test]
    fn whatever_happens_to_the_file_or_its_folder_is_told_of() {
        let (_root, file, mut folders, told) = watched();
        let (folder, away) = (file.parent().unwrap(), file.parent().unwrap().with_file_name("away"));
        let aside = file.with_file_name("aside");
        let steps: [&dyn Fn(); 9] = [
            &|| std::fs::write(&file, "T=1\n").unwrap(),
            &|| std::fs::rename(&file, &aside).unwrap(),
            &|| std::fs::rename(&aside, &file).unwrap(),
            &|| std::fs::remove_file(&file).unwrap(),
            &|| std::fs::write(&file, "T=2\n").unwrap(),
            &|| std::fs::rename(folder, &away).unwrap(),
            &|| std::fs::rename(&away, folder).unwrap(),
            &|| std::fs::remove_dir_all(folder).unwrap(),
            &|| {
                std::fs::create_dir(folder).unwrap();
                std::fs::write(&file, "T=3\n").unwrap();
            },
        ];
        for (number, step) in steps.iter().enumerate() {
            step();
            assert!(count(&told) > 0, "step {number}");
            folders.follow(&BTreeSet::from([file.clone()])).unwrap();
        }
        // It is followed in the new folder, whose inode may be the old one's.
        std::fs::write(&file, "T=4\n").unwrap();
        assert!(count(&told) > 0);
    }
}
