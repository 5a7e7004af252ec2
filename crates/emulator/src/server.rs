//! Listeners and the way of a request: read, struck by a fault or not, processed, written into the history, answered.
//!
//! Enters: bytes on loopback sockets. Leaves: answers, or what a fault leaves of them. A request that was read is
//! processed whether or not its client stays, as on a real provider; whether its answer left is written into the
//! history *before* the client can have seen it and taken back if the socket turns out to be gone.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::control;
use crate::dialects::{self, RATE_LIMITED};
use crate::endpoint::{Brand, Door, Endpoint};
use crate::faults::{ErrorShape, Fault, FaultKind, Stage};
use crate::feishu;
use crate::history::{Event, Left, Visit};
use crate::message::{Reply, Request, Stream, Tail};
use crate::odd;
use crate::raw::KeptRequest;
use crate::socket;
use crate::state::State;

/// State, and the signals beside it.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Counts calls of `release`; hanging requests wait for the next.
    release: watch::Sender<u64>,
    hanging: AtomicUsize,
    /// How many connections are open, as far as has been noticed.
    connections: AtomicUsize,
    /// Counts answers that were handed to the socket whole.
    answered: watch::Sender<u64>,
    stop: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(state: State) -> Arc<Self> {
        let (release, answered, stop) = (watch::Sender::new(0), watch::Sender::new(0), watch::Sender::new(false));
        let (hanging, connections) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { state: Mutex::new(state), release, hanging, connections, answered, stop })
    }

    /// The state. A panic in a test thread that held it does not take the sandbox down.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn release(&self) {
        self.release.send_modify(|count| *count += 1);
    }

    pub(crate) fn hanging(&self) -> usize {
        self.hanging.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    async fn hang(&self) {
        let mut release = self.release.subscribe();
        self.hanging.fetch_add(1, Ordering::SeqCst);
        // An error means that the sandbox is gone, and then nothing waits any more.
        let _ = release.changed().await;
        self.hanging.fetch_sub(1, Ordering::SeqCst);
    }

    async fn be_overtaken(&self, by: u32) {
        let mut answered = self.answered.subscribe();
        let enough = answered.borrow().saturating_add(u64::from(by));
        self.hanging.fetch_add(1, Ordering::SeqCst);
        // An error means that the sandbox is gone, and then nothing waits any more.
        let _ = answered.wait_for(|count| *count >= enough).await;
        self.hanging.fetch_sub(1, Ordering::SeqCst);
    }
}

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
    let line = Arc::new(Line { way: Mutex::default(), answered: shared.answered.clone() });
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
        shared.lock().history.set_left(sequence, Left::PeerGone);
    }
    shared.connections.fetch_sub(1, Ordering::SeqCst);
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Closed;

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
        format!("{}{}", state.clock.now().compact(), state.chance.hex(20).to_ascii_uppercase())
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
                    shared.lock().history.set_left(sequence, Left::PeerGone);
                }
            })));
            receiver.await.map_err(|_| Closed)??
        }
    };
    if outcome.reply.tail == Tail::Socket {
        drop(tokio::spawn(until_stopped(stop.clone(), async move {
            // A client that goes away ends it; nobody is left to be told.
            if let Ok(line) = upgrade.await {
                let _ = socket::echo(TokioIo::new(line)).await;
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

/// An answer, how much of it leaves, and the history's line about it.
struct Outcome {
    reply: Reply,
    cut: Option<usize>,
    sequence: Option<u64>,
}

async fn handle(shared: &Shared, request: Request) -> Result<Outcome, Closed> {
    let Some(endpoint) = Endpoint::find(request.door, &request.method, &request.path) else {
        let reply = stamp(shared, request.brand, Reply::not_found(), &request.log_id);
        return Ok(Outcome { reply, cut: None, sequence: None });
    };
    let (fault, before, after) = {
        let mut state = shared.lock();
        let operation = dialects::preview(&state, endpoint, &request).operation;
        let fault = state.faults.strike(endpoint, operation, &request);
        let paced = |milliseconds: u64| Duration::from_millis(if endpoint.is_machine() { milliseconds } else { 0 });
        (fault, paced(state.rules.latency_before_ms), paced(state.rules.latency_after_ms))
    };
    let early = fault.as_ref().filter(|fault| fault.effective_stage() == Stage::Before);
    let late = fault.as_ref().filter(|fault| fault.effective_stage() == Stage::After);
    pause(shared, before, early).await;

    let (sequence, reply) = {
        let mut state = shared.lock();
        let mut visit = dialects::preview(&state, endpoint, &request);
        visit.fault = fault.as_ref().map(|fault| fault.kind.name().to_owned());
        let reply = match early {
            Some(Fault { kind: FaultKind::Drop, .. }) => None,
            Some(fault) => match substitute(&fault.kind, &visit, &request.log_id) {
                Some(reply) => {
                    match &fault.kind {
                        FaultKind::Code { code, .. } => visit.code = Some(*code),
                        FaultKind::Error { error, .. } => visit.error = Some(error.clone()),
                        _ => {}
                    }
                    Some(reply)
                }
                None => Some(admit(&mut state, endpoint, &request, &mut visit)),
            },
            None => Some(admit(&mut state, endpoint, &request, &mut visit)),
        };
        visit.status = reply.as_ref().map(|reply| reply.status);
        visit.left = if reply.is_some() { Left::Pending } else { Left::Dropped };
        let sequence = state.remember(Event::Request(visit.clone()));
        if state.rules.keep_requests {
            let kept = KeptRequest::new(sequence, &request.heard, &request.body);
            state.requests.push(kept);
        }
        (sequence, reply.map(|reply| (reply, visit)))
    };
    let Some((reply, visit)) = reply else {
        return Err(Closed);
    };

    pause(shared, after, late).await;
    let (reply, cut, left) = match late.map(|fault| &fault.kind) {
        Some(FaultKind::Drop) => {
            shared.lock().history.set_left(sequence, Left::Dropped);
            return Err(Closed);
        }
        Some(FaultKind::Cut { bytes }) => (reply, Some(*bytes), Left::Cut),
        Some(FaultKind::Odd { answer }) => (odd::alter(reply, *answer), None, Left::Whole),
        Some(kind) => match substitute(kind, &visit, &request.log_id) {
            Some(reply) => (reply, None, Left::Replaced),
            None => (reply, None, Left::Whole),
        },
        None => (reply, None, Left::Whole),
    };
    let reply = stamp(shared, request.brand, reply, &request.log_id);
    // Written down before the client can have seen it, so that nobody who holds an answer reads "pending".
    shared.lock().history.set_left(sequence, left);
    Ok(Outcome { reply, cut, sequence: (left == Left::Whole).then_some(sequence) })
}

/// Latency, and faults that only wait.
async fn pause(shared: &Shared, latency: Duration, fault: Option<&Fault>) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match fault.map(|fault| &fault.kind) {
        Some(FaultKind::Delay { milliseconds }) => tokio::time::sleep(Duration::from_millis(*milliseconds)).await,
        Some(FaultKind::Hang) => shared.hang().await,
        Some(FaultKind::Overtaken { by }) => shared.be_overtaken(*by).await,
        _ => {}
    }
}

/// Processes a request that the rate limit lets through.
fn admit(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    let app = visit.app.clone().or_else(|| request.bearer().map(str::to_owned)).unwrap_or_default();
    if let Some((limit, seconds)) = state.limit(endpoint, &app).filter(|_| endpoint.is_machine()) {
        visit.code = Some(RATE_LIMITED);
        return dialects::limited(request.brand, limit.per_second, seconds, &request.log_id);
    }
    dialects::process(state, endpoint, request, visit)
}

/// The answer that a fault puts in the place of the true one, if it is of that kind.
fn substitute(kind: &FaultKind, visit: &Visit, log_id: &str) -> Option<Reply> {
    match kind {
        FaultKind::Code { code, status } => {
            Some(dialects::refuse(visit.brand, visit.endpoint, visit.operation, *code, *status, log_id))
        }
        FaultKind::Error { error, status, shape } => {
            let (status, why) = (status.unwrap_or(400), "injected");
            let reply = match shape {
                ErrorShape::Flat => Reply::json(status, &json!({"error": error, "error_description": why})),
                ErrorShape::Form => Reply::form(status, &[("error", error.as_str()), ("error_description", why)]),
                ErrorShape::List => {
                    let errors = json!([{"errorType": error, "message": why}]);
                    Reply::json(status, &json!({"success": false, "errors": errors}))
                }
                ErrorShape::Nested => {
                    Reply::json(status, &json!({"error": {"type": error, "message": why, "code": 190}}))
                }
            };
            Some(reply.header("cache-control", "no-store"))
        }
        FaultKind::Answer { status, body, content_type } => {
            let reply = Reply { body: body.clone().into(), ..Reply::empty(*status) };
            Some(content_type.iter().fold(reply, |reply, kind| reply.header("content-type", kind)))
        }
        FaultKind::Empty { status } => Some(Reply::empty(*status)),
        FaultKind::Html { status } => Some(Reply::html(*status, GATEWAY_PAGE.to_owned())),
        FaultKind::NotFound => Some(Reply::not_found()),
        FaultKind::RateLimit { reset_seconds } => Some(dialects::limited(visit.brand, 50, *reset_seconds, log_id)),
        FaultKind::Redirect { location, status } => Some(Reply::redirect(*status, location)),
        FaultKind::Cut { .. }
        | FaultKind::Delay { .. }
        | FaultKind::Drop
        | FaultKind::Hang
        | FaultKind::Odd { .. }
        | FaultKind::Overtaken { .. } => None,
    }
}

/// The headers that every answer carries: the date, and the number by which the provider finds the request again.
fn stamp(shared: &Shared, brand: Brand, reply: Reply, log_id: &str) -> Reply {
    let date = shared.lock().clock.now().http_date();
    let reply = reply.header("date", &date);
    match brand {
        Brand::Feishu | Brand::Lark => reply.header("x-tt-logid", log_id),
        Brand::BlueKing => reply.header("x-bkapi-request-id", log_id),
        Brand::OAuth2 => reply,
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
    let mut response = Response::new(Answer { rest: Some(reply.body), more, cut, broken: false, line });
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

/// A body that may end too early, or come bit by bit.
struct Answer {
    rest: Option<Bytes>,
    more: Option<mpsc::Receiver<Bytes>>,
    /// How many bytes may still leave before the connection breaks.
    cut: Option<usize>,
    broken: bool,
    line: Arc<Line>,
}

impl Answer {
    /// The next bytes: the body, or an event.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match (self.rest.take(), &mut self.more) {
            (Some(body), None) => Poll::Ready(Some(body)),
            (_, Some(more)) => more.poll_recv(context),
            (None, None) => Poll::Ready(None),
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        if self.broken {
            return Poll::Ready(Some(Err(Closed)));
        }
        let whole = self.more.is_none();
        let Poll::Ready(next) = self.poll_next(context) else {
            return Poll::Pending;
        };
        match (next, self.cut) {
            (Some(part), None) => {
                if whole {
                    self.line.body_taken();
                }
                Poll::Ready(Some(Ok(Frame::data(part))))
            }
            (None, None) => {
                self.line.body_taken();
                Poll::Ready(None)
            }
            (Some(part), Some(left)) if left > 0 => {
                // Never all of a body: the client must notice.
                let length = left.min(if whole { part.len().saturating_sub(1) } else { part.len() });
                self.cut = Some(if whole { 0 } else { left - length });
                Poll::Ready(Some(Ok(Frame::data(part.slice(..length)))))
            }
            // One turn in between lets the connection flush the part before it breaks.
            (_, Some(_)) => {
                self.broken = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut.is_none() && self.more.is_none() && self.rest.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        if self.more.is_some() {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.rest.as_ref().map_or(0, |rest| u64::try_from(rest.len()).unwrap_or(u64::MAX)))
    }
}

/// Which answer is on its way through a connection, and whether all of it was handed to the socket.
struct Line {
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
    fn with<T>(&self, change: impl FnOnce(&mut OnTheWay) -> T) -> T {
        change(&mut self.way.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self, sequence: Option<u64>, body_taken: bool) {
        self.with(|way| (way.sequence, way.body_taken) = (sequence, body_taken));
    }

    fn hear(&self, bytes: &[u8]) {
        self.with(|way| {
            let room = LONGEST_HEAD.saturating_sub(way.heard.len());
            way.heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
        });
    }

    fn take_heard(&self) -> Vec<u8> {
        self.with(|way| std::mem::take(&mut way.heard))
    }

    fn body_taken(&self) {
        self.with(|way| way.body_taken = true);
    }

    fn flushed(&self) {
        let whole = self.with(|way| if way.body_taken { way.sequence.take() } else { None });
        if whole.is_some() {
            self.answered.send_modify(|count| *count += 1);
        }
    }

    fn unsent(&self) -> Option<u64> {
        self.with(|way| way.sequence.take())
    }
}

/// A socket that tells its [`Line`] when everything was written.
struct Watched {
    stream: TcpStream,
    line: Arc<Line>,
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

/// As much of a request as is kept for [`KeptRequest`]: the head with room to spare.
const LONGEST_HEAD: usize = 64 << 10;

const LARGEST_BODY: usize = 1 << 20;

/// Room for the largest text to convert: 10,485,760 characters of up to four bytes (reference/feishu.md §12.1).
const LARGEST_CALL: usize = 48 << 20;

const GATEWAY_PAGE: &str = "<!DOCTYPE html><html><head><title>Service Unavailable</title></head>\
    <body><h1>Service Unavailable</h1><p>The gateway could not reach the service.</p></body></html>";
