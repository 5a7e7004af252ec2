//! How a linked file looks to the file system.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokenward_core::Stamp;

/// How the file at a path looks, symbolic links followed; `None` when nothing can be seen there. One call of the system, and no
/// look into the file.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    let nanos = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    Some(Stamp {
        device: file.dev(),
        inode: file.ino(),
        size: file.len(),
        modified: nanos(file.mtime(), file.mtime_nsec()),
        changed: nanos(file.ctime(), file.ctime_nsec()),
    })
}
