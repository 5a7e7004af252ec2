//! Connections to the database, and the transactions that are run on them.
//!
//! Enters: a closure over a transaction. Leaves: what it returns, after its transaction has ended. The closure *is* the transaction: begun
//! before it, committed when it returns a value, undone when it returns an error or panics. It runs on a thread that may block, so what has
//! begun is done when its caller has gone away (I3). Nothing outlives a transaction on its session: a pooler in transaction mode may give
//! each to another one.
//!
//! A connection that was lost before anything was done in a transaction is replaced, once. One that was lost later says nothing of what
//! became of the commit ([`Ended::Unknown`]).

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use rusqlite::types::Value;
use rusqlite::{ToSql, params};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{ConnectOptions, Connection as _, Row as _};
use tokenward_core::GrantId;
use tokenward_core::ports::StoreError;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::records::rows::grant_bytes;
use crate::records::run_statement::{Row, Transaction};
use crate::records::transaction_error::Failed;

use super::statements as sql;
use super::values::{bind, owned};

/// What a transaction is, beside what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It only reads.
    Reading,
    /// It writes leases or caches, and locks nothing else.
    Unsynced,
    /// It writes to a grant, and has it to itself.
    Turn,
    /// It makes, brings, takes back, names or ends a login.
    Login,
}

/// What the database told when a transaction began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// Its time.
    pub(super) millis: i64,
    /// How often the keys were changed; `None` where there is no vault yet.
    pub(super) keys_number: Option<i64>,
}

/// How a transaction came to nothing.
pub(super) enum Ended {
    /// It was undone.
    Undone(Failed),
    /// It may have been committed: nobody said so.
    Unknown(sqlx::Error),
    /// The closure panicked; it was undone.
    Panicked,
}

/// The connections of a store.
pub(super) struct Connections {
    options: PgConnectOptions,
    /// Whether another session may serve the next transaction: no statement is kept.
    is_pooled: bool,
    idle: Mutex<Vec<PgConnection>>,
    at_once: Semaphore,
}

impl Connections {
    pub(super) fn new(options: PgConnectOptions, is_pooled: bool, most: usize) -> Self {
        Self { options, is_pooled, idle: Mutex::default(), at_once: Semaphore::new(most) }
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.options.connect().await
    }

    /// Runs one transaction.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&OpenTransaction) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Ended> {
        let undone = |error: sqlx::Error| Ended::Undone(Failed::Postgres(error));
        let _place = self.at_once.acquire().await.map_err(|_| undone(sqlx::Error::PoolClosed))?;
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let statement = match how {
            How::Reading => sql::BEGIN_READING,
            How::Unsynced => sql::BEGIN_UNSYNCED,
            How::Turn | How::Login => sql::BEGIN_DURABLE,
        };
        let still_good = match kept {
            Some(mut connection) => begun(&mut connection, statement).await.ok().map(|told| (connection, told)),
            None => None,
        };
        let (connection, told) = if let Some(good) = still_good {
            good
        } else {
            let mut connection = self.connect().await.map_err(undone)?;
            let told = begun(&mut connection, statement).await.map_err(undone)?;
            (connection, told)
        };
        let open = OpenTransaction {
            connection: RefCell::new(connection),
            told,
            how,
            is_pooled: self.is_pooled,
            handle: Handle::current(),
            is_broken: Cell::new(false),
            locked: RefCell::default(),
        };
        let ran = tokio::task::spawn_blocking(move || run(open, act)).await;
        let (connection, ended) = ran.map_err(|_| Ended::Panicked)?;
        if let Some(connection) = connection {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        ended
    }

    /// Closes what is idle.
    pub(super) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            drop(connection.close().await);
        }
    }
}

/// Begins, and hears what is told.
async fn begun(connection: &mut PgConnection, begin: &'static str) -> Result<Told, sqlx::Error> {
    let rows = sqlx::raw_sql(begin).fetch_all(connection).await?;
    let row = rows.last().ok_or(sqlx::Error::RowNotFound)?;
    let number = |column: usize| -> Result<Option<i64>, sqlx::Error> {
        let text: Option<String> = row.try_get(column)?;
        Ok(text.and_then(|text| text.parse().ok()))
    };
    Ok(Told { millis: number(1)?.unwrap_or_default(), keys_number: number(2)? })
}

/// Runs the closure and ends its transaction. Gives the connection back where it can be used again.
fn run<T>(
    tx: OpenTransaction,
    act: impl FnOnce(&OpenTransaction) -> Result<T, Failed>,
) -> (Option<PgConnection>, Result<T, Ended>) {
    let how = tx.how;
    let done = catch_unwind(AssertUnwindSafe(|| {
        if how == How::Login {
            tx.ask(sql::GATE, &[])?;
        }
        act(&tx)
    }));
    let OpenTransaction { connection, handle, is_broken, .. } = tx;
    let (mut connection, is_broken) = (connection.into_inner(), is_broken.get());
    let mut end = |statement: &'static str| handle.block_on(sqlx::raw_sql(statement).execute(&mut connection));
    match done {
        // A transaction in which a statement has failed would be undone by its commit, and nobody told.
        Ok(Ok(_)) if is_broken => {
            let usable = end("ROLLBACK").is_ok();
            let error = StoreError::unreadable("", "a statement failed, and nothing was stored");
            (usable.then_some(connection), Err(Ended::Undone(error.into())))
        }
        Ok(Ok(value)) => match end("COMMIT") {
            Ok(_) => (Some(connection), Ok(value)),
            // What the server refuses at a commit it has undone.
            Err(error @ sqlx::Error::Database(_)) => (None, Err(Ended::Undone(Failed::Postgres(error)))),
            Err(error) => (
                None,
                Err(if how == How::Reading { Ended::Undone(Failed::Postgres(error)) } else { Ended::Unknown(error) }),
            ),
        },
        Ok(Err(failed)) => {
            let usable = end("ROLLBACK").is_ok();
            (usable.then_some(connection), Err(Ended::Undone(failed)))
        }
        Err(_) => (None, Err(Ended::Panicked)),
    }
}

/// A transaction that is open.
pub(super) struct OpenTransaction {
    connection: RefCell<PgConnection>,
    /// What the database told at its begin.
    pub(super) told: Told,
    how: How,
    is_pooled: bool,
    handle: Handle,
    /// Whether a statement has failed: nothing of it can be committed.
    is_broken: Cell<bool>,
    /// What was locked already.
    locked: RefCell<HashSet<(&'static str, Vec<u8>)>>,
}

impl OpenTransaction {
    /// Runs a statement in `PostgreSQL`'s words. Says how many rows it has changed.
    pub(super) fn ask(&self, statement: &'static str, bound: &[&dyn ToSql]) -> Result<u64, Failed> {
        let query = sqlx::query_with(statement, bind(bound)?).persistent(!self.is_pooled);
        let asked = self.handle.block_on(query.execute(&mut *self.connection.borrow_mut()));
        Ok(asked.map_err(|error| self.broken(error))?.rows_affected())
    }

    /// The same for a statement that brings rows.
    pub(super) fn rows(&self, statement: &'static str, bound: &[&dyn ToSql]) -> Result<Vec<PgRow>, Failed> {
        let query = sqlx::query_with(statement, bind(bound)?).persistent(!self.is_pooled);
        let asked = self.handle.block_on(query.fetch_all(&mut *self.connection.borrow_mut()));
        asked.map_err(|error| self.broken(error))
    }

    fn broken(&self, error: sqlx::Error) -> Failed {
        self.is_broken.set(true);
        Failed::Postgres(error)
    }

    /// Has a grant and its lease to itself until the transaction ends: nobody takes the lease meanwhile.
    pub(super) fn hold_still(&self, id: GrantId) -> Result<(), Failed> {
        let id = grant_bytes(id);
        if self.locked.borrow_mut().insert((sql::LOCK_GRANT, id.to_vec())) {
            self.ask(sql::LOCK_GRANT, params![id])?;
        }
        self.ask(sql::HOLD_STILL, params![id]).map(drop)
    }

    /// Locks what a statement reads that will be written.
    fn lock(&self, statement: &'static str, bound: &[&dyn ToSql]) -> Result<(), Failed> {
        let (Some(lock), How::Turn | How::Login) = (sql::lock_before(statement), self.how) else { return Ok(()) };
        let bound = &bound[..bound.len().min(1)];
        let name = match bound.first().map(|value| owned(*value)).transpose()? {
            Some(Value::Blob(bytes)) => bytes,
            Some(Value::Text(text)) => text.into_bytes(),
            _ => Vec::new(),
        };
        if self.locked.borrow_mut().insert((lock, name)) {
            self.ask(lock, bound)?;
        }
        Ok(())
    }
}

impl Transaction for OpenTransaction {
    fn execute(&self, statement: &'static str, bound: &[&dyn ToSql]) -> Result<usize, Failed> {
        self.lock(statement, bound)?;
        let changed = self.ask(sql::said(statement), bound)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn query(
        &self,
        statement: &'static str,
        bound: &[&dyn ToSql],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        self.lock(statement, bound)?;
        self.rows(sql::said(statement), bound)?.iter().try_for_each(|row| each(&Row::Postgres(row)))
    }
}
