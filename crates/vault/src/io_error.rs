//! What the system says, translated into what the caller can do.
//!
//! Enters: an I/O error, or what does not read back. Leaves: a [`StoreError`].

use std::io;
use std::path::Path;

use tokenward_core::ports::StoreError;

/// Translates an I/O error at `path`.
pub fn from_io(path: &Path, error: &io::Error) -> StoreError {
    let (path, reason) = (path.display(), error.to_string());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::full(path, reason)
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::read_only(path, reason),
        io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy => StoreError::busy(path),
        _ => StoreError::unreadable(path, reason),
    }
}

/// A stored value that is not what this version writes.
pub(crate) fn damaged(db: &Path, what: &str) -> StoreError {
    damaged_as(db, &format!("{what} is damaged"))
}

/// The same in words of its own.
pub(crate) fn damaged_as(db: &Path, reason: &str) -> StoreError {
    StoreError::unreadable(db.display(), format!("{reason}; restore a backup (tokenward vault restore)"))
}

/// The same where the store is no file.
#[cfg(feature = "postgres")]
pub(crate) fn damaged_in(place: &str, what: &str) -> StoreError {
    StoreError::unreadable(place, format!("{what} is damaged; restore a backup"))
}
