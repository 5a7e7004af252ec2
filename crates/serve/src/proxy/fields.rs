//! Which header fields go on, and which end here.
//!
//! Fields that belong to one connection end with it (RFC 9110 §7.6.1): those of the list, and those that `Connection`
//! names. Beyond that, a request loses what only this proxy was to see and what it replaces.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_SECURITY_POLICY, COOKIE,
    EXPECT, HOST, LINK, LOCATION, ORIGIN, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, REFERER, SEC_WEBSOCKET_EXTENSIONS,
    SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VARY, VIA, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use tokenward_core::Hosts;

use super::door::{Door, Visit};
use super::method_override::{OVERRIDES, hyphened};

/// Whether a request asks to go on as a WebSocket (RFC 6455 §4.1). Other upgrades are not offered (RFC 9110 §7.8 lets
/// a server ignore them): through one of them, requests could pass that nobody here has looked at.
pub(super) fn is_websocket<B>(request: &Request<B>) -> bool {
    let is = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    let mut upgrades = request.headers().get_all(UPGRADE).iter();
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && matches!((upgrades.next(), upgrades.next()), (Some(one), None) if is(one))
        && named(request.headers()).contains(&UPGRADE)
}

/// The fields of a request as the provider is to see them. Where the caller comes from (`Referer`, `Origin`) is no business of
/// the provider's and may hold the local secret; cookies of this machine know no port, so they are other programs'.
pub(super) fn of_request(headers: &HeaderMap, version: Version, websocket: bool, door: &Door) -> HeaderMap {
    let mut out = headers.clone();
    end_with_connection(&mut out);
    // `Expect` was answered by whoever took the body (RFC 9110 §10.1.1). Compressed refusals could not be read.
    for name in [&AUTHORIZATION, &HOST, &CONTENT_LENGTH, &EXPECT, &REFERER, &ORIGIN, &COOKIE] {
        out.remove(name);
    }
    remove(&mut out, |name, _| speaks_for_a_proxy(name));
    let told = |value: &HeaderValue| door.holds_secret(&String::from_utf8_lossy(value.as_bytes()));
    remove(&mut out, |name, value| name.as_str().starts_with(OURS) || told(value) || door.holds_secret(name.as_str()));
    out.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let version = if version < Version::HTTP_11 { "1.0" } else { "1.1" };
    out.append(VIA, HeaderValue::try_from(format!("{version} {PSEUDONYM}")).expect("these are plain letters"));
    if websocket {
        ask_for_websocket(&mut out);
    }
    out
}

/// Whether a field is one by which a proxy tells the server behind it what a request was: who asks, for which host and path, by
/// which method. Servers that believe it would do something else than what was judged here. Nobody but this proxy
/// stands before the provider.
fn speaks_for_a_proxy(name: &HeaderName) -> bool {
    let name = hyphened(name);
    BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || OVERRIDES.contains(&name.as_str())
        || OF_PROXIES.contains(&name.as_str())
}

/// Whether a request has come through a proxy like this one: then it would go round for ever.
pub(super) fn goes_round(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(VIA).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|one| one.split_whitespace().nth(1) == Some(PSEUDONYM))
}

/// The fields of an answer as the caller is to see them.
pub(super) fn of_answer(headers: &HeaderMap, websocket: bool, visit: &Visit, hosts: &Hosts) -> HeaderMap {
    let mut out = headers.clone();
    end_with_connection(&mut out);
    // The provider does not speak for this proxy, sets no cookie for every server of this machine, and does not decide which pages
    // may read what is answered here.
    let speaks_for_us = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with(OURS) || name.starts_with("access-control-allow-") || OF_AN_ORIGIN.contains(&name)
    };
    // `Refresh` leads a browser elsewhere as `Location` does, by no rule of HTTP.
    remove(&mut out, |name, _| {
        speaks_for_us(name) || *name == SET_COOKIE || name == "set-cookie2" || name == "refresh"
    });
    let is_us = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains(PSEUDONYM));
    if out.get_all(VIA).iter().any(is_us) {
        out.remove(VIA);
    }
    if websocket {
        ask_for_websocket(&mut out);
    }
    for name in [LOCATION, CONTENT_LOCATION] {
        if let Some(here) = out.get(&name).and_then(|location| here(location, visit, hosts)) {
            out.insert(name, here);
        }
    }
    if let http::header::Entry::Occupied(links) = out.entry(LINK) {
        let (name, values) = links.remove_entry_mult();
        let values: Vec<_> = values.filter_map(|value| links_here(&value, visit, hosts)).collect();
        for value in values {
            out.append(&name, value);
        }
    }
    if let Some(origin) = &visit.origin {
        allow(&mut out, origin);
    }
    out
}

/// Lets the page of an origin read an answer (WHATWG Fetch, CORS).
pub(super) fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(http::header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

/// Keeps a browser from running what an answer holds as if this proxy had written it.
pub(super) fn guard(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = "sandbox; default-src 'none'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
}

fn remove(headers: &mut HeaderMap, which: impl Fn(&HeaderName, &HeaderValue) -> bool) {
    let names: Vec<_> =
        headers.iter().filter(|(name, value)| which(name, value)).map(|(name, _)| name.clone()).collect();
    for name in names {
        headers.remove(name);
    }
}

fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

fn end_with_connection(headers: &mut HeaderMap) {
    for name in named(headers) {
        headers.remove(name);
    }
    for name in [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    for name in ["keep-alive", "proxy-connection", "proxy-authentication-info", "http2-settings"] {
        headers.remove(name);
    }
    // Messages of a WebSocket that an extension has packed could not be watched for the token.
    headers.remove(SEC_WEBSOCKET_EXTENSIONS);
}

/// What `Connection` names.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

/// An address as seen from the caller. What is on the app's own host comes back through the proxy when it is followed; every other
/// one is written out in full, because `//host` would begin with the scheme of this proxy, and `/path` would be here.
fn here(location: &HeaderValue, visit: &Visit, hosts: &Hosts) -> Option<HeaderValue> {
    let base = hosts.open.path().trim_end_matches('/');
    let mut asked = hosts.open.clone();
    asked.set_path(&format!("{base}{}", visit.target.split('?').next().unwrap_or_default()));
    let url = asked.join(location.to_str().ok()?).ok()?;
    let below = url.path().strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(path) = below.filter(|_| url.origin() == hosts.open.origin()) else {
        return HeaderValue::try_from(url.as_str()).ok();
    };
    // `//` and `/\\` begin a host, and some take their escapes for the same.
    let mut path = path;
    while let Some(rest) = ["/", "\\", "%2f", "%2F", "%5c", "%5C"].iter().find_map(|slash| path.strip_prefix(slash)) {
        path = rest;
    }
    let rest = &url[url::Position::AfterPath..];
    HeaderValue::try_from(format!("{}/{path}{rest}", visit.prefix)).ok()
}

/// The addresses of links (RFC 8288 §3) as seen from the caller, by the rule of [`here`]: the next page of a list is asked for
/// through the proxy. `None` for what cannot be read.
fn links_here(links: &HeaderValue, visit: &Visit, hosts: &Hosts) -> Option<HeaderValue> {
    let mut rest = links.to_str().ok()?;
    let mut out = String::with_capacity(rest.len());
    let mut is_quoted = false;
    while let Some(at) = rest.find(['<', '"', '\\']) {
        let (before, mark) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = mark.strip_prefix('<').filter(|_| !is_quoted) {
            let (target, after) = after.split_once('>')?;
            let target = here(&HeaderValue::from_str(target.trim()).ok()?, visit, hosts)?;
            out.push('<');
            out.push_str(target.to_str().ok()?);
            out.push('>');
            rest = after;
            continue;
        }
        // In a quoted text, what follows a backslash means itself (RFC 9110 §5.6.4).
        let length =
            if mark.starts_with('\\') && is_quoted { mark.chars().take(2).map(char::len_utf8).sum() } else { 1 };
        is_quoted ^= mark.starts_with('"');
        out.push_str(&mark[..length]);
        rest = &mark[length..];
    }
    out.push_str(rest);
    HeaderValue::try_from(out).ok()
}

/// How names of our own fields begin.
const OURS: &str = "x-tokenward-";
/// Further fields of proxies; no list is complete, these are the ones that servers and their frameworks read.
const BEGINNINGS: [&str; 10] = [
    "x-forwarded",
    "x-original-",
    "x-originating-",
    "x-rewrite-",
    "x-real-",
    "x-envoy-",
    "x-arr-",
    "x-ms-original-",
    "x-ssl-",
    "x-client-",
];
/// The same, whole.
const OF_PROXIES: [&str; 23] = [
    "cf-connecting-ip",
    "client-ip",
    "cookie2",
    "fastly-client-ip",
    "forwarded",
    "front-end-https",
    "proxy",
    "proxy-host",
    "proxy-url",
    "remote-user",
    "request-uri",
    "ssl-client-cert",
    "true-client-ip",
    "x-cluster-client-ip",
    "x-host",
    "x-http-destinationurl",
    "x-http-host-override",
    "x-remote-addr",
    "x-remote-ip",
    "x-remote-user",
    "x-authenticated-user",
    "x-webauth-user",
    "x-proxy-url",
];
/// Fields by which an answer orders something about the whole origin it came from; this one's would be 127.0.0.1 with a port
/// that is somebody else's tomorrow.
const OF_AN_ORIGIN: [&str; 7] = [
    "alt-svc",
    "clear-site-data",
    "nel",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "strict-transport-security",
];
/// What this proxy calls itself (RFC 9110 §7.6.3).
const PSEUDONYM: &str = "tokenward";

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn what_belongs_to_a_connection_ends_with_it() {
        let given = headers(&[
            ("connection", "close, X-Private"),
            ("connection", "x-other"),
            ("x-private", "1"),
            ("x-other", "2"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("http2-settings", "AA"),
            ("proxy-authorization", "Basic eA=="),
            ("authorization", "Bearer u-caller"),
            ("x-tokenward-secret", "s"),
            ("expect", "100-continue"),
            ("host", "localhost"),
            ("accept-encoding", "gzip"),
            ("x-request-id", "7"),
            ("referer", "http://localhost/s/0123456789abcdefXYZ/x"),
            ("origin", "http://localhost"),
            ("cookie", "a=b"),
            ("x-tokenward-code", "TW0100"),
            ("x-note", "see 0123456789abcdefXYZ"),
            ("x-note-too", "%2530123456789abcdefXYZ %30123456789abcdefXYZ"),
        ]);
        let secret = crate::proxy::LocalSecret::parse("0123456789abcdefXYZ").unwrap();
        let door = Door::new(std::net::Ipv4Addr::LOCALHOST.into(), Some(secret), &[], &[]).unwrap();
        let out = of_request(&given, Version::HTTP_11, false, &door);
        let mut names: Vec<_> = out.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept-encoding", "via", "x-request-id"]);
        assert_eq!(out[ACCEPT_ENCODING], "identity");
    }

    #[test]
    fn only_a_websocket_is_an_upgrade() {
        let request = |method: Method, pairs: &[(&'static str, &'static str)]| {
            let mut request = Request::builder().method(method).body(()).unwrap();
            *request.headers_mut() = headers(pairs);
            is_websocket(&request)
        };
        let asks = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
        assert!(request(Method::GET, &asks));
        assert!(!request(Method::POST, &asks));
        assert!(!request(Method::GET, &[("upgrade", "websocket")]));
        assert!(!request(Method::GET, &[("connection", "upgrade"), ("upgrade", "h2c")]));
        assert!(!request(Method::GET, &[("connection", "upgrade"), ("upgrade", "websocket"), ("upgrade", "h2c")]));
    }

    #[test]
    fn a_circle_is_seen() {
        assert!(goes_round(&headers(&[("via", "1.0 squid (x), 1.1 tokenward")])));
        assert!(!goes_round(&headers(&[("via", "1.1 tokenwards, 1.1 squid")])));
    }

    #[test]
    fn an_answer_orders_nothing_about_this_origin() {
        let hosts = Hosts {
            open: Url::parse("https://gate.test").unwrap(),
            accounts: Url::parse("https://accounts.test").unwrap(),
        };
        let given = headers(&[
            ("access-control-allow-origin", "*"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-private-network", "true"),
            ("access-control-expose-headers", "x-tt-logid"),
            ("clear-site-data", "\"*\""),
            ("strict-transport-security", "max-age=1"),
            ("service-worker-allowed", "/"),
            ("set-cookie", "a=b"),
            ("x-tokenward-code", "TW0401"),
            ("content-type", "application/json"),
        ]);
        let visit = |origin: Option<&'static str>| {
            let origin = origin.map(HeaderValue::from_static);
            Visit { target: "/".into(), prefix: String::new(), origin, preflight: false, unproven: false }
        };
        let out = of_answer(&given, false, &visit(None), &hosts);
        let mut names: Vec<_> = out.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["access-control-expose-headers", "content-type"]);
        let out = of_answer(&given, false, &visit(Some("http://localhost:3000")), &hosts);
        assert_eq!(out["access-control-allow-origin"], "http://localhost:3000");
        assert!(!out.contains_key("access-control-allow-credentials"));
    }

    #[test]
    fn links_are_led_as_redirects_are() {
        let hosts = Hosts {
            open: Url::parse("https://gate.test/feishu/").unwrap(),
            accounts: Url::parse("https://accounts.test").unwrap(),
        };
        let visit =
            Visit { target: "/d/e?q".into(), prefix: "/s/x".into(), origin: None, preflight: false, unproven: false };
        let out = |values: &[&'static str]| {
            let mut given = HeaderMap::new();
            for value in values {
                given.append(LINK, HeaderValue::from_static(value));
            }
            let out = of_answer(&given, false, &visit, &hosts);
            out.get_all(LINK).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let next = r#"<https://gate.test/feishu/list?page=2>; rel="next", <f?page=9>; rel=last; title="a <b>, \"<c>""#;
        let here = r#"</s/x/list?page=2>; rel="next", </s/x/d/f?page=9>; rel=last; title="a <b>, \"<c>""#;
        assert_eq!(
            out(&[next, "<//cdn.test/a.css>;rel=preload;as=style"]),
            [here, "<https://cdn.test/a.css>;rel=preload;as=style"]
        );
        assert_eq!(
            out(&["</other>; rel=up", "<https://gate.test/feishu//evil.test/x>"]),
            ["<https://gate.test/other>; rel=up", "</s/x/evil.test/x>"]
        );
        assert_eq!(out(&["<https://gate.test/feishu/a", "<https://[>; rel=x", ""]), [""]);
    }

    #[test]
    fn a_redirect_within_the_app_comes_back_here() {
        let hosts = Hosts {
            open: Url::parse("https://gate.test/feishu/").unwrap(),
            accounts: Url::parse("https://accounts.test").unwrap(),
        };
        let visit =
            Visit { target: "/d/e?q".into(), prefix: "/s/x".into(), origin: None, preflight: false, unproven: false };
        let here = |text: &'static str| {
            let found = super::here(&HeaderValue::from_static(text), &visit, &hosts);
            found.map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(here("https://gate.test/feishu/a?b=c").as_deref(), Some("/s/x/a?b=c"));
        assert_eq!(here("/feishu/a").as_deref(), Some("/s/x/a"));
        assert_eq!(here("https://gate.test/feishu/a?b=c#d").as_deref(), Some("/s/x/a?b=c#d"));
        assert_eq!(here("f?g").as_deref(), Some("/s/x/d/f?g"));
        for evil in [
            "https://gate.test/feishu//evil.test/x",
            "/feishu//evil.test/x",
            "/feishu/\\evil.test/x",
            "/feishu/%2f/evil.test/x",
        ] {
            assert_eq!(here(evil).as_deref(), Some("/s/x/evil.test/x"), "{evil}");
        }
        // What is elsewhere is written out, so that nobody takes it for here.
        assert_eq!(here("https://elsewhere.test/feishu/a").as_deref(), Some("https://elsewhere.test/feishu/a"));
        for foreign in ["//elsewhere.test/feishu/a", "/\\elsewhere.test/feishu/a", "/\t/elsewhere.test/feishu/a"] {
            assert_eq!(here(foreign).as_deref(), Some("https://elsewhere.test/feishu/a"), "{foreign}");
        }
        assert_eq!(here("https://gate.test/other").as_deref(), Some("https://gate.test/other"));
        assert_eq!(here("/feishuX").as_deref(), Some("https://gate.test/feishuX"));
    }
}
