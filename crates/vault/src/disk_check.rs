//! Whether a folder can be written and has room; but for [`probe`], without writing to it.
//!
//! Used before a spend ([`crate::SqliteVault`]'s `prove`) and to find the cause of an I/O error that does not
//! name it.

use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, StatVfsMountFlags, accessat, statvfs};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use tokenward_core::ports::StoreError;

use crate::io_error::from_io;

/// What one rotation may need at most: its pages in the write-ahead log (some 20 of 4 KiB, twice), an answer of
/// the largest size the transport accepts, and the hand-out file.
pub(crate) const ROOM: u64 = 256 * 1024;
/// What the rescue slots take.
const RESCUE: u64 = 8 * 64 * 1024;

/// Checks that the folder's file system is writable and has [`ROOM`].
pub(crate) fn check(folder: &Path) -> Result<(), StoreError> {
    let stat = statvfs(folder).map_err(|error| from_io(folder, &error.into()))?;
    if stat.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Err(StoreError::read_only(folder.display(), "the file system is read-only"));
    }
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free < ROOM {
        return Err(StoreError::full(
            folder.display(),
            format!("{} KiB are free, {} KiB are needed", free / 1024, ROOM / 1024),
        ));
    }
    file_size(folder)?;
    writable(folder)
}

/// Checks that this process may make its files as large as a rotation needs them (`ulimit -f`, `LimitFSIZE=`).
fn file_size(folder: &Path) -> Result<(), StoreError> {
    let Some(limit) = getrlimit(Resource::Fsize).current else { return Ok(()) };
    let length = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    let grown = ["vault.db", "vault.db-wal"].into_iter().map(|name| length(name).saturating_add(ROOM));
    // The rescue file does not grow; writing in place is limited all the same.
    let needed = grown.max().unwrap_or(ROOM).max(length("rescue")).max(RESCUE);
    if needed <= limit {
        return Ok(());
    }
    Err(StoreError::full(
        folder.display(),
        format!(
            "this process may write files of at most {} KiB (ulimit -f), {} KiB are needed",
            limit / 1024,
            needed.div_ceil(1024)
        ),
    ))
}

/// Finds out why a write failed although the file system has room: a quota, or a limit on the length of files. Writes a file of
/// [`ROOM`] bytes that has no name.
pub(crate) fn probe(folder: &Path) -> Result<(), StoreError> {
    let write = || {
        let mut file = tempfile::tempfile_in(folder)?;
        let piece = vec![0; usize::try_from(ROOM).unwrap_or_default()];
        std::io::Write::write_all(&mut file, &piece)
    };
    write().map_err(|error| from_io(folder, &error))
}

/// Whether a folder lies on a disk of this machine: then its locks are kept by one kernel, whoever asks.
#[cfg(target_os = "linux")]
pub(crate) fn is_local(folder: &Path) -> bool {
    // linux/magic.h; what is not among these may be shared by machines whose kernels do not tell each other of locks.
    const LOCAL: [i64; 9] = [
        0xef53,      // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683e, // btrfs
        0x0102_1994, // tmpfs
        0x8584_58f6, // ramfs
        0xf2f5_2010, // F2FS
        0x2fc1_2fc1, // ZFS
        0xca45_1a4e, // bcachefs
        0x794c_7630, // overlayfs
    ];
    disk(folder).is_some_and(|kind| LOCAL.contains(&kind))
}

/// The number of the kind of disk that a folder lies on (statfs(2)).
#[cfg(target_os = "linux")]
#[expect(clippy::useless_conversion, reason = "the number has another type on other processors")]
fn disk(folder: &Path) -> Option<i64> {
    i64::try_from(rustix::fs::statfs(folder).ok()?.f_type).ok()
}

/// Elsewhere kinds of disks have no numbers of their own.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn is_local(_folder: &Path) -> bool {
    false
}

/// Whether a folder lies on a disk that may copy what is written (btrfs). There a write into memory that a file is mapped to ends the
/// process when the disk is full (SIGBUS), also where the file is written in place: measured with the log's index, Linux 6.18.
#[cfg(target_os = "linux")]
pub(crate) fn copies(folder: &Path) -> bool {
    disk(folder) == Some(0x9123_683e)
}

/// Elsewhere there is none that is known.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn copies(_folder: &Path) -> bool {
    false
}

/// Whether a folder shows the kernel and no disk: such a one says that it can be written, and takes no file.
#[cfg(target_os = "linux")]
pub(crate) fn is_of_kernel(folder: &Path) -> bool {
    // linux/magic.h: proc and sysfs.
    matches!(disk(folder), Some(0x9fa0 | 0x6265_6572))
}

/// Elsewhere there is none.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn is_of_kernel(_folder: &Path) -> bool {
    false
}

/// How many bytes are free on the folder's file system, for this user.
pub(crate) fn free(folder: &Path) -> Result<u64, StoreError> {
    let stat = statvfs(folder).map_err(|error| from_io(folder, &error.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Checks that this process may write the file or folder. Asks the kernel instead of opening: closing a second
/// descriptor of a database file would drop `SQLite`'s own locks on it (POSIX record locks belong to the process,
/// <https://www.sqlite.org/howtocorrupt.html> §2.2).
pub(crate) fn writable(path: &Path) -> Result<(), StoreError> {
    match accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS) {
        Ok(()) => Ok(()),
        Err(error @ (Errno::ACCESS | Errno::PERM | Errno::ROFS)) => {
            Err(StoreError::read_only(path.display(), std::io::Error::from(error).to_string()))
        }
        Err(error) => Err(from_io(path, &error.into())),
    }
}
