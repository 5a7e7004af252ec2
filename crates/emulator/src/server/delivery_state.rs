//! One connection: what came in last, and whether all of an answer was handed to the socket.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Which answer is on its way through a connection, and whether all of it was handed to the socket.
pub(super) struct Line {
    way: Mutex<OnTheWay>,
    /// Told of every answer that was handed over whole.
    answered: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct OnTheWay {
    sequence: Option<u64>,
    body_taken: bool,
    /// The first bytes that came in since the last request was whole: the head of the next.
    heard: Vec<u8>,
}

impl Line {
    pub(super) fn new(answered: watch::Sender<u64>) -> Arc<Self> {
        Arc::new(Self { way: Mutex::default(), answered })
    }

    fn with<T>(&self, change: impl FnOnce(&mut OnTheWay) -> T) -> T {
        change(&mut self.way.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn begin(&self, sequence: Option<u64>, body_taken: bool) {
        self.with(|way| (way.sequence, way.body_taken) = (sequence, body_taken));
    }

    fn hear(&self, bytes: &[u8]) {
        self.with(|way| {
            let room = LONGEST_HEAD.saturating_sub(way.heard.len());
            way.heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
        });
    }

    pub(super) fn take_heard(&self) -> Vec<u8> {
        self.with(|way| std::mem::take(&mut way.heard))
    }

    pub(super) fn body_taken(&self) {
        self.with(|way| way.body_taken = true);
    }

    fn flushed(&self) {
        let whole = self.with(|way| if way.body_taken { way.sequence.take() } else { None });
        if whole.is_some() {
            self.answered.send_modify(|count| *count += 1);
        }
    }

    pub(super) fn unsent(&self) -> Option<u64> {
        self.with(|way| way.sequence.take())
    }
}

/// A socket that tells its [`Line`] when everything was written.
pub(super) struct Watched {
    pub(super) stream: TcpStream,
    pub(super) line: Arc<Line>,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        self.line.hear(&into.filled()[before..]);
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    // hyper flushes the socket only when its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.line.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// As much of a request as is kept for [`KeptRequest`](crate::book::KeptRequest): the head with room to spare.
const LONGEST_HEAD: usize = 64 << 10;
