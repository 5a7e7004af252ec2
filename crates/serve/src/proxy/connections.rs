//! Connections of callers, within bounds.
//!
//! Heads have a length and a time; a caller that stands still while it takes an answer loses its connection. More connections than
//! permitted wait, and those that have nothing under way make room for them: first those of callers who were never let in, then those that rest
//! between two requests, the longest first. Who is sent away loses the connection with the answer. When the proxy stops, idle
//! connections end at once, and requests under way may end within a bounded time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};

use super::relay::{Caller, Relay};
use super::response_scan::Download;

/// Serves until `stop`; returns once the last connection has ended.
pub(super) async fn serve(listener: TcpListener, relay: Arc<Relay>, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(relay.limits.connections));
    let resting = Arc::new(Resting::default());
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let stream = listener.accept().await;
            if places.available_permits() == 0 {
                resting.want();
            }
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            resting.is_wanted.store(false, Relaxed);
            (stream, place)
        };
        let (accepted, place) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match (accepted, place) {
            (Ok((stream, _)), Some(place)) => {
                let seat = Seat::take(&resting);
                connections.spawn(connection(stream, Arc::clone(&relay), place, stopped.clone(), seat));
            }
            // Out of file handles, or a caller that was gone at once.
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    // WebSockets end here; they have no end of their own.
    let _ = stopping.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(relay.limits.stop_time, all).await;
}

async fn connection(
    stream: TcpStream,
    relay: Arc<Relay>,
    place: OwnedSemaphorePermit,
    mut stopped: watch::Receiver<bool>,
    seat: Arc<Seat>,
) {
    // Small answers must not wait for each other.
    let _ = stream.set_nodelay(true);
    let limits = relay.limits;
    let caller = Arc::new(Caller { place, stopped: stopped.clone() });
    let place_of_work = Arc::clone(&seat);
    let service = service_fn(move |request| {
        let (relay, caller, work) =
            (Arc::clone(&relay), Arc::clone(&caller), Work { seat: Arc::clone(&place_of_work) });
        async move {
            let response = relay.answer(request, caller, || work.seat.rise()).await;
            Ok::<_, Infallible>(response.map(|body| Working { body, _work: work }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(2 * limits.head)
        .max_header_size(limits.head)
        .serve_connection(TokioIo::new(Patient { stream, time: limits.caller_time, until: None }), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = seat.shed() => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a caller's connection broke");
    }
}

/// The connections that have no request of a known caller under way, the longest first.
#[derive(Default)]
struct Resting {
    rests: Mutex<VecDeque<Rest>>,
    /// Whether somebody waits for a place: then whichever comes to rest next makes room.
    is_wanted: AtomicBool,
}

struct Rest {
    notice: Arc<Notify>,
    /// Whether a request of this connection was let in before.
    is_known: bool,
}

impl Resting {
    /// One more that can be spared; at once, where somebody waits.
    fn add(&self, rest: Rest) {
        self.list().push_back(rest);
        if self.is_wanted.load(Relaxed) {
            self.shed();
        }
    }

    /// Makes room, now or as soon as there is one that can be spared.
    fn want(&self) {
        self.is_wanted.store(true, Relaxed);
        self.shed();
    }

    /// Ends the one that can be spared best.
    fn shed(&self) {
        let mut list = self.list();
        let spared = list.iter().position(|rest| !rest.is_known).unwrap_or(0);
        if let Some(rest) = list.remove(spared) {
            rest.notice.notify_one();
        }
    }

    fn list(&self) -> MutexGuard<'_, VecDeque<Rest>> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection as one of them, whenever it is one.
struct Seat {
    resting: Arc<Resting>,
    notice: Arc<Notify>,
    posture: Mutex<Posture>,
}

/// What a connection does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Posture {
    /// No request of it was let in yet.
    New,
    /// A request that was let in is under way.
    AtWork,
    /// It rests between two requests.
    AtRest,
}

impl Seat {
    fn take(resting: &Arc<Resting>) -> Arc<Self> {
        let (notice, posture) = (Arc::new(Notify::new()), Mutex::new(Posture::New));
        let seat = Self { resting: Arc::clone(resting), notice, posture };
        seat.resting.add(Rest { notice: Arc::clone(&seat.notice), is_known: false });
        Arc::new(seat)
    }

    /// Returns when this connection is to make room.
    async fn shed(&self) {
        loop {
            self.notice.notified().await;
            // A request may have come in that moment.
            if *self.posture() != Posture::AtWork {
                return;
            }
        }
    }

    /// Nothing is under way.
    fn rest(&self) {
        let was = {
            let mut posture = self.posture();
            let was = *posture;
            if was == Posture::AtWork {
                *posture = Posture::AtRest;
            }
            was
        };
        if was == Posture::AtWork {
            self.resting.add(Rest { notice: Arc::clone(&self.notice), is_known: true });
        }
    }

    /// A request of a caller who was let in is under way.
    fn rise(&self) {
        *self.posture() = Posture::AtWork;
        self.leave();
    }

    fn leave(&self) {
        self.resting.list().retain(|other| !Arc::ptr_eq(&other.notice, &self.notice));
    }

    fn posture(&self) -> MutexGuard<'_, Posture> {
        self.posture.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A request, until the last of its answer has been taken.
struct Work {
    seat: Arc<Seat>,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.seat.rest();
    }
}

/// The body of its answer.
struct Working {
    body: Download,
    _work: Work,
}

impl Body for Working {
    type Data = Bytes;
    type Error = <Download as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection whose other side must go on reading.
struct Patient {
    stream: TcpStream,
    time: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    /// Passes on what writing came to; an error once it has stood still for too long.
    fn within<T>(&mut self, polled: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.until = None;
            return polled;
        }
        let time = self.time;
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(until.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the caller does not take its answer")))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within(polled, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.within(polled, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
