//! One statement run in a transaction: bound, stepped to its end, its rows read.
//!
//! Every statement stands in [`super::statements`]. Values are bound and read in the words of `rusqlite`, which are plain enough for any
//! database: numbers, texts, bytes, and nothing.

use rusqlite::types::{FromSql, FromSqlError, ValueRef};
use rusqlite::{RowIndex, ToSql};

use super::transaction_error::{Failed, Fault};

/// A transaction that statements are run in.
pub(crate) trait Transaction {
    /// Runs a statement. Says how many rows it has changed.
    fn execute(&self, statement: &'static str, bound: &[&dyn ToSql]) -> Result<usize, Failed>;

    /// Runs a statement to its end, and hands over each of its rows.
    fn query(
        &self,
        statement: &'static str,
        bound: &[&dyn ToSql],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), Failed>,
    ) -> Result<(), Failed>;
}

impl Transaction for rusqlite::Connection {
    fn execute(&self, statement: &'static str, bound: &[&dyn ToSql]) -> Result<usize, Failed> {
        Ok(self.prepare_cached(statement)?.execute(bound)?)
    }

    fn query(
        &self,
        statement: &'static str,
        bound: &[&dyn ToSql],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let mut prepared = self.prepare_cached(statement)?;
        let mut rows = prepared.query(bound)?;
        while let Some(row) = rows.next()? {
            each(&Row::Sqlite(row))?;
        }
        Ok(())
    }
}

/// A row of either engine.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    #[cfg(feature = "postgres")]
    Postgres(&'r sqlx::postgres::PgRow),
}

impl Row<'_> {
    /// What stands in a column.
    pub(crate) fn get_ref(&self, column: impl Column) -> Result<ValueRef<'_>, Fault> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(column)?),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => crate::postgres::values::read(row, column.place(row)?),
        }
    }

    /// The same as a value.
    pub(crate) fn get<T: FromSql>(&self, column: impl Column) -> Result<T, Fault> {
        T::column_result(self.get_ref(column)?).map_err(|error: FromSqlError| Fault::Damaged(error.to_string()))
    }
}

/// What names a column: its place, or its name.
pub(crate) trait Column: RowIndex {
    /// Where it stands in a row.
    #[cfg(feature = "postgres")]
    fn place(&self, row: &sqlx::postgres::PgRow) -> Result<usize, Fault>;
}

impl Column for usize {
    #[cfg(feature = "postgres")]
    fn place(&self, _: &sqlx::postgres::PgRow) -> Result<usize, Fault> {
        Ok(*self)
    }
}

impl Column for &str {
    #[cfg(feature = "postgres")]
    fn place(&self, row: &sqlx::postgres::PgRow) -> Result<usize, Fault> {
        crate::postgres::values::place(row, self)
    }
}

/// Runs a statement that brings no rows. Says how many it has changed.
pub(crate) fn run(tx: &dyn Transaction, statement: &'static str, bound: &[&dyn ToSql]) -> Result<usize, Failed> {
    tx.execute(statement, bound)
}

/// Every row of a statement.
pub(crate) fn all<T>(
    tx: &dyn Transaction,
    statement: &'static str,
    bound: &[&dyn ToSql],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Failed> {
    let mut found = Vec::new();
    tx.query(statement, bound, &mut |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The first row of a statement, which is run to its end all the same: what it writes beside its rows is whole then.
pub(crate) fn first<T>(
    tx: &dyn Transaction,
    statement: &'static str,
    bound: &[&dyn ToSql],
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Failed> {
    let (mut found, mut read) = (None, Some(read));
    tx.query(statement, bound, &mut |row| {
        if let Some(read) = read.take() {
            found = Some(read(row)?);
        }
        Ok(())
    })?;
    Ok(found)
}
