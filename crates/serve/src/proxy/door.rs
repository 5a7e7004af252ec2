//! Who may come in.
//!
//! Enters: the head of a request. Leaves: what is asked of the provider, with the local secret taken out of the path; or
//! why the caller is sent away. *Is it a method that passes?* `TRACE` would bring the token back (RFC 9110 §9.3.8), what a
//! foreign one does nobody knows, and one that a header asks for instead is another than the one that was judged. Then three questions, in this order. *Was it meant for us?* The `Host` must be a name of the
//! address that is listened on: a page that has its own name resolved to this machine (DNS rebinding) brings another
//! one. *Does a page of another origin ask?* Browsers say so by `Origin` (RFC 6454) or `Sec-Fetch-Site`, and the pages of
//! others have no business here; without a secret, a browser that goes here as to a page has none either, since what it would be
//! shown could call the API in its turn. *Is the secret known*, where there is one? It comes in the path, in a header of its own, or
//! where the program would send a token or an app's secret: some SDKs take a domain without a path, and no headers.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, HOST, ORIGIN, USER_AGENT, VIA};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use serde_json::Value;
use url::Url;

use super::method_override::overrides_method;
use super::options::ProxyError;
use super::secret::LocalSecret;
use super::token_calls::{PLACEHOLDER, TokenCall, token_call};

/// The rules of one address.
pub(super) struct Door {
    address: IpAddr,
    secret: Option<LocalSecret>,
    names: Vec<String>,
    origins: Vec<HeaderValue>,
}

/// Somebody who may come in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Visit {
    /// Path and query as the provider is to see them.
    pub(super) target: String,
    /// What stands before the path for callers who bring the secret in it; empty for others.
    pub(super) prefix: String,
    /// The origin of the page that asks, if it is one that may.
    pub(super) origin: Option<HeaderValue>,
    /// Whether a browser only asks whether it may ask.
    pub(super) preflight: bool,
    /// Whether the secret is still to be found, in the body of a call for a token.
    pub(super) unproven: bool,
}

/// Why somebody is sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SentAway {
    /// No `Host`, or several, or a target that is none (RFC 9112 §3.2).
    Malformed,
    /// The request was meant for another host.
    OtherHost,
    /// It is a request to a forward proxy, which this is not.
    ForwardProxy,
    /// A page of another origin asks.
    OtherOrigin,
    /// The secret is missing, or is another one.
    NoSecret,
    /// The secret stands where it would go on to the provider.
    SecretElsewhere,
    /// A method that does not pass.
    Method,
    /// A picture is fetched for somebody's text; such a fetch is to have no token.
    OwnFetcher,
}

impl Door {
    pub(super) fn new(
        address: IpAddr,
        secret: Option<LocalSecret>,
        hosts: &[String],
        origins: &[String],
    ) -> Result<Self, ProxyError> {
        let origins: Result<_, _> =
            origins.iter().map(|text| origin(text).ok_or_else(|| ProxyError::BadOrigin(text.clone()))).collect();
        let names = hosts.iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect();
        Ok(Self { address, secret, names, origins: origins? })
    }

    pub(super) fn admit<B>(&self, request: &Request<B>) -> Result<Visit, SentAway> {
        if request.method() == Method::CONNECT {
            return Err(SentAway::ForwardProxy);
        }
        if !METHODS.contains(request.method()) || overrides_method(request) {
            return Err(SentAway::Method);
        }
        // RFC 9112 §3.2.2: this is a server of http, and of nothing else.
        if request.uri().scheme_str().is_some_and(|scheme| !scheme.eq_ignore_ascii_case("http")) {
            return Err(SentAway::Malformed);
        }
        let host = self.host(request)?;
        let origin = self.origin(request.headers(), host.as_ref())?;
        self.is_no_page(request.headers())?;
        let path = request.uri().path();
        let preflight = origin.is_some()
            && request.method() == Method::OPTIONS
            && request.headers().contains_key("access-control-request-method");
        let target =
            |path: &str| request.uri().query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let Some((path, prefix)) = self.secret(path, request.headers()) else {
            let unproven = matches!(token_call(request.method(), path), Some(TokenCall::Placeholder));
            if unproven {
                return Ok(Visit { target: target(path), prefix: String::new(), origin, preflight, unproven });
            }
            // Browsers ask without the headers of the request that they ask about.
            if preflight {
                return Ok(Visit { target: "/".to_owned(), prefix: String::new(), origin, preflight, unproven });
            }
            return Err(SentAway::NoSecret);
        };
        if !path.starts_with('/') {
            return Err(SentAway::Malformed);
        }
        if self.holds_secret(&target(path)) {
            return Err(SentAway::SecretElsewhere);
        }
        Ok(Visit { target: target(path), prefix: prefix.to_owned(), origin, preflight, unproven: false })
    }

    /// Sends browsers away that go here as to a page, or that say nothing of who asks, where no secret tells who they are.
    /// Browsers send Fetch Metadata only to addresses that they trust, so that a name such as `host.docker.internal` gets none.
    fn is_no_page(&self, headers: &HeaderMap) -> Result<(), SentAway> {
        let text = |name: HeaderName| headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
        if self.secret.is_some() {
            return Ok(());
        }
        // Its calls bring a token, and a proxy like this one says that it was there.
        let ours = text(USER_AGENT).starts_with(b"tokenward/");
        if ours && !headers.contains_key(AUTHORIZATION) && !headers.contains_key(VIA) {
            return Err(SentAway::OwnFetcher);
        }
        let page = text(MODE) == b"navigate" || PAGES.contains(&text(DESTINATION));
        let silent = text(USER_AGENT).starts_with(b"Mozilla/") && !headers.contains_key(SITE);
        if page || (silent && !headers.contains_key(ORIGIN)) { Err(SentAway::OtherOrigin) } else { Ok(()) }
    }

    /// Whether the secret stands in a text that would go on.
    pub(super) fn holds_secret(&self, text: &str) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.is_in(text))
    }

    /// The one host a request names, checked; none only before HTTP/1.1.
    fn host<B>(&self, request: &Request<B>) -> Result<Option<Authority>, SentAway> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let named = match (hosts.next(), hosts.next()) {
            (Some(host), None) => {
                let text = host.to_str().map_err(|_| SentAway::Malformed)?;
                Some(text.parse::<Authority>().map_err(|_| SentAway::Malformed)?)
            }
            // No browser speaks HTTP/1.0.
            (None, _) if request.version() < Version::HTTP_11 => None,
            _ => return Err(SentAway::Malformed),
        };
        // RFC 9112 §3.2.2: the target's own authority counts before the header.
        if let Some(target) = request.uri().authority()
            && !self.is_ours(target)
        {
            return Err(SentAway::ForwardProxy);
        }
        match named {
            Some(named) if !self.is_ours(&named) => Err(SentAway::OtherHost),
            named => Ok(named),
        }
    }

    /// Whether an authority is a name of the address listened on. The port may be another one: of a tunnel, a container.
    fn is_ours(&self, authority: &Authority) -> bool {
        let host = authority.host();
        if authority.as_str().contains('@') {
            return false;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            // Nobody can have a number resolved to something else.
            return address == self.address
                || self.address.is_unspecified()
                || (self.address.is_loopback() && address.is_loopback());
        }
        let name = host.trim_end_matches('.');
        let local = self.address.is_loopback() || self.address.is_unspecified();
        (local && name.eq_ignore_ascii_case("localhost"))
            || self.names.iter().any(|ours| ours.eq_ignore_ascii_case(name))
    }

    /// The origin that asks, if it is another one that may; `None` for our own and for those who are no browser.
    fn origin(&self, headers: &HeaderMap, host: Option<&Authority>) -> Result<Option<HeaderValue>, SentAway> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (Some(origin), None) => Some(origin),
            (None, _) => None,
            (Some(_), Some(_)) => return Err(SentAway::OtherOrigin),
        };
        if let Some(origin) = origin {
            if self.origins.contains(origin) {
                return Ok(Some(origin.clone()));
            }
            let own = host.map(|host| format!("http://{host}"));
            if own.as_deref().map(str::as_bytes) != Some(origin.as_bytes()) {
                return Err(SentAway::OtherOrigin);
            }
            return Ok(None);
        }
        // Images, scripts and links of a page are asked for without an origin (Fetch Metadata, W3C).
        match headers.get(SITE).map(HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => Ok(None),
            Some(_) => Err(SentAway::OtherOrigin),
        }
    }

    /// The origin of a page that may read answers.
    pub(super) fn guest(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        headers.get(ORIGIN).filter(|origin| self.origins.contains(origin)).cloned()
    }

    /// The path without the secret, and what stood before it; `None` for those who do not know it.
    fn secret<'a>(&self, path: &'a str, headers: &HeaderMap) -> Option<(&'a str, &'a str)> {
        let Some(secret) = &self.secret else { return Some((path, "")) };
        if let Some(rest) = path.strip_prefix(SECRET_PATH) {
            let end = rest.find('/').unwrap_or(rest.len());
            if secret.is(&rest[..end]) {
                let (prefix, path) = path.split_at(SECRET_PATH.len() + end);
                return Some((if path.is_empty() { "/" } else { path }, prefix));
            }
        }
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let bearer = text(AUTHORIZATION)
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let known = text(SECRET_HEADER).is_some_and(|given| secret.is(given))
            || bearer.is_some_and(|(_, token)| secret.is_token(token.trim()));
        known.then_some((path, ""))
    }

    /// Whether the credentials of a call for a token are the secret.
    pub(super) fn proves(&self, body: &[u8]) -> bool {
        let Some(secret) = &self.secret else { return true };
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
        let given = ["app_secret", "app_access_token"].map(|name| body.get(name).and_then(Value::as_str));
        given.into_iter().flatten().any(|text| secret.is_token(text))
    }

    /// What programs are given in place of a token: by it they are known where there is a secret.
    pub(super) fn placeholder(&self) -> String {
        self.secret.as_ref().map_or_else(|| PLACEHOLDER.to_owned(), LocalSecret::as_tenant_token)
    }

    /// The path of a request as it may be told: without anything that might be a secret.
    pub(super) fn tellable(&self, uri: &Uri) -> String {
        let path = uri.path();
        let path = match path.strip_prefix(SECRET_PATH) {
            // A wrong one may be the right one of another proxy.
            Some(rest) if self.secret.is_some() => rest.find('/').map_or("/", |end| &rest[end..]),
            _ => path,
        };
        // Nor where somebody has put it into the wrong place.
        let path = self.secret.as_ref().map_or_else(|| path.to_owned(), |secret| path.replace(secret.expose(), "…"));
        if self.holds_secret(&path) {
            return "…".to_owned();
        }
        let path: String =
            path.chars().map(|c| if c == '…' || c.is_ascii_graphic() { c.to_string() } else { escaped(c) }).collect();
        match path.char_indices().nth(LONGEST_TOLD) {
            Some((end, _)) => format!("{}…", &path[..end]),
            None => path,
        }
    }
}

/// A character in escapes (RFC 3986 §2.1).
fn escaped(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"))
}

fn origin(text: &str) -> Option<HeaderValue> {
    let url = Url::parse(text).ok()?;
    let origin = url.origin();
    let same = origin.is_tuple() && text.trim_end_matches('/').eq_ignore_ascii_case(&origin.ascii_serialization());
    same.then(|| HeaderValue::from_str(&origin.ascii_serialization()).ok()).flatten()
}

/// Before the secret, in a path.
pub(super) const SECRET_PATH: &str = "/s/";
/// The header that brings the secret.
pub(super) const SECRET_HEADER: HeaderName = HeaderName::from_static("x-tokenward-secret");
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// What a browser shows as a page, or runs in one (Fetch Metadata, W3C).
const PAGES: &[&[u8]] = &[b"document", b"iframe", b"frame", b"fencedframe", b"object", b"embed"];
/// The methods that pass.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
const LONGEST_TOLD: usize = 300;

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const SECRET: &str = "0123456789abcdefXYZ";

    fn door(address: impl Into<IpAddr>, secret: bool) -> Door {
        let secret = secret.then(|| LocalSecret::parse(SECRET).unwrap());
        Door::new(address.into(), secret, &["host.docker.internal".to_owned()], &["http://localhost:3000/".to_owned()])
            .unwrap()
    }

    fn request(target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let request =
            headers.iter().fold(Request::builder().uri(target), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap()
    }

    fn admitted(door: &Door, target: &str, headers: &[(&str, &str)]) -> Result<String, SentAway> {
        door.admit(&request(target, headers)).map(|visit| visit.target)
    }

    #[test]
    fn only_our_own_names_are_ours() {
        let door = door(Ipv4Addr::LOCALHOST, false);
        for host in ["127.0.0.1:80", "localhost", "LocalHost:99", "localhost.", "[::1]:5", "host.docker.internal:1"] {
            assert_eq!(admitted(&door, "/x?a=b", &[("host", host)]), Ok("/x?a=b".into()), "{host}");
        }
        for host in ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "10.0.0.1", "xlocalhost", "a@localhost"]
        {
            assert_eq!(admitted(&door, "/x", &[("host", host)]), Err(SentAway::OtherHost), "{host}");
        }
        assert_eq!(admitted(&door, "/x", &[]), Err(SentAway::Malformed));
        assert_eq!(admitted(&door, "/x", &[("host", "localhost"), ("host", "localhost")]), Err(SentAway::Malformed));
        assert_eq!(admitted(&door, "http://open.feishu.cn/x", &[("host", "localhost")]), Err(SentAway::ForwardProxy));
        assert_eq!(admitted(&door, "http://localhost:1/x", &[("host", "localhost")]), Ok("/x".into()));
    }

    #[test]
    fn an_address_of_the_network_is_known_by_its_number() {
        let any = door(Ipv6Addr::UNSPECIFIED, true);
        let one = door(Ipv4Addr::new(10, 0, 0, 5), true);
        let secret = ("x-tokenward-secret", SECRET);
        for host in ["10.0.0.5:80", "192.168.1.1", "localhost"] {
            assert!(admitted(&any, "/x", &[("host", host), secret]).is_ok(), "{host}");
        }
        assert!(admitted(&one, "/x", &[("host", "10.0.0.5:1"), secret]).is_ok());
        for host in ["10.0.0.6", "localhost", "evil.test"] {
            assert_eq!(admitted(&one, "/x", &[("host", host), secret]), Err(SentAway::OtherHost), "{host}");
        }
    }

    #[test]
    fn pages_of_others_are_sent_away() {
        let door = door(Ipv4Addr::LOCALHOST, false);
        let host = ("host", "localhost:8000");
        for (name, value) in [
            ("origin", "http://evil.test"),
            ("origin", "null"),
            ("origin", "http://localhost:8001"),
            ("origin", "https://localhost:8000"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(admitted(&door, "/x", &[host, (name, value)]), Err(SentAway::OtherOrigin), "{value}");
        }
        for (name, value) in [
            ("origin", "http://localhost:8000"),
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert!(admitted(&door, "/x", &[host, (name, value)]).is_ok(), "{value}");
        }
        let allowed = [host, ("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")];
        assert!(admitted(&door, "/x", &allowed).is_ok());
        assert!(origin("localhost:3000").is_none() && origin("http://a/b").is_none() && origin("file:///").is_none());
    }

    #[test]
    fn only_known_methods_pass() {
        let door = door(Ipv4Addr::LOCALHOST, false);
        for (method, passes) in [
            ("GET", true),
            ("PATCH", true),
            ("OPTIONS", true),
            ("TRACE", false),
            ("TRACK", false),
            ("get", false),
            ("PROPFIND", false),
        ] {
            let mut request = request("/x", &[("host", "localhost")]);
            *request.method_mut() = method.parse().unwrap();
            assert_eq!(
                door.admit(&request).map(|_| ()),
                if passes { Ok(()) } else { Err(SentAway::Method) },
                "{method}"
            );
        }
        for target in ["https://localhost/x", "ftp://localhost/x"] {
            assert_eq!(admitted(&door, target, &[("host", "localhost")]), Err(SentAway::Malformed), "{target}");
        }
    }

    #[test]
    fn without_a_secret_no_browser_goes_here_as_to_a_page() {
        let host = ("host", "localhost");
        let site = ("sec-fetch-site", "none");
        for (name, value) in [
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "embed"),
        ] {
            let open = door(Ipv4Addr::LOCALHOST, false);
            assert_eq!(admitted(&open, "/x", &[host, site, (name, value)]), Err(SentAway::OtherOrigin), "{value}");
            let guarded = door(Ipv4Addr::LOCALHOST, true);
            assert!(
                admitted(&guarded, "/x", &[host, site, (name, value), ("x-tokenward-secret", SECRET)]).is_ok(),
                "{value}"
            );
        }
        let open = door(Ipv4Addr::LOCALHOST, false);
        assert_eq!(admitted(&open, "/x", &[host, ("user-agent", "Mozilla/5.0")]), Err(SentAway::OtherOrigin));
        assert!(
            admitted(&open, "/x", &[host, ("user-agent", "Mozilla/5.0"), ("sec-fetch-site", "same-origin")]).is_ok()
        );
        assert!(admitted(&open, "/x", &[host, ("user-agent", "curl/8")]).is_ok());
        assert_eq!(admitted(&open, "/x", &[host, ("user-agent", "tokenward/0.1.0")]), Err(SentAway::OwnFetcher));
        assert_eq!(open.tellable(&"/x".parse().unwrap()), "/x");
    }

    #[test]
    fn the_secret_is_asked_for_and_taken_out() {
        let door = door(Ipv4Addr::LOCALHOST, true);
        let host = ("host", "localhost");
        let path = format!("/s/{SECRET}/open-apis/x?q=1");
        let visit = door.admit(&request(&path, &[host])).unwrap();
        assert_eq!((visit.target.as_str(), visit.prefix), ("/open-apis/x?q=1", format!("/s/{SECRET}")));
        assert_eq!(admitted(&door, &format!("/s/{SECRET}"), &[host]), Ok("/".into()));
        assert_eq!(admitted(&door, "/x", &[host, ("x-tokenward-secret", SECRET)]), Ok("/x".into()));
        for bearer in [format!("Bearer {SECRET}"), format!("bearer u-{SECRET}"), format!("Bearer t-{SECRET}")] {
            assert_eq!(admitted(&door, "/x", &[host, ("authorization", &bearer)]), Ok("/x".into()), "{bearer}");
        }
        for bearer in [format!("Basic {SECRET}"), format!("Bearer u-{SECRET}x"), "Bearer".to_owned(), SECRET.to_owned()]
        {
            assert_eq!(admitted(&door, "/x", &[host, ("authorization", &bearer)]), Err(SentAway::NoSecret), "{bearer}");
        }
        assert!(door.proves(format!(r#"{{"app_id":"a","app_secret":"{SECRET}"}}"#).as_bytes()));
        assert!(!door.proves(br#"{"app_secret":"x"}"#) && !door.proves(b"") && !door.proves(b"[1]"));
        let escaped: String = SECRET.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"));
        for path in
            [format!("/s/{SECRET}/s/{SECRET}/x"), format!("/s/{SECRET}/x?a={SECRET}"), format!("/s/{SECRET}/{escaped}")]
        {
            assert_eq!(admitted(&door, &path, &[host]), Err(SentAway::SecretElsewhere), "{path}");
            assert!(!door.tellable(&path.parse().unwrap()).contains(SECRET), "{path}");
        }
        let known = ("x-tokenward-secret", SECRET);
        assert_eq!(admitted(&door, &format!("/s/{SECRET}x/y"), &[host, known]), Err(SentAway::SecretElsewhere));
        for path in ["/x", "/s/", "/s/wrong/x", &format!("/s/{SECRET}x/y"), &format!("//s/{SECRET}/y")] {
            assert_eq!(admitted(&door, path, &[host]), Err(SentAway::NoSecret), "{path}");
        }
        assert!(!door.tellable(&path.parse().unwrap()).contains(SECRET));
        for path in [format!("//s/{SECRET}/x"), format!("/api/s/{SECRET}/x"), format!("/s/x/{SECRET}")] {
            let told = door.tellable(&path.parse().unwrap());
            assert!(!told.contains(SECRET), "{told}");
        }
        assert_eq!(door.tellable(&"/s/almost-the-secret/x?q=1".parse().unwrap()), "/x");
    }
}
