//! The body of a request: passed on as it comes, and begun again while that is possible.
//!
//! What has been read of it is kept up to a limit, so that after a refused token the request can be sent again: first
//! what was kept, then what the caller has not sent yet. Once more than the limit has been read, nothing is kept and
//! the body cannot be begun again. Nothing is read ahead: the caller is asked for more when the provider takes more.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// A body on its way.
pub(super) struct Upload {
    state: Arc<Mutex<State>>,
    caller_time: Duration,
    is_empty: bool,
}

struct State {
    body: Incoming,
    /// The whole length, where the caller has told it.
    length: Option<u64>,
    /// What was read; `None` once it was more than the limit.
    kept: Option<Vec<Bytes>>,
    room: usize,
    /// Who may read: the newest reader.
    reader: u32,
    waker: Option<Waker>,
    ended: bool,
    stalled: bool,
    moved: Instant,
}

impl Upload {
    /// Takes a body. `limit` bytes of it are kept.
    pub(super) fn new(body: Incoming, limit: usize, caller_time: Duration) -> Self {
        let is_empty = body.is_end_stream();
        let state = State {
            length: body.size_hint().exact(),
            body,
            kept: Some(Vec::new()),
            room: limit,
            reader: 0,
            waker: None,
            ended: is_empty,
            stalled: false,
            moved: Instant::now(),
        };
        Self { state: Arc::new(Mutex::new(state)), caller_time, is_empty }
    }

    /// The body from its beginning, if it still can be begun; `None` where there is none. An earlier reader's
    /// connection ends.
    pub(super) fn begin(&self) -> Option<Reader> {
        if self.is_empty {
            return None;
        }
        let mut state = lock(&self.state);
        state.reader += 1;
        state.moved = Instant::now();
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        let reader = Reader {
            state: Arc::clone(&self.state),
            number: state.reader,
            taken: 0,
            read: 0,
            caller_time: self.caller_time,
            patience: None,
        };
        Some(reader)
    }

    /// Whether it can be sent again.
    pub(super) fn is_at_hand(&self) -> bool {
        self.is_empty || lock(&self.state).kept.is_some()
    }

    /// Whether the caller stood still for too long.
    pub(super) fn has_stalled(&self) -> bool {
        lock(&self.state).stalled
    }

    /// Returns once nothing of the body has moved for so long, were it because all of it is gone.
    pub(super) async fn still_for(&self, patience: Duration) {
        loop {
            let end = lock(&self.state).moved + patience;
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

/// One reading of an [`Upload`].
pub(super) struct Reader {
    state: Arc<Mutex<State>>,
    number: u32,
    /// How many of the kept pieces it has had.
    taken: usize,
    /// How many bytes.
    read: u64,
    caller_time: Duration,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Body for Reader {
    type Data = Bytes;
    type Error = NoBody;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, NoBody>>> {
        let this = self.get_mut();
        let mut state = lock(&this.state);
        if state.reader != this.number {
            return Poll::Ready(Some(Err(NoBody::BegunAgain)));
        }
        if let Some(piece) = state.kept.as_ref().and_then(|kept| kept.get(this.taken)).cloned() {
            this.taken += 1;
            this.read += piece.len() as u64;
            state.moved = Instant::now();
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        loop {
            match Pin::new(&mut state.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers are dropped, as RFC 9110 §6.5.1 permits: they could not be kept in order.
                    let Ok(piece) = frame.into_data() else { continue };
                    state.note(&piece);
                    this.patience = None;
                    this.taken += 1;
                    this.read += piece.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(NoBody::BrokenOff))),
                Poll::Ready(None) => {
                    state.ended = true;
                    state.moved = Instant::now();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    state.waker = Some(context.waker().clone());
                    let time = this.caller_time;
                    let patience = this.patience.get_or_insert_with(|| Box::pin(sleep(time)));
                    if patience.as_mut().poll(context).is_ready() {
                        state.stalled = true;
                        return Poll::Ready(Some(Err(NoBody::Stalled)));
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let state = lock(&self.state);
        state.ended && state.kept.as_ref().is_none_or(|kept| self.taken >= kept.len())
    }

    fn size_hint(&self) -> SizeHint {
        let length = lock(&self.state).length;
        length.map_or_else(SizeHint::new, |length| SizeHint::with_exact(length.saturating_sub(self.read)))
    }
}

impl State {
    fn note(&mut self, piece: &Bytes) {
        self.moved = Instant::now();
        if let Some(kept) = &mut self.kept {
            match self.room.checked_sub(piece.len()) {
                Some(room) => {
                    self.room = room;
                    kept.push(piece.clone());
                }
                None => self.kept = None,
            }
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a body has no more to give.
#[derive(Debug)]
pub(super) enum NoBody {
    BegunAgain,
    BrokenOff,
    Stalled,
}

impl fmt::Display for NoBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BegunAgain => "the request is sent again",
            Self::BrokenOff => "the caller broke off",
            Self::Stalled => "the caller stalled",
        })
    }
}

impl std::error::Error for NoBody {}
