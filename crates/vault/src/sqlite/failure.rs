//! Why a transaction is undone, and what `SQLite` says, translated into what the caller can do.
//!
//! Enters: a database error, or a row that does not read back. Leaves: a [`Failed`], and from a database error a [`StoreError`]. No message
//! holds a value that was bound to a statement: `SQLite`'s messages name tables and columns, and every secret is sealed before it is bound.

use std::path::Path;

use rusqlite::types::FromSqlError;
use tokenward_core::ports::{StoreError, StoreFault};

use crate::room;
use crate::seal::Unopened;

/// Why a transaction is undone.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The caller is told so.
    Told(StoreError),
    /// `SQLite` says no.
    Sql(rusqlite::Error),
    /// What is stored does not read back.
    Stored(Fault),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Stored(fault)
    }
}

/// What is wrong with a row.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A column does not read back.
    Damaged(String),
    /// A blob wants a data key that was not read yet.
    UnknownKey,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<FromSqlError> for Fault {
    fn from(error: FromSqlError) -> Self {
        Self::Damaged(error.to_string())
    }
}

pub(crate) fn damaged(what: &str) -> Fault {
    Fault::Damaged(what.to_owned())
}

pub(crate) fn unopened(what: &str) -> impl FnOnce(Unopened) -> Fault {
    move |reason| match reason {
        Unopened::UnknownKey => Fault::UnknownKey,
        Unopened::Broken => damaged(what),
    }
}

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
        SQLITE_READONLY | SQLITE_PERM => match room::probe(db.parent().unwrap_or(db)) {
            Err(error @ StoreError { kind: StoreFault::Full, .. }) => error,
            _ => StoreError::read_only(path, reason),
        },
        // A write, sync or truncation that failed does not say why; the file system does, or another write.
        SQLITE_IOERR | SQLITE_CANTOPEN => match room::check(db.parent().unwrap_or(db)) {
            Err(error) => error,
            Ok(()) if matches!(code, SQLITE_IOERR_READ | SQLITE_IOERR_SHORT_READ) => {
                StoreError::unreadable(path, reason)
            }
            Ok(()) => match room::probe(db.parent().unwrap_or(db)) {
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
