//! The threads that own the connections: one writes, one reads, and a call is a trip to one of them.
//!
//! Enters: a closure over a connection. Leaves: what it returns, after its transaction has ended. The closure *is* the transaction:
//! begun before it, committed when it returns a value, undone when it returns an error. A caller that goes away changes nothing: what is
//! on its way is done, so that an answer which was handed over is stored (I3), and nobody is told of it. A closure that panics is undone,
//! its caller is told, and the thread goes on. A crash leaves the state before the transaction or the one after it (I5).
//!
//! Calls that have queued up while a commit was synced share the next one: each behind a savepoint of its own, so that one that fails is
//! undone alone, and each answered after the commit. A commit that fails has stored nothing of any of them.
//!
//! The reader waits for nobody who writes, in this process or in another one (I7): a write that waits for another process's lock
//! waits on the writer's thread.
//!
//! **How durable.** The writer syncs the log at a commit (`synchronous=FULL`: I2), but for leases and caches, which may be lost with the
//! power (`NORMAL`, which in WAL mode means no sync). A connection can change between the two where no transaction is open
//! (<https://www.sqlite.org/pragma.html#pragma_synchronous>), and a sync covers all of the log before it, whoever wrote it. Two
//! connections, one for each, would wait for each other's lock with sleeps.
//!
//! Threads start with the first call, end with the vault, and leave their connection to the end of the process (see
//! [`super::connect`] on checkpoints). [`Worker::close`] returns when the files are closed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, ffi};
use tokenward_core::ports::StoreError;
use tokio::sync::oneshot;

use super::connect::{Opener, Role};
use super::query::run;
use super::statements as sql;

/// What a call is, beside what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// A transaction that only reads, on the reader.
    Reading,
    /// A transaction that is synced.
    Synced,
    /// A transaction that may be lost with the power.
    Unsynced,
    /// No transaction: what cannot be in one.
    Bare,
}

/// A thread with a connection, started by the first call.
pub(super) struct Worker {
    opener: Arc<Opener>,
    role: Role,
    queue: Mutex<Option<Sender<Message>>>,
}

impl Worker {
    pub(super) fn new(opener: Arc<Opener>, role: Role) -> Self {
        Self { opener, role, queue: Mutex::new(None) }
    }

    /// Does something on the thread.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        tracing::trace!(?how, "a trip to the vault");
        let (caller, answer) = oneshot::channel();
        self.send(Message::Call(how, Box::new(Call { act: Some(act), done: None, caller })))?;
        // The thread answers each call that it takes, whatever becomes of it.
        answer.await.unwrap_or_else(|_| Err(self.opener.unreadable("its thread has ended")))
    }

    /// Closes the connection, if there is one. Its files are closed when this returns; a call that follows opens them again.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        if self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Ok(());
        }
        let (caller, answer) = oneshot::channel();
        self.send(Message::Close(caller))?;
        answer.await.unwrap_or(Ok(()))
    }

    fn send(&self, message: Message) -> Result<(), StoreError> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match &*queue {
            Some(sender) => sender,
            None => queue.insert(self.start()?),
        };
        sender.send(message).map_err(|_| self.opener.unreadable("its thread has ended"))
    }

    fn start(&self) -> Result<Sender<Message>, StoreError> {
        let (sender, queue) = mpsc::channel();
        let seat = Seat { opener: Arc::clone(&self.opener), role: self.role, connection: None, synced: true };
        let name = match self.role {
            Role::Reading => "tokenward-read",
            Role::Writing => "tokenward-write",
        };
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || seat.serve(&queue));
        started.map_err(|error| self.opener.unreadable(&format!("its thread cannot be started: {error}")))?;
        Ok(sender)
    }
}

enum Message {
    Call(How, Box<dyn Act>),
    Close(oneshot::Sender<Result<(), StoreError>>),
}

/// What a caller wants done, and the caller.
trait Act: Send {
    /// Does it; `false`: what it wrote is to be undone.
    fn run(&mut self, tx: &Connection) -> bool;

    /// Tells the caller what came of it, or what came in between.
    fn tell(self: Box<Self>, ended: Result<(), StoreError>);
}

struct Call<T, F> {
    act: Option<F>,
    done: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T, StoreError> + Send> Act for Call<T, F> {
    fn run(&mut self, tx: &Connection) -> bool {
        self.done = self.act.take().map(|act| act(tx));
        matches!(self.done, Some(Ok(_)))
    }

    fn tell(self: Box<Self>, ended: Result<(), StoreError>) {
        let told = match (ended, self.done) {
            (Ok(()), Some(done)) => done,
            (Err(error), _) => Err(error),
            // It has neither run nor failed: nobody calls it so.
            (Ok(()), None) => return,
        };
        // Whoever has gone away does not hear it.
        drop(self.caller.send(told));
    }
}

/// The thread's side.
struct Seat {
    opener: Arc<Opener>,
    role: Role,
    connection: Option<Connection>,
    /// Whether the connection syncs its commits now.
    synced: bool,
}

impl Seat {
    fn serve(mut self, queue: &Receiver<Message>) {
        let mut next = None;
        while let Some(message) = next.take().or_else(|| queue.recv().ok()) {
            match message {
                Message::Call(mut how @ (How::Synced | How::Unsynced), act) => {
                    let mut acts = vec![act];
                    while acts.len() < AT_ONCE
                        && let Ok(message) = queue.try_recv()
                    {
                        match message {
                            Message::Call(other @ (How::Synced | How::Unsynced), act) => {
                                how = if other == How::Synced { other } else { how };
                                acts.push(act);
                            }
                            other => {
                                next = Some(other);
                                break;
                            }
                        }
                    }
                    self.transact_all(how, acts);
                }
                Message::Call(how, mut act) => {
                    let ended = self.transact(how, &mut *act);
                    act.tell(ended);
                }
                Message::Close(caller) => drop(caller.send(self.close())),
            }
        }
        // The vault is gone. Closing would carry the log over.
        std::mem::forget(self.connection.take());
    }

    /// Runs the calls that have queued up, in their order, in one transaction: one sync is enough for all of them. Each is undone alone
    /// where it fails, and answered after the commit.
    fn transact_all(&mut self, how: How, mut acts: Vec<Box<dyn Act>>) {
        if acts.len() == 1 {
            for mut act in acts {
                let ended = self.transact(how, &mut *act);
                act.tell(ended);
            }
            return;
        }
        let opener = Arc::clone(&self.opener);
        let begun = self.begun(how);
        let connection = match begun {
            Ok(connection) => connection,
            Err(error) => return acts.into_iter().for_each(|act| act.tell(Err(error.clone()))),
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
        self.leave();
        for (act, kept) in acts.into_iter().zip(kept) {
            act.tell(kept.and_then(|kept| if kept { committed.clone() } else { Ok(()) }));
        }
        if !not_run.is_empty() {
            self.transact_all(how, not_run);
        }
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
        self.leave();
        ended
    }

    /// The connection, open, syncing as it is to, and in a transaction.
    fn begun(&mut self, how: How) -> Result<&Connection, StoreError> {
        self.ready(how)?;
        let Some(connection) = &self.connection else { return Err(self.opener.unreadable("it is not open")) };
        let begin = match how {
            How::Reading => sql::BEGIN_READING,
            How::Synced | How::Unsynced => sql::BEGIN_WRITING,
            How::Bare => return Ok(connection),
        };
        run(connection, begin, []).map_err(|error| self.opener.error(&error))?;
        Ok(connection)
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
            self.synced = true;
        }
        let synced = match how {
            How::Synced => true,
            How::Unsynced => false,
            How::Reading | How::Bare => return Ok(()),
        };
        if synced != self.synced
            && let Some(connection) = &self.connection
        {
            let change = if synced { sql::SYNCED } else { sql::UNSYNCED };
            connection.execute_batch(change).map_err(|error| self.opener.error(&error))?;
            self.synced = synced;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let Some(connection) = self.connection.take() else { return Ok(()) };
        connection.close().map_err(|(_, error)| self.opener.error(&error))
    }
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

/// How many calls share a commit at most, so that the first of them does not wait for ever.
const AT_ONCE: usize = 64;

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use tokenward_core::ports::{StoreError, StoreFault};

    use crate::folder::Folder;
    use crate::key::KeySources;
    use crate::sqlite::failure::Failed;
    use crate::sqlite::query::run;
    use crate::sqlite::{Context, SqliteVault, VaultOptions};
    use crate::suite::{TestClock, TestEntropy};

    async fn with_notes(home: &Path) -> SqliteVault {
        let options = VaultOptions {
            folder: Folder::new(home.join("home")),
            keys: KeySources::default(),
            clock: Arc::new(TestClock::default()),
            entropy: Arc::new(TestEntropy),
        };
        let vault = SqliteVault::open(options).await.unwrap();
        vault.write(|_, tx| Ok(run(tx, "CREATE TABLE notes (note INTEGER)", [])?)).await.unwrap();
        vault
    }

    fn note(tx: &rusqlite::Connection) -> Result<(), Failed> {
        run(tx, "INSERT INTO notes VALUES (1)", [])?;
        Ok(())
    }

    fn count(tx: &rusqlite::Connection) -> Result<i64, Failed> {
        Ok(tx.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))?)
    }

    async fn notes(vault: &SqliteVault) -> i64 {
        vault.read(|_, tx| count(tx)).await.unwrap()
    }

    /// The thread goes on with the next call, whoever broke the last one.
    #[tokio::test]
    async fn what_panics_or_fails_is_undone_and_its_caller_is_told() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        for round in 1..=3 {
            let broken = vault.write(|_, tx| -> Result<(), Failed> {
                note(tx)?;
                panic!("a bug, for a test")
            });
            let broken = broken.await;
            assert!(
                matches!(&broken, Err(StoreError { kind: StoreFault::Unreadable, reason, .. }) if reason.contains("a bug")),
                "{broken:?}"
            );
            let failed = vault.write_unsynced(|_, tx| -> Result<(), Failed> {
                note(tx)?;
                Err(StoreError::moved().into())
            });
            assert!(matches!(failed.await, Err(StoreError { kind: StoreFault::Moved, .. })));
            let reads = vault.read(|_, _| -> Result<(), Failed> { panic!("a bug, for a test") });
            assert!(reads.await.is_err());
            let bare = vault.bare(|_, _| -> Result<(), Failed> { panic!("a bug, for a test") });
            assert!(bare.await.is_err());
            assert_eq!(notes(&vault).await, round - 1);
            vault.write(|_, tx| note(tx)).await.unwrap();
            assert_eq!(notes(&vault).await, round);
        }
    }

    #[tokio::test]
    async fn what_has_begun_is_done_when_its_caller_has_gone() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        let ((begins, has_begun), (goes_on, may_go_on)) = (channel(), channel());
        {
            let mut call = std::pin::pin!(vault.write(move |_, tx| {
                begins.send(()).unwrap();
                may_go_on.recv().unwrap();
                note(tx)
            }));
            tokio::select! {
                biased;
                done = &mut call => panic!("it waits: {done:?}"),
                begun = tokio::task::spawn_blocking(move || has_begun.recv()) => begun.unwrap().unwrap(),
            }
        }
        assert_eq!(notes(&vault).await, 0, "nobody who reads waits for it");
        goes_on.send(()).unwrap();
        vault.bare(|_, _| Ok(())).await.unwrap();
        assert_eq!(notes(&vault).await, 1);
    }

    /// Those who come while one is at it share the next commit: each is told what came of its own, and reads what those before it wrote.
    #[tokio::test]
    async fn calls_that_queue_up_share_a_commit_and_fail_alone() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        let ((begins, has_begun), (goes_on, may_go_on)) = (channel(), channel());
        let first = vault.bare(move |_, _| {
            begins.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(())
        });
        let calls = async {
            tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
            let kept = |_: &Context, tx: &rusqlite::Connection| {
                note(tx)?;
                // Nobody else sees it yet.
                count(tx)
            };
            let broken = |_: &Context, tx: &rusqlite::Connection| -> Result<i64, Failed> {
                note(tx)?;
                panic!("a bug, for a test")
            };
            let failed = |_: &Context, tx: &rusqlite::Connection| -> Result<i64, Failed> {
                note(tx)?;
                Err(StoreError::moved().into())
            };
            let synced = |_: &Context, tx: &rusqlite::Connection| -> Result<i64, Failed> {
                // As nothing is written after it, two calls of one transaction see the same.
                Ok(tx.query_row("PRAGMA synchronous", [], |row| row.get(0))?)
            };
            let go = async { goes_on.send(()).unwrap() };
            tokio::join!(
                vault.write_unsynced(kept),
                vault.write(failed),
                vault.write_unsynced(broken),
                vault.write(kept),
                vault.write_unsynced(synced),
                go,
            )
        };
        let (done, (one, failed, broken, two, synced, ())) = tokio::join!(first, calls);
        done.unwrap();
        assert_eq!((one.unwrap(), two.unwrap()), (1, 2), "what failed between them is undone");
        assert!(matches!(failed, Err(StoreError { kind: StoreFault::Moved, .. })));
        assert!(matches!(broken, Err(StoreError { kind: StoreFault::Unreadable, .. })));
        assert_eq!(synced.unwrap(), 2, "one that need not be synced is, with one that has to be");
        assert_eq!(notes(&vault).await, 2);
    }

    /// A commit that fails has stored nothing of any of them, and none is told that it has.
    #[tokio::test]
    async fn a_shared_commit_that_fails_fails_all_of_them() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        // A foreign key is looked at by the commit where it is deferred.
        let tables = "CREATE TABLE owners (id INTEGER PRIMARY KEY);
            CREATE TABLE owned (of INTEGER REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED)";
        let keys = "PRAGMA foreign_keys = ON";
        vault.bare(move |_, tx| Ok(tx.execute_batch(tables).and_then(|()| tx.execute_batch(keys))?)).await.unwrap();
        let ((begins, has_begun), (goes_on, may_go_on)) = (channel(), channel());
        let first = vault.bare(move |_, _| {
            begins.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(())
        });
        let calls = async {
            tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
            let orphan = |_: &Context, tx: &rusqlite::Connection| -> Result<(), Failed> {
                run(tx, "INSERT INTO owned VALUES (7)", [])?;
                Ok(())
            };
            let go = async { goes_on.send(()).unwrap() };
            tokio::join!(vault.write(|_, tx| note(tx)), vault.write(orphan), vault.write(|_, tx| note(tx)), go)
        };
        let (done, (one, orphan, two, ())) = tokio::join!(first, calls);
        done.unwrap();
        assert!(one.is_err() && orphan.is_err() && two.is_err(), "{one:?} {orphan:?} {two:?}");
        assert_eq!(notes(&vault).await, 0);
        vault.write(|_, tx| note(tx)).await.unwrap();
        assert_eq!(notes(&vault).await, 1, "and the thread goes on");
    }

    /// I2: what must be durable is synced by its own commit, whatever was written before it.
    #[tokio::test]
    async fn each_commit_is_synced_as_its_call_wants() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        let synchronous = |tx: &rusqlite::Connection| -> Result<i64, Failed> {
            Ok(tx.query_row("PRAGMA synchronous", [], |row| row.get(0))?)
        };
        // https://www.sqlite.org/pragma.html#pragma_synchronous: FULL is 2, NORMAL is 1.
        for _ in 0..2 {
            assert_eq!(vault.write(move |_, tx| synchronous(tx)).await.unwrap(), 2);
            assert_eq!(vault.write_unsynced(move |_, tx| synchronous(tx)).await.unwrap(), 1);
            assert_eq!(vault.write(move |_, tx| synchronous(tx)).await.unwrap(), 2);
            // A connection that is opened anew syncs, and is asked anew.
            vault.close_connections().await.unwrap();
            assert_eq!(vault.write_unsynced(move |_, tx| synchronous(tx)).await.unwrap(), 1);
            vault.close_connections().await.unwrap();
        }
    }

    /// A restore exchanges the folder next.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn no_file_is_open_any_more_when_closing_returns() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        let inside = std::fs::canonicalize(place.path()).unwrap();
        let open = || {
            let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
            files
                .filter_map(|file| std::fs::read_link(file.path()).ok())
                .filter(|file| file.starts_with(&inside))
                .count()
        };
        for _ in 0..8 {
            vault.write(|_, tx| note(tx)).await.unwrap();
            notes(&vault).await;
            assert!(open() > 0);
            vault.close_connections().await.unwrap();
            assert_eq!(open(), 0);
        }
        assert_eq!(notes(&vault).await, 8, "a call opens them again");
    }
}
