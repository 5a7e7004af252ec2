//! One statement run: bound, stepped to its end, its rows read.
//!
//! Every statement stands in [`super::statements`] and is prepared once for each connection.

use rusqlite::{Connection, Params, Row};

use super::failure::{Failed, Fault};

/// Runs a statement that brings no rows. Says how many it has changed.
pub(crate) fn run(tx: &Connection, statement: &str, bound: impl Params) -> Result<usize, rusqlite::Error> {
    tx.prepare_cached(statement)?.execute(bound)
}

/// Every row of a statement.
pub(crate) fn all<T>(
    tx: &Connection,
    statement: &str,
    bound: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Failed> {
    let mut prepared = tx.prepare_cached(statement)?;
    let mut rows = prepared.query(bound)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of a statement, which is run to its end all the same: what it writes beside its rows is whole then.
pub(crate) fn first<T>(
    tx: &Connection,
    statement: &str,
    bound: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Failed> {
    let mut prepared = tx.prepare_cached(statement)?;
    let mut rows = prepared.query(bound)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let found = read(row)?;
    while rows.next()?.is_some() {}
    Ok(Some(found))
}
