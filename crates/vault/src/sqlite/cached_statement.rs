//! One statement run by a connection of `SQLite`, prepared once for each: what is no record's.

use rusqlite::{Connection, Params};

/// Runs a statement that brings no rows. Says how many it has changed.
pub(crate) fn run(connection: &Connection, statement: &str, bound: impl Params) -> Result<usize, rusqlite::Error> {
    connection.prepare_cached(statement)?.execute(bound)
}
