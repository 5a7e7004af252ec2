//! Connections of callers, within bounds: heads have a length and a time, more connections than permitted wait, and when the server stops,
//! idle ones end at once and requests under way within a bounded time. Where the server has a certificate nothing is answered in clear text
//! but that it has one.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::options::Limits;
use super::tls::{Began, Tls};

/// What connections are answered with.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) router: Router,
    /// What is answered in clear text where that is not spoken.
    pub(super) refusal: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) limits: Limits,
}

/// That a connection is to end: whoever answers on it for long stops then.
#[derive(Clone)]
pub(super) struct Ending(watch::Receiver<bool>);

impl Ending {
    /// Waits for it.
    pub(super) async fn come(mut self) {
        // Where nobody can say it any more, the connection is gone.
        let _ = self.0.wait_for(|is_ending| *is_ending).await;
    }
}

/// Serves until `stop`; returns once the last connection has ended.
pub(super) async fn serve(listener: TcpListener, door: Door, stop: impl Future<Output = ()>) {
    let Door { limits, .. } = door;
    let places = Arc::new(Semaphore::new(limits.connections));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            // The semaphore is never closed. A caller waits in the system's queue until there is a place.
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((listener.accept().await.ok()?.0, place))
        };
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Some((stream, place)) => {
                connections.spawn(connection(stream, door.clone(), place, stopped.clone()));
            }
            // Out of file handles, or a caller that was gone at once.
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    let _ = stopping.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(limits.stop_time, all).await;
}

async fn connection(stream: TcpStream, door: Door, place: OwnedSemaphorePermit, mut stopped: watch::Receiver<bool>) {
    // Small answers must not wait for each other.
    let _ = stream.set_nodelay(true);
    let Door { router, refusal, tls, limits } = door;
    let mut stopped = pin!(async move { drop(stopped.wait_for(|stopped| *stopped).await) });
    let Some(tls) = tls else {
        answer(stream, router, limits, stopped, true).await;
        drop(place);
        return;
    };
    let begun = tokio::select! {
        begun = tls.begin(stream, limits.head_time) => begun,
        () = &mut stopped => return,
    };
    match begun {
        (Began::Encrypted(stream), loaded) => {
            let ending = async {
                tokio::select! {
                    () = stopped => {}
                    () = tls.distrusts(&loaded) => {}
                }
            };
            answer(*stream, router, limits, pin!(ending), true).await;
        }
        (Began::Clear(stream), _) => answer(stream, refusal, limits, stopped, false).await,
        (Began::Failed, _) => {}
    }
    drop(place);
}

/// Answers on a connection, more than once where it may be kept, until its end comes.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    limits: Limits,
    ending: Pin<&mut impl Future<Output = ()>>,
    is_kept: bool,
) {
    let (say_ending, is_ending) = watch::channel(false);
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Ending(is_ending.clone()));
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(2 * limits.head)
        .max_header_size(limits.head)
        .keep_alive(is_kept)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ending => {
            say_ending.send_replace(true);
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a caller's connection broke");
    }
}
