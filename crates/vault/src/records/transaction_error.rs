//! Why a transaction is undone.
//!
//! Enters: a database error, or a row that does not read back. Leaves: a [`Failed`], which each engine translates into a [`StoreError`].

use rusqlite::types::FromSqlError;
use tokenward_core::ports::StoreError;

use crate::seal::Unopened;

/// Why a transaction is undone.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The caller is told so.
    Told(StoreError),
    /// `SQLite` says no.
    Sql(rusqlite::Error),
    /// `PostgreSQL` says no, or cannot be asked.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Error),
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
