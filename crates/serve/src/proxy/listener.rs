//! Connections of callers, within bounds.
//!
//! Heads have a length and a time; a caller that stands still while it takes an answer loses its connection; more
//! connections than permitted wait, and those that never finished a head make room for them, the oldest first. When the proxy stops, idle connections end at once, and requests under way may end
//! within a bounded time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};

use super::relay::{Caller, Relay};

/// Serves until `stop`; returns once the last connection has ended.
pub(super) async fn serve(listener: TcpListener, relay: Arc<Relay>, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(relay.limits.connections));
    let unheard = Arc::new(Unheard::default());
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let stream = listener.accept().await;
            if places.available_permits() == 0 {
                unheard.shed();
            }
            // The semaphore is never closed.
            (stream, Arc::clone(&places).acquire_owned().await.ok())
        };
        let (accepted, place) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match (accepted, place) {
            (Ok((stream, _)), Some(place)) => {
                let seat = Seat::take(&unheard);
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
    seat: Seat,
) {
    // Small answers must not wait for each other.
    let _ = stream.set_nodelay(true);
    let limits = relay.limits;
    let caller = Arc::new(Caller { place, stopped: stopped.clone() });
    let shed = Arc::clone(&seat.notice);
    let service = service_fn(move |request| {
        seat.heard();
        let (relay, caller) = (Arc::clone(&relay), Arc::clone(&caller));
        async move { Ok::<_, Infallible>(relay.answer(request, caller).await) }
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
        () = shed.notified() => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a caller's connection broke");
    }
}

/// The connections that have not finished a head yet, the oldest first.
#[derive(Default)]
struct Unheard(Mutex<VecDeque<Arc<Notify>>>);

impl Unheard {
    /// Ends the oldest.
    fn shed(&self) {
        if let Some(oldest) = self.list().pop_front() {
            oldest.notify_one();
        }
    }

    fn list(&self) -> MutexGuard<'_, VecDeque<Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them, for as long as it is one.
struct Seat {
    unheard: Arc<Unheard>,
    notice: Arc<Notify>,
}

impl Seat {
    fn take(unheard: &Arc<Unheard>) -> Self {
        let notice = Arc::new(Notify::new());
        unheard.list().push_back(Arc::clone(&notice));
        Self { unheard: Arc::clone(unheard), notice }
    }

    fn heard(&self) {
        self.unheard.list().retain(|other| !Arc::ptr_eq(other, &self.notice));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.heard();
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
