//! Listeners: a request is read, handed on, and its answer written.
//!
//! Enters: bytes on loopback sockets. Leaves: answers, or what a fault leaves of them. A request that was read is
//! processed whether or not its client stays, as on a real provider; whether its answer left is written into the
//! history *before* the client can have seen it and taken back if the socket turns out to be gone.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::book::Delivery;
use crate::feishu;
use crate::server::delivery_state::{Line, Watched};
use crate::server::request_handling::{Outcome, handle};
use crate::server::response_body_stream::{Answer, Closed};
use crate::server::shared::Shared;
use crate::server::{control, websocket_echo};
use crate::words::{Brand, Door, Reply, Request, Stream, Tail};

/// Which listener a connection came through.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listener {
    Control,
    Provider(Brand, Door),
}

/// Accepts connections until the sandbox stops.
pub(crate) async fn accept(shared: Arc<Shared>, listener: TcpListener, which: Listener) {
    let mut stop = shared.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(converse(Arc::clone(&shared), stream, which))),
            // Out of descriptors, most likely: others must get the chance to close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn converse(shared: Arc<Shared>, stream: TcpStream, which: Listener) {
    let mut stop = shared.stop.subscribe();
    shared.connections.fetch_add(1, Ordering::SeqCst);
    // Answers are small and whole; Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let line = Line::new(shared.answered.clone());
    let service = service_fn({
        let (shared, line) = (Arc::clone(&shared), Arc::clone(&line));
        move |request| serve(Arc::clone(&shared), Arc::clone(&line), which, request)
    });
    let watched = Watched { stream, line: Arc::clone(&line) };
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(watched), service).with_upgrades();
    tokio::select! {
        _ = stop.wait_for(|stopped| *stopped) => {}
        result = connection => if let Err(error) = result {
            tracing::debug!(%error, "connection ended");
        },
    }
    if let Some(sequence) = line.unsent() {
        shared.lock().history.set_left(sequence, Delivery::PeerGone);
    }
    shared.connections.fetch_sub(1, Ordering::SeqCst);
}

async fn serve(
    shared: Arc<Shared>,
    line: Arc<Line>,
    which: Listener,
    mut incoming: http::Request<Incoming>,
) -> Result<Response<Answer>, Closed> {
    let upgrade = hyper::upgrade::on(&mut incoming);
    let (parts, body) = incoming.into_parts();
    let is_call = matches!(which, Listener::Provider(_, Door::Open))
        && feishu::calls::find(&parts.method, parts.uri.path()).is_some();
    let largest = if is_call { LARGEST_CALL } else { LARGEST_BODY };
    let collected = Limited::new(body, largest).collect().await;
    let heard = line.take_heard();
    let Ok(body) = collected else {
        let reply = Reply::text(413, "the request body is too large");
        return Ok(respond(Outcome { reply, cut: None, sequence: None }, line, shared.stop.subscribe()));
    };
    let (brand, door) = match which {
        Listener::Provider(brand, door) => (brand, door),
        Listener::Control => (Brand::Feishu, Door::Open),
    };
    let log_id = {
        let mut state = shared.lock();
        format!("{}{}", state.clock.now().compact(), state.randomness.hex(20).to_ascii_uppercase())
    };
    let request = Request {
        brand,
        door,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_bytes(),
        log_id,
        heard,
    };
    let stop = shared.stop.subscribe();
    let outcome = match which {
        Listener::Control => Outcome { reply: control::answer(&shared, &request), cut: None, sequence: None },
        Listener::Provider(..) => {
            let (sender, receiver) = oneshot::channel();
            // Detached: a provider finishes what it has begun, whether or not the client stays on the line.
            drop(tokio::spawn(until_stopped(stop.clone(), async move {
                let outcome = handle(&shared, request).await;
                let sequence = outcome.as_ref().ok().and_then(|outcome| outcome.sequence);
                if let (Err(_), Some(sequence)) = (sender.send(outcome), sequence) {
                    shared.lock().history.set_left(sequence, Delivery::PeerGone);
                }
            })));
            receiver.await.map_err(|_| Closed)??
        }
    };
    if outcome.reply.tail == Tail::Socket {
        drop(tokio::spawn(until_stopped(stop.clone(), async move {
            // A client that goes away ends it; nobody is left to be told.
            if let Ok(line) = upgrade.await {
                let _ = websocket_echo::echo(TokioIo::new(line)).await;
            }
        })));
    }
    Ok(respond(outcome, line, stop))
}

async fn until_stopped(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    let work = pin!(work);
    tokio::select! {
        _ = stop.wait_for(|stopped| *stopped) => {}
        () = work => {}
    }
}

fn respond(outcome: Outcome, line: Arc<Line>, stop: watch::Receiver<bool>) -> Response<Answer> {
    let Outcome { reply, cut, sequence } = outcome;
    let length = reply.body.len();
    line.begin(sequence, length == 0 && !matches!(reply.tail, Tail::Stream(_)));
    let more = match reply.tail {
        Tail::Stream(stream) => Some(tell(stream, stop)),
        Tail::Body | Tail::Socket => None,
    };
    let mut response = Response::new(Answer::new(reply.body, more, cut, line));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value);
    }
    // Announced even when the body is cut: the client must notice.
    if let (Tail::Body, Ok(length)) = (reply.tail, HeaderValue::from_str(&length.to_string())) {
        response.headers_mut().insert(HeaderName::from_static("content-length"), length);
    }
    response
}

/// Tells events until the last of them, or until nobody listens any more.
fn tell(stream: Stream, stop: watch::Receiver<bool>) -> mpsc::Receiver<Bytes> {
    let (teller, listener) = mpsc::channel(1);
    drop(tokio::spawn(until_stopped(stop, async move {
        for number in 1..=stream.events {
            if teller.send(stream.event(number)).await.is_err() {
                return;
            }
            if stream.interval_ms > 0 && number < stream.events {
                tokio::time::sleep(Duration::from_millis(stream.interval_ms)).await;
            }
        }
    })));
    listener
}

const LARGEST_BODY: usize = 1 << 20;

/// Room for the largest text to convert: 10,485,760 characters of up to four bytes (reference/feishu.md §12.1).
const LARGEST_CALL: usize = 48 << 20;
