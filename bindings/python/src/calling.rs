//! From a Python thread into the library and back.
//!
//! Enters: a future of the library. Leaves: what it came to. It runs on the engine's thread, one for each process, which never touches Python: so
//! a caller can be interrupted and a refresh under way is not, and what the library goes on with after its answer has somewhere to run.
//!
//! A forked child has none of its parent's threads. So the thread is known by the number of its process, and a child starts its own.
//! The locks of this crate are taken only while attached to the interpreter and never across anything that waits: whoever forks is attached, so
//! no other thread can hold one at that moment, and a child finds them free.
//! The locks of what lies below (`SQLite` has some for the whole process) are not ours: so a fork waits until the library is at nothing
//! ([`before_fork`]), and what is begun meanwhile waits for the fork.
//!
//! A daemon thread may still wait for an answer when the program ends. Before Python 3.14 the interpreter ends such a thread as it comes back,
//! by unwinding what it is in, which is our code too and ends the process with it. So it does not come back any more ([`finish`]).

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyCFunction;
use tokenward::Client;
use tokio::runtime::{Builder, Handle};

/// Something that belongs to one process. A child neither uses what its parent opened nor closes it.
pub(crate) struct OfProcess<T> {
    process: u32,
    inner: Option<T>,
}

impl<T> OfProcess<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { process: std::process::id(), inner: Some(inner) }
    }

    /// It, in the process that it belongs to.
    pub(crate) fn get(&self) -> Option<&T> {
        self.inner.as_ref().filter(|_| self.process == std::process::id())
    }
}

impl<T> Drop for OfProcess<T> {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            std::mem::forget(self.inner.take());
        }
    }
}

/// A place for what each process opens for itself, at its first use.
pub(crate) struct PerProcess<T>(Mutex<Option<Arc<OfProcess<T>>>>);

impl<T> PerProcess<T> {
    pub(crate) const fn empty() -> Self {
        Self(Mutex::new(None))
    }

    /// What this process opened.
    pub(crate) fn get(&self) -> Option<Arc<OfProcess<T>>> {
        self.lock().as_ref().filter(|opened| opened.get().is_some()).map(Arc::clone)
    }

    /// Puts it there, unless another thread of this process was quicker. Gives back what is there now, and whether it is this.
    pub(crate) fn put(&self, inner: T) -> (Arc<OfProcess<T>>, bool) {
        let mut held = self.lock();
        match held.as_ref().filter(|opened| opened.get().is_some()) {
            Some(theirs) => (Arc::clone(theirs), false),
            None => (Arc::clone(held.insert(Arc::new(OfProcess::new(inner)))), true),
        }
    }

    /// Empties it.
    pub(crate) fn take(&self) -> Option<Arc<OfProcess<T>>> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<OfProcess<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The engine's thread of this process.
struct Engine {
    handle: Handle,
    /// What is open, so that the end of the process can wait for it.
    opened: Vec<Weak<OfProcess<Client>>>,
}

static ENGINE: Mutex<Option<OfProcess<Mutex<Engine>>>> = Mutex::new(None);

/// Runs a future of the library, with the interpreter free for other threads.
///
/// Where gevent has patched the sockets, the wait is a thread of its hub's pool, so that other greenlets run.
pub(crate) fn run<T: Send + 'static>(py: Python<'_>, work: impl Future<Output = T> + Send + 'static) -> PyResult<T> {
    let (sender, receiver) = channel();
    let entered = enter(py)?;
    engine(py, |engine| {
        engine.handle.spawn(async move {
            let done = work.await;
            drop(entered);
            // Whoever asked may have been interrupted.
            let _ = sender.send(done);
        })
    })?;
    match gevent_pool(py)? {
        None => wait(py, receiver, true),
        Some(pool) => wait_in(py, &pool, receiver),
    }
}

/// Calls into the library that are under way in this process.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
/// Forks that wait, or are being done.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// Threads of Python that wait for an answer.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// Whether the interpreter is about to end.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread ends it, and may call until then.
    static ENDS_IT: Cell<bool> = const { Cell::new(false) };
}

/// A thread that waits for an answer.
struct Waiting;

impl Waiting {
    fn begin() -> Self {
        WAITING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A call that is under way.
struct UnderWay;

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Begins a call, after a fork that is being done.
fn enter(py: Python<'_>) -> PyResult<UnderWay> {
    loop {
        UNDER_WAY.fetch_add(1, Ordering::SeqCst);
        let entered = UnderWay;
        if FORKS.load(Ordering::SeqCst) == 0 {
            return Ok(entered);
        }
        drop(entered);
        py.detach(|| std::thread::sleep(FORK_STEP));
        py.check_signals()?;
    }
}

/// Before a fork: waits until no call is under way, and lets none begin. One that takes longer than two seconds (a refresh at a provider
/// that does not answer) is not waited for: it is at the network then, and holds no lock.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    FORKS.fetch_add(1, Ordering::SeqCst);
    for _ in 0..FORK_STEPS {
        if UNDER_WAY.load(Ordering::SeqCst) == 0 {
            return;
        }
        py.detach(|| std::thread::sleep(FORK_STEP));
    }
}

/// After a fork, in the parent.
#[pyfunction]
pub(crate) fn after_fork_in_parent() {
    FORKS.fetch_sub(1, Ordering::SeqCst);
}

/// After a fork, in the child, which has no call under way.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    FORKS.store(0, Ordering::SeqCst);
    UNDER_WAY.store(0, Ordering::SeqCst);
    WAITING.store(0, Ordering::SeqCst);
    IS_ENDING.store(false, Ordering::SeqCst);
}

/// Remembers what was opened, for the end of the process.
pub(crate) fn note_opened(py: Python<'_>, opened: &Arc<OfProcess<Client>>) -> PyResult<()> {
    engine(py, |engine| {
        engine.opened.retain(|opened| opened.strong_count() > 0);
        engine.opened.push(Arc::downgrade(opened));
    })
}

/// At the end of the program: waits for the refreshes that are under way in this process, no longer than so many seconds. What is left is
/// found by the next process. A thread that still waits for an answer afterwards gets none, and ends with the process.
#[pyfunction]
#[pyo3(signature = (seconds = 30.0))]
pub(crate) fn finish(py: Python<'_>, seconds: f64) -> PyResult<()> {
    let clients: Vec<Client> = {
        let held = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(engine) = held.as_ref().and_then(OfProcess::get) else { return Ok(()) };
        let engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = engine.opened.iter().filter_map(Weak::upgrade);
        opened.filter_map(|opened| opened.get().cloned()).collect()
    };
    let limit = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    run(py, async move {
        let all = async {
            for client in clients {
                client.idle().await;
            }
        };
        let _ = tokio::time::timeout(limit, all).await;
    })?;
    ENDS_IT.set(true);
    // Who has an answer takes it along.
    for _ in 0..END_STEPS {
        if WAITING.load(Ordering::SeqCst) == 0 {
            break;
        }
        py.detach(|| std::thread::sleep(FORK_STEP));
    }
    IS_ENDING.store(true, Ordering::SeqCst);
    // So does who looked a moment before.
    if WAITING.load(Ordering::SeqCst) > 0 {
        py.detach(|| std::thread::sleep(LAST_MOMENT));
    }
    Ok(())
}

/// The engine of this process, started where there is none yet.
fn engine<T>(_attached: Python<'_>, use_it: impl FnOnce(&mut Engine) -> T) -> PyResult<T> {
    let mut held = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    if held.as_ref().and_then(OfProcess::get).is_none() {
        *held = Some(OfProcess::new(Mutex::new(start()?)));
    }
    let engine = held.as_ref().and_then(OfProcess::get);
    let mut engine = engine.expect("it was just put there").lock().unwrap_or_else(PoisonError::into_inner);
    Ok(use_it(&mut engine))
}

fn start() -> PyResult<Engine> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot_start)?;
    let handle = runtime.handle().clone();
    let thread = std::thread::Builder::new().name("tokenward".to_owned());
    thread.spawn(move || runtime.block_on(std::future::pending::<()>())).map_err(cannot_start)?;
    Ok(Engine { handle, opened: Vec::new() })
}

fn cannot_start(error: std::io::Error) -> PyErr {
    PyRuntimeError::new_err(format!("tokenward cannot start its thread: {error}"))
}

/// Waits in steps, so that Ctrl-C is heard. What was begun goes on to its end. A thread of its own does not come back to an interpreter that ends.
fn wait<T: Send>(py: Python<'_>, mut receiver: Receiver<T>, is_own_thread: bool) -> PyResult<T> {
    let _waiting = Waiting::begin();
    loop {
        let (back, answer) = py.detach(move || {
            let answer = receiver.recv_timeout(STEP);
            while is_own_thread && IS_ENDING.load(Ordering::SeqCst) && !ENDS_IT.get() {
                std::thread::park();
            }
            (receiver, answer)
        });
        receiver = back;
        match answer {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("tokenward's thread gave no answer: this is a bug of tokenward"));
            }
        }
    }
}

/// The pool of the hub's threads, if gevent has patched the sockets and this is a thread with greenlets.
fn gevent_pool(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let modules = py.import("sys")?.getattr("modules")?;
    let monkey = modules.call_method1("get", ("gevent.monkey",))?;
    if monkey.is_none() || !monkey.call_method1("is_module_patched", ("socket",))?.is_truthy()? {
        return Ok(None);
    }
    Ok(Some(py.import("gevent")?.call_method0("get_hub")?.getattr("threadpool")?))
}

fn wait_in<T: Send + 'static>(py: Python<'_>, pool: &Bound<'_, PyAny>, receiver: Receiver<T>) -> PyResult<T> {
    let receiver = Mutex::new(Some(receiver));
    let answer = Arc::new(Mutex::new(None));
    let put = Arc::clone(&answer);
    let waiting = PyCFunction::new_closure(py, None, None, move |arguments, _| -> PyResult<()> {
        let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(receiver) = receiver {
            // Of a pool whose greenlets may be what ends the program.
            let done = wait(arguments.py(), receiver, false)?;
            *put.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        }
        Ok(())
    })?;
    pool.call_method1("apply", (waiting,))?;
    let done = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    done.ok_or_else(|| PyKeyboardInterrupt::new_err("interrupted"))
}

const STEP: Duration = Duration::from_millis(100);
const FORK_STEP: Duration = Duration::from_micros(200);
/// Two seconds of [`FORK_STEP`], and what the system's timer adds.
const FORK_STEPS: u32 = 10_000;
/// Fifty milliseconds of [`FORK_STEP`], likewise.
const END_STEPS: u32 = 250;
const LAST_MOMENT: Duration = Duration::from_millis(10);
