//! The threads that own the connections: one writes, one reads, and a call is a trip to one of them, or is run where it comes from.
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
//! **At once.** A trip to a thread and back is two threads woken, which takes longer than many a closure. So a call is run on its caller's own
//! thread where that is as short as it seems: neither thread has anything to do (where many call at once, they had better work beside the
//! callers; and calls of one caller keep their order), the connection is open, and no other process is writing ([`Connected::at_once`]). That is
//! so of reads of some rows, on the writer's connection, which has at hand what it wrote last, or on the reader's; and of leases and caches,
//! which are not synced. What is synced never runs there: an async worker, and with it whatever else it serves, would stand still until the
//! disk has answered. Nor does what reads through whole tables. What is run at once is over before its caller can go away.
//!
//! Threads start with the first call, end with the vault, and leave their connection to the end of the process (see
//! [`super::connect`] on checkpoints). [`Worker::close`] returns when the files are closed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokenward_core::ports::StoreError;
use tokio::sync::oneshot;

use super::connect::{Opener, Role};
use super::transactions::{Act, Connected, How};

/// A connection with a thread, started by the first call that needs it.
pub(super) struct Worker {
    opener: Arc<Opener>,
    role: Role,
    connected: Arc<Mutex<Connected>>,
    /// How many calls the thread has been handed that have not ended.
    handed_over: Arc<AtomicUsize>,
    queue: Mutex<Option<Sender<Message>>>,
}

impl Worker {
    pub(super) fn new(opener: Arc<Opener>, role: Role) -> Self {
        let connected = Arc::new(Mutex::new(Connected::new(Arc::clone(&opener), role)));
        Self { opener, role, connected, handed_over: Arc::default(), queue: Mutex::new(None) }
    }

    /// Does something where it is called, if that can be had without a wait; otherwise it is given back.
    pub(super) fn at_once<T, F>(&self, how: How, act: F) -> Result<Result<T, StoreError>, F>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError>,
    {
        match self.connected.try_lock() {
            Ok(mut connected) if self.is_idle() => connected.at_once(how, act),
            _ => Err(act),
        }
    }

    /// Whether its thread has nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.handed_over.load(Ordering::Acquire) == 0
    }

    /// Does something on the thread.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
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
        if matches!(message, Message::Call(..)) {
            self.handed_over.fetch_add(1, Ordering::AcqRel);
        }
        sender.send(message).map_err(|_| self.opener.unreadable("its thread has ended"))
    }

    fn start(&self) -> Result<Sender<Message>, StoreError> {
        let (sender, queue) = mpsc::channel();
        let thread = Thread {
            connected: Arc::clone(&self.connected),
            handed_over: Arc::clone(&self.handed_over),
            spins: if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) { SPINS } else { 0 },
        };
        let name = match self.role {
            Role::Reading => "tokenward-read",
            Role::Writing => "tokenward-write",
        };
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || thread.serve(&queue));
        started.map_err(|error| self.opener.unreadable(&format!("its thread cannot be started: {error}")))?;
        Ok(sender)
    }
}

enum Message {
    Call(How, Box<dyn Act>),
    Close(oneshot::Sender<Result<(), StoreError>>),
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
struct Thread {
    connected: Arc<Mutex<Connected>>,
    handed_over: Arc<AtomicUsize>,
    /// How often it looks for the next call of a lone caller before it sleeps.
    spins: u32,
}

impl Thread {
    fn serve(self, queue: &Receiver<Message>) {
        let (mut next, mut is_lone) = (None, false);
        while let Some(message) = next.take().or_else(|| self.receive(queue, is_lone)) {
            match message {
                Message::Call(mut how, act) => {
                    let mut connected = self.connected();
                    let mut acts = vec![act];
                    while how.writes() && acts.len() < TOGETHER {
                        match queue.try_recv() {
                            Ok(Message::Call(other, act)) if other.writes() => {
                                how = if other == How::Synced { other } else { how };
                                acts.push(act);
                            }
                            other => {
                                next = other.ok();
                                break;
                            }
                        }
                    }
                    let ended = connected.run_all(how, acts);
                    is_lone = ended.len() == 1;
                    // Before anybody is told, so that what a caller does next can be done at once.
                    drop(connected);
                    self.handed_over.fetch_sub(ended.len(), Ordering::AcqRel);
                    for (act, ended) in ended {
                        act.tell(ended);
                    }
                }
                Message::Close(caller) => {
                    let closed = self.connected().close();
                    drop(caller.send(closed));
                }
            }
        }
        // The vault is gone.
        self.connected().forget();
    }

    /// The next message. A lone caller that was told something often asks for more in a moment, and to be woken takes longer than that. Of
    /// many the first is not waited for: meanwhile the others come, and share its commit.
    fn receive(&self, queue: &Receiver<Message>, is_lone: bool) -> Option<Message> {
        for _ in 0..if is_lone { self.spins } else { 0 } {
            match queue.try_recv() {
                Ok(message) => return Some(message),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => std::hint::spin_loop(),
            }
        }
        queue.recv().ok()
    }

    fn connected(&self) -> MutexGuard<'_, Connected> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many calls share a commit at most, so that the first of them does not wait for ever.
const TOGETHER: usize = 64;
/// A tenth or two of a millisecond: longer than what lies between two calls of one rotation, the provider's answer aside.
const SPINS: u32 = 6_000;

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use tokenward_core::ports::{StoreError, StoreFault};

    use crate::folder::Folder;
    use crate::key_sources::KeySources;
    use crate::records::run_statement::run;
    use crate::records::transaction_error::Failed;
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
        vault.write(|_, tx| run(tx, "CREATE TABLE notes (note INTEGER)", &[])).await.unwrap();
        vault
    }

    fn note(tx: &rusqlite::Connection) -> Result<(), Failed> {
        run(tx, "INSERT INTO notes VALUES (1)", &[])?;
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
                run(tx, "INSERT INTO owned VALUES (7)", &[])?;
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

    /// Which thread a call runs on; a lone one and those that are many.
    #[tokio::test]
    async fn a_lone_call_that_needs_no_disk_runs_where_it_comes_from() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        let here = std::thread::current().id();
        let is_here = move || std::thread::current().id() == here;
        assert!(!vault.write(move |_, _| Ok(is_here())).await.unwrap(), "what is synced waits elsewhere");
        assert!(vault.read(move |_, _| Ok(is_here())).await.unwrap(), "on the connection that has written");
        assert!(!vault.read_all(move |_, _| Ok(is_here())).await.unwrap(), "what reads much waits elsewhere");
        // The first of some looks whether the log is long, on the thread; the commit after it begins the log anew.
        let mut at_once = Vec::new();
        for _ in 0..20 {
            at_once.push(vault.write_unsynced(move |_, tx| note(tx).map(|()| is_here())).await.unwrap());
            assert!(!vault.write(move |_, tx| note(tx).map(|()| is_here())).await.unwrap());
        }
        let expected: Vec<_> = (0..20).map(|number| number % 9 != 0).collect();
        assert_eq!(at_once, expected);
        assert_eq!(notes(&vault).await, 40);

        // While the thread has something to do, nothing is run beside it that would have to wait for it.
        let ((begins, has_begun), (goes_on, may_go_on)) = (channel(), channel());
        let first = vault.write(move |_, _| {
            begins.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(())
        });
        let others = async {
            tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
            assert!(!vault.read(move |_, _| Ok(is_here())).await.unwrap());
            goes_on.send(()).unwrap();
        };
        let (first, ()) = tokio::join!(first, others);
        first.unwrap();
    }

    /// Another process's write is waited for on the thread; who reads does not wait, and nobody's worker stands still.
    #[tokio::test]
    async fn what_has_to_wait_for_another_process_waits_on_the_thread() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        vault.write_unsynced(|_, tx| note(tx)).await.unwrap();
        vault.write(|_, tx| note(tx)).await.unwrap();
        let here = std::thread::current().id();
        let is_here = move || std::thread::current().id() == here;
        let other = rusqlite::Connection::open(place.path().join("home/vault/vault.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE; INSERT INTO notes VALUES (1)").unwrap();
        assert!(vault.read(move |_, _| Ok(is_here())).await.unwrap());
        assert_eq!(notes(&vault).await, 2, "it is not there yet");
        let mut waiting = std::pin::pin!(vault.write_unsynced(move |_, tx| note(tx).map(|()| is_here())));
        tokio::select! {
            biased;
            done = &mut waiting => panic!("it waits for nobody: {done:?}"),
            () = tokio::task::yield_now() => {}
        }
        other.execute_batch("COMMIT").unwrap();
        assert!(!waiting.await.unwrap());
        assert_eq!(notes(&vault).await, 4);
        // The wait has left nothing behind.
        vault.write(|_, tx| note(tx)).await.unwrap();
        assert!(vault.write_unsynced(move |_, tx| note(tx).map(|()| is_here())).await.unwrap());
    }

    /// A call that fails or panics where it was called is undone as on the thread.
    #[tokio::test]
    async fn what_fails_at_once_is_undone() {
        let place = tempfile::tempdir().unwrap();
        let vault = with_notes(place.path()).await;
        vault.write_unsynced(|_, tx| note(tx)).await.unwrap();
        vault.write(|_, tx| note(tx)).await.unwrap();
        let here = std::thread::current().id();
        let is_here = move || std::thread::current().id() == here;
        let broken = vault.write_unsynced(move |_, tx| -> Result<(), Failed> {
            note(tx)?;
            assert!(!is_here(), "a bug, for a test");
            Ok(())
        });
        let broken = broken.await;
        assert!(
            matches!(&broken, Err(StoreError { kind: StoreFault::Unreadable, reason, .. }) if reason.contains("a bug"))
        );
        let failed = vault.write_unsynced(|_, tx| -> Result<(), Failed> {
            note(tx)?;
            Err(StoreError::moved().into())
        });
        assert!(matches!(failed.await, Err(StoreError { kind: StoreFault::Moved, .. })));
        assert_eq!(notes(&vault).await, 2);
        vault.write(|_, tx| note(tx)).await.unwrap();
        assert_eq!(notes(&vault).await, 3);
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
