//! What of the vault belongs to another user: one run as root leaves files that its owner cannot open any more.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::facts::ForeignFiles;

/// Looks at every file and folder of a vault, and tries those that a refresh has to open. Creates and changes nothing.
pub(super) fn look(folder: &Path) -> Option<ForeignFiles> {
    let ours = std::fs::metadata(folder).ok()?.uid();
    let mut found = Vec::new();
    let mut shut = None;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                shut = shut.or_else(|| (error.kind() == io::ErrorKind::PermissionDenied).then(|| folder.clone()));
                continue;
            }
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let Ok(facts) = std::fs::symlink_metadata(&path) else { continue };
            if facts.uid() != ours {
                found.push((path.clone(), facts.uid()));
            }
            if facts.is_dir() {
                folders.push(path);
            } else if !facts.file_type().is_fifo() && is_tried(&path) && is_shut(&path) {
                shut = shut.or(Some(path));
            }
        }
    }
    found.sort();
    told(found, shut, ours)
}

/// The files that are opened for writing at every refresh. `SQLite`'s own are left alone: closing one drops its locks.
fn is_tried(path: &Path) -> bool {
    let parent = path.parent().and_then(Path::file_name);
    parent.is_some_and(|parent| ["locks", "handout"].iter().any(|name| parent == *name))
}

fn is_shut(path: &Path) -> bool {
    let opened: io::Result<File> = OpenOptions::new().read(true).write(true).open(path);
    opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

fn told(found: Vec<(PathBuf, u32)>, shut: Option<PathBuf>, ours: u32) -> Option<ForeignFiles> {
    let count = found.len();
    let (first, owner) = found.into_iter().next()?;
    let is_shut = shut.is_some();
    Some(ForeignFiles { first: shut.unwrap_or(first), count, owner, ours, shut: is_shut })
}
