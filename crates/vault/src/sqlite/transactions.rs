//! A connection, and the transactions that are run on it, by whoever has it to himself.
//!
//! Enters: calls. Leaves: what each was told, after its transaction has ended. The thread of the connection ([`super::worker`]) runs whatever
//! there is, and waits for other processes; a caller runs what he may without one wait ([`Connected::at_once`]). A crash leaves the state
//! before a transaction or the one after it (I5).
//!
//! **How durable.** The writer syncs the log at a commit (`synchronous=FULL`: I2), but for leases and caches, which may be lost with the
//! power (`NORMAL`, which in WAL mode means no sync). A connection can change between the two where no transaction is open
//! (<https://www.sqlite.org/pragma.html#pragma_synchronous>), and a sync covers all of the log before it, whoever wrote it. Two
//! connections, one for each, would wait for each other's lock with sleeps.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ffi};
use tokenward_core::ports::StoreError;

use super::cached_statement::run;
use super::connect::{Opener, PATIENCE, Role};
use super::statements as sql;

/// What a call is, beside what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// A transaction that only reads, and no more than some rows.
    Reading,
    /// A transaction that reads through tables, on the reader's thread.
    ReadingAll,
    /// A transaction that is synced.
    Synced,
    /// A transaction that may be lost with the power.
    Unsynced,
    /// No transaction: what cannot be in one.
    Bare,
}

impl How {
    /// Whether a transaction of the kind may share another one's commit.
    pub(super) const fn writes(self) -> bool {
        matches!(self, Self::Synced | Self::Unsynced)
    }
}

/// What a caller wants done, and the caller.
pub(super) trait Act: Send {
    /// Does it; `false`: what it wrote is to be undone.
    fn run(&mut self, tx: &Connection) -> bool;

    /// Tells the caller what came of it, or what came in between.
    fn tell(self: Box<Self>, ended: Result<(), StoreError>);
}

/// A call with what came of its transaction, to be told.
pub(super) type Ended = (Box<dyn Act>, Result<(), StoreError>);

/// A connection, open or not.
pub(super) struct Connected {
    opener: Arc<Opener>,
    role: Role,
    connection: Option<Connection>,
    /// Whether it syncs its commits now.
    syncs: bool,
    /// Whether a commit carries the log over early now.
    carries_over: bool,
    /// How many calls may write at once before one has to look whether the log is long.
    at_once_left: u32,
    /// Whether the log may have been carried over since the last synced commit: the next commit begins it anew, which `SQLite` syncs.
    is_log_new: bool,
}

impl Connected {
    pub(super) fn new(opener: Arc<Opener>, role: Role) -> Self {
        Self { opener, role, connection: None, syncs: true, carries_over: false, at_once_left: 0, is_log_new: true }
    }

    /// Runs a call without a wait: on a connection that is open, where no other process writes. It does not sync, and carries no log over.
    /// Where that cannot be, the call is given back and has not run.
    pub(super) fn at_once<T, F>(&mut self, how: How, act: F) -> Result<Result<T, StoreError>, F>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError>,
    {
        let may = match how {
            How::Reading => true,
            How::Unsynced => self.at_once_left > 0 && !self.is_log_new,
            How::ReadingAll | How::Synced | How::Bare => false,
        };
        if !may || self.connection.is_none() || self.opener.is_suspect(self.role) || !self.waits(Duration::ZERO) {
            return Err(act);
        }
        let done = if self.begins_at_once(how) { Ok(self.finish_at_once(how, act)) } else { Err(act) };
        self.leave();
        if !self.waits(PATIENCE) {
            self.connection = None;
        }
        done
    }

    /// Begins a transaction that waits for nobody from here on: in WAL mode who writes has the lock, and who reads has seen what it reads.
    fn begins_at_once(&mut self, how: How) -> bool {
        if how == How::Unsynced && self.settle(false, false).is_err() {
            return false;
        }
        let Some(connection) = &self.connection else { return false };
        match how {
            How::Unsynced => run(connection, sql::BEGIN_WRITING, []).is_ok(),
            _ => run(connection, sql::BEGIN_READING, []).is_ok() && looked(connection).is_ok(),
        }
    }

    fn finish_at_once<T>(
        &mut self,
        how: How,
        act: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(connection) = &self.connection else { return Err(self.opener.unreadable("it is not open")) };
        let written = connection.total_changes();
        let done =
            catch_unwind(AssertUnwindSafe(|| act(connection))).unwrap_or_else(|_| Err(panicked(&self.opener)))?;
        if how == How::Unsynced {
            commit(&self.opener, connection, how)?;
            self.at_once_left -= 1;
        } else {
            debug_assert_eq!(written, connection.total_changes(), "it only reads");
        }
        Ok(done)
    }

    /// How long it waits for another process.
    fn waits(&self, patience: Duration) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.busy_timeout(patience).is_ok())
    }

    /// Runs calls one after the other. Those that write share a commit; what is not of their kind comes alone.
    pub(super) fn run_all(&mut self, how: How, mut acts: Vec<Box<dyn Act>>) -> Vec<Ended> {
        let mut ended = Vec::with_capacity(acts.len());
        while acts.len() > 1 {
            let rest = self.transact_all(how, acts, &mut ended);
            acts = rest;
        }
        for mut act in acts {
            let end = self.transact(how, &mut *act);
            ended.push((act, end));
        }
        ended
    }

    /// Runs the calls that have queued up, in their order, in one transaction: one sync is enough for all of them. Each is undone alone
    /// where it fails, and answered after the commit. Gives back those that have not run.
    fn transact_all(&mut self, how: How, mut acts: Vec<Box<dyn Act>>, ended: &mut Vec<Ended>) -> Vec<Box<dyn Act>> {
        let opener = Arc::clone(&self.opener);
        let begun = self.begun(how);
        let connection = match begun {
            Ok(connection) => connection,
            Err(error) => {
                ended.extend(acts.into_iter().map(|act| (act, Err(error.clone()))));
                return Vec::new();
            }
        };
        let mut kept = Vec::with_capacity(acts.len());
        for act in &mut acts {
            kept.push(attempt(&opener, connection, &mut **act));
            // A full disk ends all of it, and not the one call alone.
            if connection.is_autocommit() {
                break;
            }
        }
        let not_run = acts.split_off(kept.len());
        let committed = if connection.is_autocommit() {
            Err(opener.error(&ended_by_sqlite()))
        } else {
            commit(&opener, connection, how)
        };
        self.note(how);
        self.leave();
        ended.extend(
            acts.into_iter()
                .zip(kept)
                .map(|(act, kept)| (act, kept.and_then(|kept| if kept { committed.clone() } else { Ok(()) }))),
        );
        not_run
    }

    /// Runs one call. An error of its own is in the call, and `Ok` here.
    fn transact(&mut self, how: How, act: &mut dyn Act) -> Result<(), StoreError> {
        let opener = Arc::clone(&self.opener);
        let connection = self.begun(how)?;
        let ended = match catch_unwind(AssertUnwindSafe(|| act.run(connection))) {
            Err(_) => Err(panicked(&opener)),
            Ok(true) if how != How::Bare => commit(&opener, connection, how),
            Ok(_) => Ok(()),
        };
        self.note(how);
        self.leave();
        ended
    }

    /// The connection, open, syncing as it is to, and in a transaction.
    fn begun(&mut self, how: How) -> Result<&Connection, StoreError> {
        self.ready(how)?;
        let Some(connection) = &self.connection else { return Err(self.opener.unreadable("it is not open")) };
        let begin = match how {
            How::Reading | How::ReadingAll => sql::BEGIN_READING,
            How::Synced | How::Unsynced => sql::BEGIN_WRITING,
            How::Bare => return Ok(connection),
        };
        run(connection, begin, []).map_err(|error| self.opener.error(&error))?;
        Ok(connection)
    }

    /// Notes what a commit of the kind may have done to the log.
    fn note(&mut self, how: How) {
        match how {
            How::Unsynced => (self.at_once_left, self.is_log_new) = (AT_ONCE, true),
            How::Synced => self.is_log_new = false,
            How::Reading | How::ReadingAll | How::Bare => {}
        }
    }

    /// Undoes what was not committed. A connection that cannot do that is given up.
    fn leave(&mut self) {
        let left = |connection: &Connection| {
            // A full disk may have ended it already.
            connection.is_autocommit() || (run(connection, sql::ROLLBACK, []).is_ok() && connection.is_autocommit())
        };
        if !self.connection.as_ref().is_some_and(left) {
            self.connection = None;
        }
    }

    /// Sees to it that the connection is open, and syncs as it is to.
    fn ready(&mut self, how: How) -> Result<(), StoreError> {
        if self.opener.was_suspect(self.role) {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(self.opener.open(self.role)?);
            (self.syncs, self.carries_over) = (true, false);
            (self.at_once_left, self.is_log_new) = (0, true);
        }
        match how {
            How::Synced => self.settle(true, false),
            How::Unsynced => self.settle(false, true),
            How::Reading | How::ReadingAll | How::Bare => Ok(()),
        }
    }

    /// Has commits sync or not, and carry the log over early or not.
    fn settle(&mut self, syncs: bool, carries_over: bool) -> Result<(), StoreError> {
        let Some(connection) = &self.connection else { return Ok(()) };
        let change = |pragma| connection.execute_batch(pragma).map_err(|error| self.opener.error(&error));
        if syncs != self.syncs {
            change(if syncs { sql::SYNCED } else { sql::UNSYNCED })?;
            self.syncs = syncs;
        }
        if carries_over != self.carries_over {
            change(if carries_over { sql::CARRY_OVER_EARLY } else { sql::CARRY_OVER_LATE })?;
            self.carries_over = carries_over;
        }
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        let Some(connection) = self.connection.take() else { return Ok(()) };
        connection.close().map_err(|(_, error)| self.opener.error(&error))
    }

    /// Leaves the connection to the end of the process: closing would carry the log over.
    pub(super) fn forget(&mut self) {
        std::mem::forget(self.connection.take());
    }
}

/// The first look of a transaction that reads: what it reads from here on is as it was at this moment.
fn looked(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.prepare_cached(sql::FIRST_LOOK)?.exists([])
}

fn commit(opener: &Opener, connection: &Connection, how: How) -> Result<(), StoreError> {
    run(connection, sql::COMMIT, []).map_err(|error| opener.error(&error))?;
    if how == How::Synced {
        opener.note_sync();
    }
    Ok(())
}

/// Runs one call of several. `false`: it failed, and was undone alone.
fn attempt(opener: &Opener, connection: &Connection, act: &mut dyn Act) -> Result<bool, StoreError> {
    let step = |statement| run(connection, statement, []).map(drop).map_err(|error| opener.error(&error));
    step(sql::SAVEPOINT)?;
    let ran = catch_unwind(AssertUnwindSafe(|| act.run(connection)));
    if connection.is_autocommit() {
        return ran.map(|_| false).map_err(|_| panicked(opener));
    }
    match ran {
        Ok(true) => step(sql::RELEASE).map(|()| true),
        Ok(false) => step(sql::UNDO).and_then(|()| step(sql::RELEASE)).map(|()| false),
        Err(_) => step(sql::UNDO).and_then(|()| step(sql::RELEASE)).and(Err(panicked(opener))),
    }
}

/// What those are told whose work was undone by the failure of another.
fn ended_by_sqlite() -> rusqlite::Error {
    let reason = "a write that was to be committed with it failed".to_owned();
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), Some(reason))
}

fn panicked(opener: &Opener) -> StoreError {
    opener.unreadable("a call to it failed inside this program (a bug), and nothing of it was stored")
}

/// How many leases are taken by their callers before one is taken by the thread, which carries the log over where it has grown long: some
/// eight rotations write less than what is let grow.
const AT_ONCE: u32 = 8;
