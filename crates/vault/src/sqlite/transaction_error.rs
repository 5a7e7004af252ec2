//! What `SQLite` says, translated into what the caller can do.
//!
//! No message holds a value that was bound to a statement: `SQLite`'s messages name tables and columns, and every secret is sealed before it
//! is bound.

use std::path::Path;

use tokenward_core::ports::{StoreError, StoreFault};

use crate::disk_check;

/// Translates a database error. The primary result codes are at <https://www.sqlite.org/rescode.html>; the low
/// byte of an extended code is its primary one.
pub(crate) fn from_sql(db: &Path, error: &rusqlite::Error) -> StoreError {
    let path = db.display();
    let (code, reason) = match error {
        rusqlite::Error::SqliteFailure(code, said) => (code, said.clone().unwrap_or_else(|| code.to_string())),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, msg.clone()),
        // A column has another type than the schema says.
        other => return StoreError::unreadable(path, other.to_string()),
    };
    let code = code.extended_code;
    match code & 0xff {
        SQLITE_BUSY | SQLITE_LOCKED | SQLITE_PROTOCOL => StoreError::busy(path),
        SQLITE_FULL => StoreError::full(path, reason),
        // A log that cannot be made for want of room makes a database read-only too.
        SQLITE_READONLY | SQLITE_PERM => match disk_check::probe(db.parent().unwrap_or(db)) {
            Err(error @ StoreError { kind: StoreFault::Full, .. }) => error,
            _ => StoreError::read_only(path, reason),
        },
        // A write, sync or truncation that failed does not say why; the file system does, or another write.
        SQLITE_IOERR | SQLITE_CANTOPEN => match disk_check::check(db.parent().unwrap_or(db)) {
            Err(error) => error,
            Ok(()) if matches!(code, SQLITE_IOERR_READ | SQLITE_IOERR_SHORT_READ) => {
                StoreError::unreadable(path, reason)
            }
            Ok(()) => match disk_check::probe(db.parent().unwrap_or(db)) {
                Err(error) => error,
                Ok(()) => StoreError::unreadable(path, reason),
            },
        },
        _ => StoreError::unreadable(path, reason),
    }
}

const SQLITE_PERM: i32 = 3;
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_IOERR: i32 = 10;
const SQLITE_IOERR_READ: i32 = 266;
const SQLITE_IOERR_SHORT_READ: i32 = 522;
/// Said of a full disk alone: of a quota, and of a limit on files, it is an I/O error.
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
/// Many processes race to read the log back after the last one ended without closing it.
const SQLITE_PROTOCOL: i32 = 15;
