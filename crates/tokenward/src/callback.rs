//! The end of a login in the browser: a server on this machine's own address (RFC 8252 §7.3).
//!
//! Enters: a redirect URL, the expected `state`, a time limit; then how the login ended. Leaves: an authorization code, a
//! refusal, or the news that nobody came; and a page that says how it ended. It listens on loopback only, answers one exact
//! path, and believes only a request that brings the expected `state`; everything else gets a page that says what is wrong,
//! and the waiting goes on. The code is in no page and no log (I4), and the page takes it out of the address. A crash leaves
//! nothing behind: codes live for minutes, unused ones harm nobody, and the page says until its end that the terminal knows
//! more.

mod page;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use tokenward_core::{AuthorizationCode, Code, RedirectUri};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use url::{Host, Url};

use crate::Consent;
use page::{Body, Language, Page, printable};

pub use page::{LoginEnd, PageWords, prefers_chinese};

/// What came back from the login page.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallbackOutcome {
    /// Consent was given.
    Code(Consent),
    /// Consent was not given (RFC 6749 §4.1.2.1).
    Denied {
        /// The error's name, `access_denied` as a rule. Printable, at most 200 characters.
        error: String,
        /// The provider's words, if any. Printable, at most 200 characters.
        description: Option<String>,
    },
    /// Nobody came in time.
    TimedOut,
}

/// A callback that was not believed, and changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IgnoredCallback {
    /// It belongs to another login, or an old link was opened.
    AnotherLogin,
    /// It held neither a code nor an error.
    Incomplete,
}

/// Why no callback can be waited for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// Another program has the port.
    #[error(
        "port {} is in use, so the login page could not come back to {redirect_uri}: finish the login that may be \
         waiting elsewhere, or stop the program that has the port; another port must first be registered in the developer console",
        address.port()
    )]
    PortInUse {
        /// The redirect URL.
        redirect_uri: RedirectUri,
        /// The address that is taken.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address} for {redirect_uri}")]
    Bind {
        /// The redirect URL.
        redirect_uri: RedirectUri,
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The redirect URL leads to another machine, or needs a certificate.
    #[error(
        "{redirect_uri} cannot be waited for here: only http:// on 127.0.0.1, [::1] or localhost can; \
         log in with --paste, or register such a URL in the developer console"
    )]
    NotLoopback {
        /// The redirect URL.
        redirect_uri: RedirectUri,
    },
}

impl CallbackError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::PortInUse { .. } => Code::PortInUse,
            Self::Bind { .. } | Self::NotLoopback { .. } => Code::BadSetting,
        }
    }
}

/// A server that waits for one login to come back. It serves until it is dropped, so that a page opened twice is
/// told so while the code is being exchanged.
#[derive(Debug)]
pub struct Callback {
    redirect_uri: RedirectUri,
    shared: Arc<Shared>,
    /// Dropping them ends the server.
    _listeners: JoinSet<()>,
}

impl Callback {
    /// Listens where the redirect URL says. Port 0 takes any free port. `localhost` is listened for on both address
    /// families where the machine has both, since browsers try either.
    ///
    /// # Errors
    /// [`CallbackError`]; nothing is listened on then.
    pub async fn bind(redirect_uri: &RedirectUri) -> Result<Self, CallbackError> {
        let (listeners, port) = listeners(redirect_uri).await?;
        let actual = redirect_uri.clone().with_port(port);
        let shared = Arc::new(Shared::new(actual.url(), port));
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut tasks = JoinSet::new();
        for listener in listeners {
            tasks.spawn(accept(listener, Arc::clone(&shared), Arc::clone(&places)));
        }
        Ok(Self { redirect_uri: actual, shared, _listeners: tasks })
    }

    /// Whether [`Callback::bind`] could listen. The port is free again when this returns; a server's is only once its tasks ended.
    pub(crate) async fn probe(redirect_uri: &RedirectUri) -> Result<(), CallbackError> {
        listeners(redirect_uri).await.map(drop)
    }

    /// The redirect URL with the port that is really listened on.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// An address of this server that leads on to the login page, once: for a program that is to open it. Other users of the
    /// machine see what programs are given, and whoever sees the login page's own address could finish the login with an
    /// account of theirs. `nonce` must be unguessable.
    pub fn gate(&self, to: &Url, nonce: &str) -> Url {
        let path = format!("{GATE}{nonce}");
        let mut gate = self.redirect_uri.url().clone();
        gate.set_path(&path);
        gate.set_query(None);
        *self.shared.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some((path, to.clone()));
        gate
    }

    /// Waits for the browser. Whoever brought the code sees a page that waits for [`Callback::finish`]. Afterwards, and after the
    /// time is up, later visitors are told so until the server is dropped.
    pub async fn wait(&self, expected_state: &str, timeout: Duration) -> CallbackOutcome {
        let (reply, mut outcome) = oneshot::channel();
        *self.shared.phase() = Phase::Waiting { state: expected_state.to_owned(), reply };
        let nobody = || CallbackOutcome::TimedOut;
        if let Ok(outcome) = tokio::time::timeout(timeout, &mut outcome).await {
            return outcome.unwrap_or_else(|_| nobody());
        }
        let mut phase = self.shared.phase();
        // Somebody may have come at the last moment; what they were told must be true.
        if let Ok(outcome) = outcome.try_recv() {
            return outcome;
        }
        *phase = Phase::Over { state: expected_state.to_owned(), page: Page::TooLate };
        nobody()
    }

    /// The next callback that is not believed while the login is waited for. Those that nobody asks about are forgotten.
    pub async fn ignored(&self) -> IgnoredCallback {
        let mut seen = self.shared.ignored.subscribe();
        loop {
            if seen.changed().await.is_err() {
                // The sender lives as long as the server.
                std::future::pending::<()>().await;
            }
            if let Some(ignored) = *seen.borrow_and_update() {
                return ignored;
            }
        }
    }

    /// Tells the page how the login ended, and gives it time to be sent.
    pub async fn finish(&self, end: &LoginEnd) {
        {
            let mut phase = self.shared.phase();
            // It may have been finished without the browser: whoever still comes is told so.
            if let Phase::Waiting { state, .. } = &*phase {
                *phase = Phase::Over { state: state.clone(), page: Page::AlreadyDone };
            }
        }
        self.shared.end.send_replace(Some(end.clone()));
        let mut open = self.shared.waiting_pages.subscribe();
        // Whether the visitor stayed to read it does not matter: the login is what it is.
        let _ = tokio::time::timeout(PAGE_TIME, open.wait_for(|pages| *pages == 0)).await;
    }
}

/// Listens at every address that the redirect URL may mean.
async fn listeners(redirect_uri: &RedirectUri) -> Result<(Vec<TcpListener>, u16), CallbackError> {
    let not_loopback = || CallbackError::NotLoopback { redirect_uri: redirect_uri.clone() };
    let (first, second) = match redirect_uri.url().host() {
        Some(Host::Ipv4(address)) if address.is_loopback() => (IpAddr::V4(address), None),
        Some(Host::Ipv6(address)) if address.is_loopback() => (IpAddr::V6(address), None),
        Some(Host::Domain("localhost")) => (IpAddr::V4(Ipv4Addr::LOCALHOST), Some(IpAddr::V6(Ipv6Addr::LOCALHOST))),
        _ => return Err(not_loopback()),
    };
    if redirect_uri.url().scheme() != "http" {
        return Err(not_loopback());
    }
    let wanted = redirect_uri.url().port_or_known_default().unwrap_or(80);
    listen_on(redirect_uri, first, second, wanted).await
}

/// Listens on one address, or on two with the same port.
async fn listen_on(
    redirect_uri: &RedirectUri,
    first: IpAddr,
    second: Option<IpAddr>,
    wanted: u16,
) -> Result<(Vec<TcpListener>, u16), CallbackError> {
    let mut tries = 0;
    loop {
        let mut listeners = vec![listen(redirect_uri, SocketAddr::new(first, wanted)).await?];
        let port = listeners[0].local_addr().map_or(wanted, |address| address.port());
        let Some(second) = second else { return Ok((listeners, port)) };
        match listen(redirect_uri, SocketAddr::new(second, port)).await {
            Ok(listener) => listeners.push(listener),
            // A free port of one family may be taken in the other: look for another one.
            Err(CallbackError::PortInUse { .. }) if wanted == 0 && tries < FREE_PORT_TRIES => {
                tries += 1;
                continue;
            }
            // A program on the other family's port would get the code instead of us.
            Err(error @ CallbackError::PortInUse { .. }) => return Err(error),
            // No IPv6 on this machine: then no browser will try it.
            Err(_) => {}
        }
        return Ok((listeners, port));
    }
}

async fn listen(redirect_uri: &RedirectUri, address: SocketAddr) -> Result<TcpListener, CallbackError> {
    TcpListener::bind(address).await.map_err(|source| {
        let redirect_uri = redirect_uri.clone();
        if source.kind() == io::ErrorKind::AddrInUse {
            CallbackError::PortInUse { redirect_uri, address, source }
        } else {
            CallbackError::Bind { redirect_uri, address, source }
        }
    })
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, places: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file handles, or a visitor that was gone at once.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if places.available_permits() == 0 {
            shared.shed_oldest();
        }
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (shared, seat) = (Arc::clone(&shared), Arc::new(Notify::new()));
        shared.unheard().push_back(Arc::clone(&seat));
        connections.spawn(async move {
            tokio::select! {
                () = serve(stream, &shared, &seat) => {}
                () = seat.notified() => {}
            }
            shared.heard(&seat);
            drop(place);
        });
    }
}

/// One request and one answer. That to the one that was waited for ends once the login has ended.
async fn serve(stream: TcpStream, shared: &Arc<Shared>, seat: &Arc<Notify>) {
    let held = Mutex::new(None);
    let answer = service_fn(|request: Request<Incoming>| {
        // Who was shed already is not believed: the connection ends.
        let page = if shared.heard(seat) { shared.judge(&request) } else { Page::NotFound };
        let language = Language::preferred(request.headers());
        let beyond = if page == Page::NotFound { shared.pass(&request) } else { None };
        let response = match (beyond, page) {
            (Some(url), _) => page::leading_to(&url),
            (None, Page::Received) => {
                *held.lock().unwrap_or_else(PoisonError::into_inner) = Some(WaitingPage::new(shared));
                page::until(shared.end.subscribe(), language)
            }
            (None, page) => page.response(language),
        };
        async { Ok::<Response<Body>, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(MAX_BUFFER)
        .keep_alive(false)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    loop {
        let had_ended = shared.end.borrow().is_some();
        // Whether the visitor stayed to read the page does not matter: what it brought counts.
        if tokio::time::timeout(CONNECTION_TIME, &mut connection).await.is_ok() {
            return;
        }
        let waits = held.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !waits || had_ended {
            return;
        }
    }
}

/// A page that is open in the browser and waits for the end of the login.
#[derive(Debug)]
struct WaitingPage(Arc<Shared>);

impl WaitingPage {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.waiting_pages.send_modify(|pages| *pages += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for WaitingPage {
    fn drop(&mut self) {
        self.0.waiting_pages.send_modify(|pages| *pages -= 1);
    }
}

#[derive(Debug)]
struct Shared {
    /// The authorities under which a browser may call us: the redirect URL's own.
    authorities: Vec<String>,
    path: String,
    phase: Mutex<Phase>,
    /// Visitors that have not finished a head yet, the oldest first.
    unheard: Mutex<VecDeque<Arc<Notify>>>,
    /// The path of the gate, and where it leads, until somebody has passed.
    gate: Mutex<Option<(String, Url)>>,
    /// How the login ended, once it has.
    end: watch::Sender<Option<LoginEnd>>,
    /// How many pages wait for that.
    waiting_pages: watch::Sender<usize>,
    /// The last callback that was not believed.
    ignored: watch::Sender<Option<IgnoredCallback>>,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Waiting { state: String, reply: oneshot::Sender<CallbackOutcome> },
    Over { state: String, page: Page },
}

impl Shared {
    fn new(redirect_uri: &Url, port: u16) -> Self {
        let host = redirect_uri.host_str().unwrap_or_default();
        let mut authorities = vec![format!("{host}:{port}")];
        if port == 80 {
            authorities.push(host.to_owned());
        }
        Self {
            authorities,
            path: redirect_uri.path().to_owned(),
            phase: Mutex::new(Phase::Idle),
            unheard: Mutex::default(),
            gate: Mutex::new(None),
            end: watch::Sender::new(None),
            waiting_pages: watch::Sender::new(0),
            ignored: watch::Sender::new(None),
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, request: &Request<Incoming>) -> Page {
        let headers = request.headers();
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if size + target > MAX_REQUEST {
            return Page::TooLarge;
        }
        if !self.is_ours(request) {
            return Page::WrongHost;
        }
        if request.uri().path() != self.path {
            return Page::NotFound;
        }
        if request.method() != Method::GET {
            return Page::WrongMethod;
        }
        let query = request.uri().query().unwrap_or_default();
        let page = self.receive(&Answer::read(query), query);
        let ignored = match page {
            Page::WrongState => IgnoredCallback::AnotherLogin,
            Page::NoCode => IgnoredCallback::Incomplete,
            _ => return page,
        };
        self.ignored.send_replace(Some(ignored));
        page
    }

    fn unheard(&self) -> MutexGuard<'_, VecDeque<Arc<Notify>>> {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the oldest visitor that says nothing, to make room.
    fn shed_oldest(&self) {
        if let Some(oldest) = self.unheard().pop_front() {
            oldest.notify_one();
        }
    }

    /// Notes that a visitor has finished its head, if it was not shed before.
    fn heard(&self, seat: &Arc<Notify>) -> bool {
        let mut unheard = self.unheard();
        let before = unheard.len();
        unheard.retain(|other| !Arc::ptr_eq(other, seat));
        unheard.len() < before
    }

    /// Lets the first visitor of the gate pass, and nobody after.
    fn pass(&self, request: &Request<Incoming>) -> Option<Url> {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let right = request.method() == Method::GET
            && gate.as_ref().is_some_and(|(path, _)| path.as_bytes().ct_eq(request.uri().path().as_bytes()).into());
        if right { gate.take().map(|(_, url)| url) } else { None }
    }

    /// Whether the request is meant for the redirect URL's host. A page that had its own name resolved to this
    /// machine (DNS rebinding) would bring another one.
    fn is_ours(&self, request: &Request<Incoming>) -> bool {
        let known = |name: &str| self.authorities.iter().any(|ours| ours.eq_ignore_ascii_case(name));
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        host.to_str().is_ok_and(known) && request.uri().authority().is_none_or(|authority| known(authority.as_str()))
    }

    fn receive(&self, answer: &Answer, query: &str) -> Page {
        let mut phase = self.phase();
        let state = match &*phase {
            Phase::Idle => return Page::WrongState,
            // The page that took the code out of its address was loaded again.
            Phase::Over { page, .. } if query.is_empty() => return *page,
            Phase::Waiting { state, .. } | Phase::Over { state, .. } => state.clone(),
        };
        if !answer.state.as_ref().is_some_and(|got| bool::from(got.as_bytes().ct_eq(state.as_bytes()))) {
            return Page::WrongState;
        }
        let (page, outcome) = match (&*phase, &answer.error, &answer.code) {
            (Phase::Over { page, .. }, ..) => return *page,
            (_, Some(error), _) => {
                let outcome = CallbackOutcome::Denied { error: error.clone(), description: answer.description.clone() };
                (Page::Denied, outcome)
            }
            (_, None, Some(code)) => match AuthorizationCode::parse(code.as_str()) {
                Ok(code) => (Page::Received, CallbackOutcome::Code(Consent::new(code, query))),
                Err(_) => return Page::NoCode,
            },
            (_, None, None) => return Page::NoCode,
        };
        match std::mem::replace(&mut *phase, Phase::Over { state, page: Page::AlreadyDone }) {
            // The program that waited may have got the code another way, and not listen any more.
            Phase::Waiting { reply, .. } => reply.send(outcome).map_or(Page::AlreadyDone, |()| page),
            Phase::Idle | Phase::Over { .. } => Page::AlreadyDone,
        }
    }
}

/// The parameters of a callback. One that comes twice counts as absent (RFC 6749 §3.1 forbids it).
struct Answer {
    state: Option<String>,
    code: Option<zeroize::Zeroizing<String>>,
    error: Option<String>,
    description: Option<String>,
}

impl Answer {
    fn read(query: &str) -> Self {
        let only = |wanted: &str| {
            let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == wanted);
            let value = found.next()?.1.into_owned();
            found.next().is_none().then_some(value)
        };
        Self {
            state: only("state"),
            code: only("code").map(zeroize::Zeroizing::new),
            error: only("error").map(|text| printable(&text)),
            description: only("error_description").map(|text| printable(&text)).filter(|text| !text.is_empty()),
        }
    }
}

/// Before the nonce, in the path of the gate.
const GATE: &str = "/go/";
/// How often a port that is free on both address families is looked for.
const FREE_PORT_TRIES: usize = 16;
/// The longest request that is looked at: a code has 64 characters or a few more, a browser's headers some hundred.
const MAX_REQUEST: usize = 16 * 1024;
/// Above [`MAX_REQUEST`], so that most oversized requests still get a page; beyond it the connection ends.
const MAX_BUFFER: usize = 64 * 1024;
/// Browsers open a connection or two ahead of need, and several tabs may be open.
const MAX_CONNECTIONS: usize = 32;
/// How long a visitor may take to say what it wants.
const HEADER_TIME: Duration = Duration::from_secs(5);
/// How long the end of a page may take to be sent.
const PAGE_TIME: Duration = Duration::from_secs(2);
/// How long a connection may last but for the wait for the login's end; more than [`HEADER_TIME`].
const CONNECTION_TIME: Duration = Duration::from_secs(10);
