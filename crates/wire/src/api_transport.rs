//! The transport of business calls, and what their answers mean.
//!
//! Enters: a [`Call`], the app's hosts, a bearer. Leaves: the answer as it came, or whether nothing left
//! ([`CallFault::Unsent`]) or an answer may have been lost ([`CallFault::Lost`]), so that the caller can decide about a
//! repetition. Nothing is repeated here and no redirect is followed (a redirect would carry the token, and only the
//! app's own hosts may see it). Connections are kept and shared: a business call spends nothing, so unlike a spend it
//! needs no connection of its own.

mod forward;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Client;
use tokenward_core::ports::Clock;
use tokenward_core::{App, Hosts, Platform, TransportFault};
use tokio::time::{Instant, timeout_at};
use url::Url;
use zeroize::Zeroizing;

use crate::api_call::authority;
use crate::bearer::Bearer;
use crate::blueking::api_call_outcome as blueking;
use crate::feishu::api_call_outcome as feishu;
use crate::http::{Gate, Guarded, Options, Route, builder, fault, late, root_cause, route, way_out};
use crate::oauth2::api_call_outcome as oauth2;
use crate::{BadCall, Call, CallAnswer, CallRefusal, gzip};

pub use forward::{BrokenOff, ForwardHead, Forwarded, ForwardedBody};

/// How calls are made and read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallOptions {
    /// Clear-text hosts, connecting, our name.
    pub transport: Options,
    /// How long the head of an answer may take, and each further piece of it. A large body gets more: as if it went at
    /// 64 KiB a second.
    pub timeout: Duration,
    /// The longest body that is taken into memory, in bytes.
    pub longest_answer: usize,
    /// What in the text beside 99991668, 99991663 or 99991664 says that the API does not take this kind of token at
    /// all, in lower case. The codes say both; reference/feishu.md §11 knows the difference, not its words, so these
    /// are ours to choose and yours to mend.
    pub not_taken_words: Vec<String>,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            transport: Options::default(),
            timeout: Duration::from_mins(1),
            longest_answer: 64 << 20,
            not_taken_words: feishu::NOT_TAKEN_WORDS.iter().map(|word| (*word).to_owned()).collect(),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallFault {
    /// The call cannot be sent.
    Bad(BadCall),
    /// Nothing of it left this process.
    Unsent(TransportFault),
    /// It left, and its answer did not arrive, or not whole: what became of it is unknown.
    Lost(TransportFault),
}

/// Makes calls in a provider's dialect. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Calls {
    inner: Arc<Inner>,
}

struct Inner {
    dialect: Dialect,
    clock: Arc<dyn Clock>,
    options: CallOptions,
    clients: [OnceLock<Result<Client, String>>; 3],
}

impl Calls {
    /// Calls to Feishu and Lark.
    pub fn feishu(clock: Arc<dyn Clock>, options: CallOptions) -> Self {
        Self::speaking(Dialect::Feishu, clock, options)
    }

    /// Calls through BlueKing's API gateway.
    pub fn blueking(clock: Arc<dyn Clock>, options: CallOptions) -> Self {
        Self::speaking(Dialect::BlueKing, clock, options)
    }

    /// Calls to a resource server that takes bearer tokens (RFC 6750).
    pub fn oauth2(clock: Arc<dyn Clock>, options: CallOptions) -> Self {
        Self::speaking(Dialect::OAuth2, clock, options)
    }

    /// Calls to an app's platform.
    pub fn for_app(app: &App, clock: Arc<dyn Clock>, mut options: CallOptions) -> Self {
        // Of this app's own addresses, those that its registration permits to speak to in clear text. Another port of the host is
        // another server.
        let permitted = [&app.hosts.open, &app.hosts.accounts].into_iter().filter(|url| app.permits_clear_text(url));
        options.transport.clear_text_origins.extend(permitted.map(Url::origin));
        Self::speaking(Dialect::of(&app.platform), clock, options)
    }

    fn speaking(dialect: Dialect, clock: Arc<dyn Clock>, options: CallOptions) -> Self {
        Self { inner: Arc::new(Inner { dialect, clock, options, clients: [const { OnceLock::new() }; 3] }) }
    }

    /// The header that a token goes into, and its value, marked as one that is not to be shown. Every caller is a place
    /// where the token leaves (I4): ask [`Calls::permits`] first. `None` for a token that cannot stand in one.
    pub fn credential(&self, bearer: &Bearer) -> Option<(HeaderName, HeaderValue)> {
        self.inner.dialect.credential(bearer)
    }

    /// The same for whoever makes no calls through this.
    pub fn credential_at(platform: &Platform, bearer: &Bearer) -> Option<(HeaderName, HeaderValue)> {
        Dialect::of(platform).credential(bearer)
    }

    /// The headers in which a caller could bring credentials of its own: they do not leave.
    pub(crate) fn credential_headers(&self) -> &'static [HeaderName] {
        match self.inner.dialect {
            Dialect::BlueKing => &CREDENTIALS,
            Dialect::Feishu | Dialect::OAuth2 => &CREDENTIALS[..1],
        }
    }

    /// How calls are made.
    pub fn options(&self) -> &CallOptions {
        &self.inner.options
    }

    /// Whether a token may go to an address: it is one of the app's own, and not in clear text over a network.
    pub fn permits(&self, hosts: &Hosts, url: &Url) -> bool {
        let own = Call::get(url.as_str()).address(hosts);
        own.is_ok_and(|url| route(&url, &self.inner.options.transport).is_ok())
    }

    /// Makes a call and takes its whole answer.
    pub async fn send(&self, hosts: &Hosts, bearer: &Bearer, call: &Call) -> Result<CallAnswer, CallFault> {
        self.open(hosts, bearer, call).await?.whole().await
    }

    /// Makes a call and takes the head of its answer.
    pub async fn open(&self, hosts: &Hosts, bearer: &Bearer, call: &Call) -> Result<Incoming, CallFault> {
        let url = call.address(hosts).map_err(CallFault::Bad)?;
        let headers = call.checked_headers(self.credential_headers()).map_err(CallFault::Bad)?;
        let unsent = |reason: String| CallFault::Unsent(TransportFault::failed(reason));
        let target = authority(&url);
        let options = &self.inner.options;
        let client =
            way_out(&url, &options.transport).and_then(|route| self.client(route)).map_err(CallFault::Unsent)?;
        let body = call.body.encode();
        let patience = options.timeout + body.as_ref().map_or(Duration::ZERO, |(_, bytes)| slowly(bytes.len()));
        let deadline = Instant::now() + patience;
        let gate = Arc::new(Gate::new(deadline));
        let mut request = reqwest::Request::new(call.method.clone(), url);
        *request.headers_mut() = headers;
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json, */*;q=0.5"));
        let (name, value) = self.credential(bearer).ok_or_else(|| unsent(NO_BEARER.to_owned()))?;
        request.headers_mut().insert(name, value);
        if let Some((content_type, bytes)) = body {
            let kind = HeaderValue::from_str(&content_type)
                .map_err(|_| CallFault::Bad(BadCall::Header(CONTENT_TYPE.to_string())))?;
            request.headers_mut().entry(CONTENT_TYPE).or_insert(kind);
            let guarded = Guarded { bytes: Some(bytes), gate: Arc::clone(&gate) };
            *request.body_mut() = Some(reqwest::Body::wrap(guarded));
        } else {
            gate.pass();
        }
        match timeout_at(deadline, client.execute(request)).await {
            Ok(Ok(response)) => {
                tracing::debug!(target, status = response.status().as_u16(), "answered");
                Ok(Incoming::new(response, target, options))
            }
            // Building and connecting come before the first byte; and what never asked for the body never sent it.
            Ok(Err(error)) if error.is_connect() || error.is_builder() || gate.shut() => {
                Err(CallFault::Unsent(fault(&target, &error)))
            }
            Ok(Err(error)) => Err(CallFault::Lost(fault(&target, &error))),
            Err(_) if gate.shut() => Err(CallFault::Unsent(late(&target, patience))),
            Err(_) => Err(CallFault::Lost(late(&target, patience))),
        }
    }

    /// What an answer says: done, or a refusal.
    ///
    /// # Errors
    /// [`CallRefusal`] for every status of 300 and above; at Feishu for every `code` but zero, whatever the status
    /// (reference/feishu.md §11); at BlueKing for every code of the gateway and every `result` that is false; for
    /// nothing else.
    pub fn judge(&self, bearer: &Bearer, answer: &CallAnswer) -> Result<(), Box<CallRefusal>> {
        let now = self.inner.clock.now();
        let refused = match self.inner.dialect {
            Dialect::Feishu => feishu::judge(bearer, answer, &self.inner.options.not_taken_words, now),
            Dialect::BlueKing => blueking::judge(bearer, answer, now),
            Dialect::OAuth2 => oauth2::judge(bearer, answer, now),
        };
        refused.map_or(Ok(()), |refusal| Err(Box::new(refusal)))
    }

    fn client(&self, route: Route) -> Result<&Client, TransportFault> {
        let built = self.inner.clients[route as usize].get_or_init(|| {
            let built = builder(route, &self.inner.options.transport).and_then(reqwest::ClientBuilder::build);
            built.map_err(|error| format!("the HTTPS client cannot be set up: {}", root_cause(&error)))
        });
        built.as_ref().map_err(|reason| TransportFault::failed(reason.clone()))
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("dialect", &self.inner.dialect)
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

/// What differs from platform to platform: where the token stands, and what an answer means.
#[derive(Debug, Clone, Copy)]
enum Dialect {
    Feishu,
    BlueKing,
    OAuth2,
}

impl Dialect {
    const fn of(platform: &Platform) -> Self {
        match platform {
            Platform::Feishu(_) => Self::Feishu,
            Platform::BlueKing(_) => Self::BlueKing,
            Platform::OAuth2(_) => Self::OAuth2,
        }
    }

    fn credential(self, bearer: &Bearer) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::BlueKing => {
                // Documentation forbids the app's id and secret beside a token (reference/blueking.md §4).
                let token = Zeroizing::new(serde_json::to_string(bearer.expose()).ok()?);
                let text = Zeroizing::new(format!("{{\"access_token\":{}}}", token.as_str()));
                let mut value = HeaderValue::from_str(&text).ok()?;
                value.set_sensitive(true);
                Some((X_BKAPI_AUTHORIZATION, value))
            }
            Self::Feishu | Self::OAuth2 => Some((AUTHORIZATION, bearer.header()?)),
        }
    }
}

/// An answer whose body is still on its way.
pub struct Incoming {
    status: u16,
    headers: HeaderMap,
    response: reqwest::Response,
    target: String,
    patience: Duration,
    longest: usize,
}

impl Incoming {
    fn new(mut response: reqwest::Response, target: String, options: &CallOptions) -> Self {
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        Self { status, headers, response, target, patience: options.timeout, longest: options.longest_answer }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether the body has to be read whole before anything can be said about the call.
    pub fn is_verdict(&self) -> bool {
        CallAnswer::may_say_no(self.status, &self.headers)
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`CallFault::Lost`] for a body that breaks off or stands still.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallFault> {
        match tokio::time::timeout(self.patience, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(CallFault::Lost(fault(&self.target, &error))),
            Err(_) => Err(CallFault::Lost(late(&self.target, self.patience))),
        }
    }

    /// The whole answer.
    ///
    /// # Errors
    /// [`CallFault::Lost`] for a body that breaks off, stands still, or is longer than
    /// [`CallOptions::longest_answer`].
    pub async fn whole(mut self) -> Result<CallAnswer, CallFault> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > self.longest {
                let reason = format!("{}: the answer is longer than {} bytes", self.target, self.longest);
                return Err(CallFault::Lost(TransportFault::failed(reason)));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = CallAnswer { status: self.status, headers: self.headers, body: body.freeze() };
        if let Cow::Owned(plain) = gzip::plain(&answer.headers, &answer.body, self.longest) {
            answer.body = plain.into();
            gzip::forget(&mut answer.headers);
        }
        Ok(answer)
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("status", &self.status).field("target", &self.target).finish_non_exhaustive()
    }
}

const X_BKAPI_AUTHORIZATION: HeaderName = HeaderName::from_static("x-bkapi-authorization");
static CREDENTIALS: [HeaderName; 2] = [AUTHORIZATION, X_BKAPI_AUTHORIZATION];
const NO_BEARER: &str = "the bearer cannot stand in a header";

/// The time that so many bytes take at 64 KiB a second.
fn slowly(bytes: usize) -> Duration {
    Duration::from_secs((bytes >> 16) as u64)
}
