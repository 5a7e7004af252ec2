//! A look into the database of a vault that no process has open. No key is needed for that.

use rusqlite::Connection;
use tokenward_core::ports::StoreError;

use crate::folder::{Folder, holds_something};
use crate::sqlite::connect;
use crate::sqlite::transaction_error::from_sql;

/// A connection that reads; `None` where there is no vault. The folder is moved next, and a connection that is still open then would remove the
/// log that lies at its path by that time, of either vault: it has to be closed, or dropped, before.
pub(super) fn reading(folder: &Folder) -> Result<Option<Connection>, StoreError> {
    let database = folder.database();
    // SQLite removes the log beside an empty database.
    if std::fs::metadata(&database).map_or(0, |file| file.len()) == 0 {
        return if holds_something(folder.vault()) {
            Err(StoreError::unreadable(database.display(), "it is missing or empty"))
        } else {
            Ok(None)
        };
    }
    let opened = connect::connect(&database, connect::Role::Reading);
    opened.map(Some).map_err(|error| from_sql(&database, &error))
}
