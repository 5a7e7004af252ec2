//! The transport: one request, at most once, and what became of its bytes.
//!
//! Enters: a request with its secrets, a deadline. Leaves: a [`Sent`]. Kept here (I1): no retry of any kind, no
//! redirects, every request on a connection of its own, so that "never left", "answered" and "in doubt" can be
//! told apart:
//!
//! * an error while connecting (name, route, TLS, proxy), or a deadline that passes meanwhile, is [`Sent::Unsent`]: the
//!   body, which holds the secret, is asked for only by a finished connection, and given only before the deadline.
//!   So a process that was stopped while it connected sends nothing when it goes on, however late: someone else may
//!   have sent the same token by then;
//! * an answer that breaks off is [`Sent::Answered`] with the bytes that came and `whole: false` (I3);
//! * everything else is [`Sent::InDoubt`].
//!
//! Clear text carries tokens only to loopback hosts, whose names are not asked of any name server. The system's proxy settings (`HTTPS_PROXY`, `ALL_PROXY`,
//! `NO_PROXY`; `http://`, `socks5://`, `socks5h://`) hold for https to other hosts; one that cannot be used leaves everything unsent ([`Proxies`]). Loopback
//! and clear text never go through a proxy. HTTP/1.1 only:
//! there is nothing to multiplex, and its failures are simple.

use std::error::Error as _;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use reqwest::{Client, ClientBuilder, redirect, retry};
use tokenward_core::ports::{Clock, Sent};
use tokenward_core::{RawAnswer, SecretBytes, TransportFault};
use tokio::time::{Instant, Sleep, sleep};
use url::{Host, Origin, Url};
use zeroize::Zeroizing;

use crate::api_call::{LOG_IDS, authority};
use crate::local_names::OwnNames;
use crate::proxies::{Passage, Proxies, barred};
use crate::request::Request;
use crate::wiped::{Wiped, append, take};
use crate::{gzip, local_names, redact};

/// How requests are sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Hosts, besides loopback ones, to which tokens may go in clear text. For test stands; empty by default.
    pub clear_text_hosts: Vec<String>,
    /// Scheme, host and port of what an app's registration permits.
    pub(crate) clear_text_origins: Vec<Origin>,
    /// How long a connection may take to come about. Shorter than a spend's deadline, so that a host that does not
    /// answer is known to have received nothing.
    pub connect_timeout: Duration,
    /// How long a call may take that names no deadline of its own.
    pub call_timeout: Duration,
    /// What we call ourselves.
    pub user_agent: String,
    /// The proxies that requests to other machines go through; those of the process's environment by default.
    pub proxies: Arc<Proxies>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clear_text_hosts: Vec::new(),
            clear_text_origins: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(30),
            user_agent: concat!("tokenward/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxies: Arc::new(Proxies::of_this_process()),
        }
    }
}

/// Sends requests. Costs nothing until the first one; the system's root certificates are read when the first https
/// request is sent.
pub(crate) struct Transport {
    clock: Arc<dyn Clock>,
    options: Options,
    clients: [OnceLock<Result<Client, String>>; 3],
}

impl Transport {
    pub(crate) fn new(clock: Arc<dyn Clock>, options: Options) -> Self {
        Self { clock, options, clients: [const { OnceLock::new() }; 3] }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The deadline of calls that name none.
    pub(crate) const fn call_timeout(&self) -> Duration {
        self.options.call_timeout
    }

    pub(crate) const fn options(&self) -> &Options {
        &self.options
    }

    /// Sends once; returns at `timeout` at the latest.
    pub(crate) async fn send(&self, mut request: Request, timeout: Duration) -> Sent {
        let landing = request.landing.take();
        let target = authority(&request.url);
        let left = Moment { wall: self.clock.now(), steady: Instant::now() };
        let client = match self.route(&request).and_then(|route| self.client(route)) {
            Ok(client) => client,
            Err(fault) => return Sent::Unsent(fault),
        };
        let deadline = sleep(timeout);
        let gate = Arc::new(Gate::new(deadline.deadline()));
        let request = match assemble(request, &gate) {
            Ok(request) => request,
            Err(reason) => return Sent::Unsent(TransportFault::failed(reason)),
        };
        tokio::pin!(deadline);
        let response = tokio::select! {
            biased;
            response = client.execute(request) => match response {
                Ok(response) => response,
                // Building and connecting come before the first byte; and what never asked for the body never sent it.
                Err(error) if error.is_connect() || error.is_builder() || gate.shut() => {
                    return Sent::Unsent(fault(&target, &error));
                }
                Err(error) => return Sent::InDoubt(fault(&target, &error)),
            },
            () = &mut deadline => {
                let fault = late(&target, timeout);
                return if gate.shut() { Sent::Unsent(fault) } else { Sent::InDoubt(fault) };
            }
        };
        let sent = self.receive(response, left, &target, timeout, deadline).await;
        if let (Some(landing), Sent::Answered(answer)) = (landing, &sent) {
            // Before anything else is done with it, and by this thread: whoever kills the process from here on does not take it along.
            landing.put(answer);
        }
        sent
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        left: Moment,
        target: &str,
        timeout: Duration,
        mut deadline: Pin<&mut Sleep>,
    ) -> Sent {
        let status = response.status().as_u16();
        tracing::debug!(target, status, "answered");
        let headers = std::mem::take(response.headers_mut());
        let log_id = LOG_IDS.iter().find_map(|name| header(&headers, name).and_then(redact::id));
        let mut body = Zeroizing::new(Vec::with_capacity(FIRST_ROOM));
        let broken = loop {
            let chunk = tokio::select! {
                biased;
                chunk = response.chunk() => chunk,
                () = &mut deadline => break Some(late(target, timeout)),
            };
            match chunk {
                Ok(Some(chunk)) if body.len() + chunk.len() > BODY_CAP => {
                    let room = BODY_CAP - body.len();
                    append(&mut body, &chunk[..room]);
                    let reason = format!("{target}: the answer is longer than {BODY_CAP} bytes");
                    break Some(TransportFault::failed(reason));
                }
                Ok(Some(chunk)) => append(&mut body, &chunk),
                Ok(None) => break None,
                Err(error) => break Some(fault(target, &error)),
            }
        };
        let (body, broken) = if gzip::is_packed(&headers) { plain(body, broken, target) } else { (body, broken) };
        match broken {
            // A head without a body says nothing about the token; what it does say goes into the reason.
            Some(TransportFault { reason, kind }) if body.is_empty() => {
                let log = log_id.map(|id| format!(", log id {id}")).unwrap_or_default();
                Sent::InDoubt(TransportFault {
                    reason: format!("{reason} (after the head of an answer: HTTP {status}{log})"),
                    kind,
                })
            }
            broken => {
                let arrived = self.clock.now();
                Sent::Answered(RawAnswer {
                    status,
                    content_type: header(&headers, CONTENT_TYPE.as_str()).and_then(|text| redact::line(text, &[])),
                    log_id,
                    date: header(&headers, DATE.as_str()).and_then(|text| redact::line(text, &[])),
                    retry_after: wait_asked(&headers, arrived),
                    location: header(&headers, LOCATION.as_str()).and_then(|text| target_host(text, target)),
                    body: SecretBytes::new(take(body)),
                    whole: broken.is_none(),
                    received: left.earliest(arrived),
                })
            }
        }
    }

    fn route(&self, request: &Request) -> Result<Route, TransportFault> {
        match way_out(&request.url, &self.options) {
            Err(_) if request.clear_text && request.url.scheme() == "http" && !has_user(&request.url) => {
                Ok(Route::Clear)
            }
            found => found,
        }
    }

    fn client(&self, route: Route) -> Result<&Client, TransportFault> {
        let built = self.clients[route as usize].get_or_init(|| {
            self.build(route).map_err(|error| format!("the HTTPS client cannot be set up: {}", root_cause(&error)))
        });
        built.as_ref().map_err(|reason| TransportFault::failed(reason.clone()))
    }

    fn build(&self, route: Route) -> reqwest::Result<Client> {
        builder(route, &self.options)?
            .pool_max_idle_per_host(0)
            // A gateway's odd header must not cost us the token below it; each connection carries one answer, so
            // nothing can be smuggled in between.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_max_headers(HEADERS_CAP)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .build()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Whether and how a request with a secret leaves for a URL now, past the proxies that the environment names.
pub(crate) fn way_out(url: &Url, options: &Options) -> Result<Route, TransportFault> {
    let route = route(url, options).map_err(TransportFault::failed)?;
    match (route, options.proxies.passage(url)) {
        (Route::System, Passage::Barred(variable)) => Err(barred(variable)),
        _ => Ok(route),
    }
}

/// Whether and how a request with a secret may go to a URL.
pub(crate) fn route(url: &Url, options: &Options) -> Result<Route, String> {
    if has_user(url) {
        // It would become HTTP Basic, which together with a secret in the body is refused (20070).
        return Err(format!("{}: a URL with a user name cannot be used", authority(url)));
    }
    let named = |host: &str| options.clear_text_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    let may_be_clear = || url.host_str().is_some_and(named) || options.clear_text_origins.contains(&url.origin());
    let loopback = is_loopback(url);
    match url.scheme() {
        "https" if loopback => Ok(Route::Direct),
        "https" => Ok(Route::System),
        "http" if loopback || may_be_clear() => Ok(Route::Clear),
        "http" => Err(format!("{}: tokens are not sent in clear text over a network; use https", authority(url))),
        other => Err(format!("a URL with scheme {other:?} cannot be used; use https")),
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// What every client has in common: nothing is repeated, and no redirect is followed.
pub(crate) fn builder(route: Route, options: &Options) -> reqwest::Result<ClientBuilder> {
    // Does nothing where the program has chosen a provider already; the client uses whichever is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Nothing that comes packed can be read in pieces, and no request of ours is worth it.
    let plain = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
    let builder = Client::builder()
        .user_agent(&options.user_agent)
        .default_headers(plain)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(options.connect_timeout);
    match route {
        // No roots are read for connections that use none.
        Route::Clear => Ok(builder.no_proxy().dns_resolver(Arc::new(OwnNames)).tls_certs_only([])),
        Route::Direct => Ok(builder.no_proxy().dns_resolver(Arc::new(OwnNames))),
        Route::System => options.proxies.given_to(builder),
    }
}

/// The three ways out; the number is the client's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Without TLS, without a proxy.
    Clear = 0,
    /// TLS, without a proxy.
    Direct = 1,
    /// TLS, through the system's proxy if it names one.
    System = 2,
}

fn assemble(mut request: Request, gate: &Arc<Gate>) -> Result<reqwest::Request, String> {
    let mut out = reqwest::Request::new(request.method.clone(), request.url.clone());
    out.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(text) = request.authorization.take() {
        let mut value = HeaderValue::from_str(&text).map_err(|_| "the bearer cannot stand in a header".to_owned())?;
        value.set_sensitive(true);
        out.headers_mut().insert(AUTHORIZATION, value);
    }
    for (name, text) in std::mem::take(&mut request.headers) {
        let mut value =
            HeaderValue::from_str(&text).map_err(|_| format!("the value of {name} cannot stand in a header"))?;
        value.set_sensitive(true);
        out.headers_mut().insert(HeaderName::from_static(name), value);
    }
    if let Some((content_type, bytes)) = request.body.take() {
        out.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let bytes = Some(Bytes::from_owner(Wiped(bytes)));
        *out.body_mut() = Some(reqwest::Body::wrap(Guarded { bytes, gate: Arc::clone(gate) }));
    } else {
        gate.pass();
    }
    Ok(out)
}

/// Through which a request's body goes once, before its deadline, or never.
pub(crate) struct Gate {
    until: Instant,
    state: AtomicU8,
}

impl Gate {
    const OPEN: u8 = 0;
    const PASSED: u8 = 1;
    const SHUT: u8 = 2;

    pub(crate) const fn new(until: Instant) -> Self {
        Self { until, state: AtomicU8::new(Self::OPEN) }
    }

    /// Lets the body out, or says that it is too late.
    pub(crate) fn pass(&self) -> bool {
        Instant::now() < self.until && self.turn(Self::PASSED)
    }

    /// Whether nothing has gone through; nothing will from here on.
    pub(crate) fn shut(&self) -> bool {
        self.turn(Self::SHUT)
    }

    fn turn(&self, to: u8) -> bool {
        self.state.compare_exchange(Self::OPEN, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// A body behind a gate.
pub(crate) struct Guarded {
    pub(crate) bytes: Option<Bytes>,
    pub(crate) gate: Arc<Gate>,
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, TooLate>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(if self.gate.pass() { Ok(http_body::Frame::data(bytes)) } else { Err(TooLate) }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}

/// The deadline passed before the body was asked for.
#[derive(Debug)]
pub(crate) struct TooLate;

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline passed before anything was sent")
    }
}

impl std::error::Error for TooLate {}

/// A body that is wiped once the last reader has let go of it.
/// The plain body of an answer that came packed; as it is where it cannot be unpacked.
fn plain(
    body: Zeroizing<Vec<u8>>,
    broken: Option<TransportFault>,
    target: &str,
) -> (Zeroizing<Vec<u8>>, Option<TransportFault>) {
    let Some(unpacked) = gzip::unpack(&body, BODY_CAP) else { return (body, broken) };
    let cut = || TransportFault::failed(format!("{target}: the packed answer is not whole"));
    let broken = broken.or_else(|| (!unpacked.whole).then(cut));
    (unpacked.bytes, broken)
}

/// One moment by two clocks: that of the day, which people and time servers set, and a steady one, which stands still while the
/// machine sleeps.
#[derive(Clone, Copy)]
struct Moment {
    wall: Timestamp,
    steady: Instant,
}

impl Moment {
    /// This moment by the day's clock as it goes `now`, or as it went then: the earlier of the two. A life that is counted from
    /// here ends too early at worst, whether the clock was set, the process stopped or the machine slept meanwhile.
    fn earliest(self, now: Timestamp) -> Timestamp {
        let Ok(elapsed) = SignedDuration::try_from(self.steady.elapsed()) else { return self.wall };
        let went = now.duration_since(self.wall);
        // Going alike, they say the same; the difference would only blur it.
        if (went - elapsed).abs() < CLOCKS_AGREE {
            return self.wall;
        }
        now.checked_sub(elapsed).map_or(self.wall, |by_now| by_now.min(self.wall))
    }
}

/// Host and port of a redirect's target; the rest may hold what is nobody else's business.
fn target_host(location: &str, target: &str) -> Option<String> {
    match Url::parse(location) {
        Ok(url) => redact::line(&authority(&url), &[]),
        Err(url::ParseError::RelativeUrlWithoutBase) => Some(target.to_owned()),
        Err(_) => None,
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => local_names::is_own_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(crate) fn fault(target: &str, error: &reqwest::Error) -> TransportFault {
    let stage = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "could not be reached in time",
        (true, false) => "cannot be reached",
        (false, _) => "did not answer",
    };
    let reason = redact::line(&format!("{target} {stage}: {}", root_cause(error)), &[]).unwrap_or_default();
    if error.is_timeout() { TransportFault::late(reason) } else { TransportFault::failed(reason) }
}

pub(crate) fn late(target: &str, timeout: Duration) -> TransportFault {
    TransportFault::late(format!("{target} did not answer within {} s", timeout.as_secs_f32()))
}

/// The innermost error: the outer ones only say "error sending request", and some of them name the URL.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = match error.source() {
        Some(source) => source,
        None => return "the request cannot be built".to_owned(),
    };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The pause asked for, in seconds (reference/feishu.md §11.1; RFC 9110 §10.2.3, which also permits a date).
pub(crate) fn wait_asked(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let seconds = |text: &str| text.trim().parse::<u64>().ok();
    // The date is one of the provider's clock, and so is that of its answer; ours may be another.
    let theirs = header(headers, DATE.as_str()).and_then(date).unwrap_or(now);
    let until = |text: &str| Some(u64::try_from(date(text)?.duration_since(theirs).as_secs()).unwrap_or(0));
    header(headers, LIMIT_RESET)
        .and_then(seconds)
        .or_else(|| header(headers, RETRY_AFTER.as_str()).and_then(|text| seconds(text).or_else(|| until(text))))
        .map(|seconds| seconds.min(LONGEST_WAIT))
}

/// Reads an HTTP date (RFC 9110 §5.6.7).
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text.trim()).ok().map(|date| date.timestamp())
}

const LIMIT_RESET: &str = "x-ogw-ratelimit-reset";
/// Token answers are a few kilobytes (reference/feishu.md §4.3); what is longer is not one.
const BODY_CAP: usize = 1 << 20;
/// Nobody waits longer than a year; a larger number is a mistake, and must not break a sum.
const LONGEST_WAIT: u64 = 365 * 86_400;
/// Gateways add headers; hyper would refuse an answer with more than a hundred, and its tokens with it.
const HEADERS_CAP: usize = 1000;
/// Two clocks that differ by less over one request go alike.
const CLOCKS_AGREE: SignedDuration = SignedDuration::from_secs(1);
const FIRST_ROOM: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_earlier_one_by_both_clocks() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let ago =
            |seconds| Moment { wall: at(0), steady: Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap() };
        // Both go alike.
        assert_eq!(ago(3).earliest(at(3)), at(0));
        // The machine slept: only the day's clock went on.
        assert_eq!(ago(1).earliest(at(30_000)), at(0));
        // The process was stopped: both went on.
        assert_eq!(ago(600).earliest(at(600)), at(0));
        // The clock was set back by an hour, and forward by one.
        assert!(ago(2).earliest(at(-3600)) <= at(-3602));
        assert_eq!(ago(2).earliest(at(3602)), at(0));
    }

    #[test]
    fn of_a_redirect_the_host_is_told_and_nothing_else() {
        assert_eq!(target_host("https://login.test:8443/x?code=s3cret", "h").as_deref(), Some("login.test:8443"));
        assert_eq!(target_host("https://u:p@login.test/x", "h").as_deref(), Some("login.test"));
        assert_eq!(target_host("/token/", "h.test").as_deref(), Some("h.test"));
    }

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_800_000_000).unwrap()
        }
    }

    fn route(url: &str) -> Result<Route, String> {
        let options = Options { clear_text_hosts: vec!["stand.test".to_owned()], ..Options::default() };
        super::route(&Url::parse(url).unwrap(), &options)
    }

    #[test]
    fn clear_text_goes_to_loopback_and_named_hosts_only() {
        for clear in [
            "http://127.0.0.1:9/x",
            "http://127.9.9.9/",
            "http://[::1]/",
            "http://LOCALHOST/",
            "http://a.localhost/",
            "http://stand.test/",
        ] {
            assert_eq!(route(clear), Ok(Route::Clear), "{clear}");
        }
        for refused in [
            "http://open.feishu.cn/",
            "http://localhost.evil.test/",
            "http://10.0.0.1/",
            "http://xstand.test/",
            "ftp://localhost/",
        ] {
            assert!(route(refused).is_err(), "{refused}");
        }
        assert!(route("https://u:p@open.feishu.cn/").is_err());
    }

    #[test]
    fn a_proxy_is_for_https_beyond_this_machine() {
        assert_eq!(route("https://open.feishu.cn/"), Ok(Route::System));
        assert_eq!(route("https://localhost:8443/"), Ok(Route::Direct));
    }

    #[test]
    fn the_pause_is_read_in_every_form() {
        let asked = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(
                reqwest::header::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )]);
            wait_asked(&headers, Noon.now())
        };
        assert_eq!(asked("x-ogw-ratelimit-reset", "17"), Some(17));
        assert_eq!(asked("retry-after", " 5 "), Some(5));
        assert_eq!(asked("retry-after", "Fri, 15 Jan 2027 08:01:00 GMT"), Some(60));
        assert_eq!(asked("retry-after", "Fri, 15 Jan 2021 08:01:00 GMT"), Some(0));
        assert_eq!(asked("retry-after", "soon"), None);
        // By the provider's clock, which is an hour ahead of ours.
        let headers = HeaderMap::from_iter([
            (DATE, HeaderValue::from_static("Fri, 15 Jan 2027 09:00:00 GMT")),
            (RETRY_AFTER, HeaderValue::from_static("Fri, 15 Jan 2027 09:00:07 GMT")),
        ]);
        assert_eq!(wait_asked(&headers, Noon.now()), Some(7));
    }
}
