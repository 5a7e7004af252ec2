//! A proxy before the server: between what a node sends and what it hears. It is told what to do while sessions are open.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// What it does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// So long each way.
    Delay(Duration),
    /// Closes what is open, and what comes.
    Cut,
    /// Takes what comes, and nothing arrives on either side.
    HalfOpen,
    /// The next request that holds these bytes arrives; its answer does not, and its session ends. Then it passes, or does what is said.
    LoseAnswer(&'static [u8], Afterwards),
    /// The next request that holds these bytes does not arrive, and its session ends. Then it passes.
    LoseRequest(&'static [u8]),
}

/// What it does after an answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    Pass,
    Cut,
}

/// A folder with a socket as the server's own.
pub(crate) struct Proxy {
    folder: TempDir,
    state: Arc<Mutex<State>>,
}

struct State {
    mode: Mode,
    open: Vec<UnixStream>,
}

impl Proxy {
    /// Before the server whose socket lies there.
    pub(crate) fn before(server: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(socket_in(folder.path())).unwrap();
        let state = Arc::new(Mutex::new(State { mode: Mode::Pass, open: Vec::new() }));
        let (shared, server) = (Arc::clone(&state), socket_in(server));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let mut state = locked(&shared);
                if state.mode == Mode::Cut {
                    continue;
                }
                let Ok(upstream) = UnixStream::connect(&server) else { continue };
                state.open.extend([client.try_clone().unwrap(), upstream.try_clone().unwrap()]);
                drop(state);
                let is_lost = Arc::new(AtomicBool::new(false));
                carry(&shared, (&client, &upstream), true, &is_lost);
                carry(&shared, (&upstream, &client), false, &is_lost);
            }
        });
        Self { folder, state }
    }

    /// Where its socket lies.
    pub(crate) fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// From now on, also for what is open.
    pub(crate) fn set(&self, mode: Mode) {
        let mut state = locked(&self.state);
        state.mode = mode;
        if mode == Mode::Cut {
            state.cut();
        }
    }

    pub(crate) fn mode(&self) -> Mode {
        locked(&self.state).mode
    }
}

impl State {
    fn cut(&mut self) {
        for stream in self.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// One direction of a session, whose next answer may be lost.
fn carry(state: &Arc<Mutex<State>>, ends: (&UnixStream, &UnixStream), is_request: bool, is_lost: &Arc<AtomicBool>) {
    let (state, mut from, mut to) = (Arc::clone(state), ends.0.try_clone().unwrap(), ends.1.try_clone().unwrap());
    let is_lost = Arc::clone(is_lost);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let bytes = &buffer[..read];
            // It was given, and goes nowhere: only now is the session over for whoever waits for it.
            if !is_request && is_lost.load(Ordering::Acquire) {
                break;
            }
            let mut held = locked(&state);
            let holds = |needle: &[u8]| is_request && bytes.windows(needle.len()).any(|part| part == needle);
            match held.mode {
                Mode::HalfOpen => continue,
                Mode::Cut => break,
                Mode::Delay(time) => {
                    drop(held);
                    thread::sleep(time);
                }
                Mode::LoseRequest(needle) if holds(needle) => {
                    held.mode = Mode::Pass;
                    break;
                }
                Mode::LoseAnswer(needle, afterwards) if holds(needle) => {
                    is_lost.store(true, Ordering::Release);
                    held.mode = match afterwards {
                        Afterwards::Pass => Mode::Pass,
                        Afterwards::Cut => Mode::Cut,
                    };
                }
                _ => {}
            }
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}
