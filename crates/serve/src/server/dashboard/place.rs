//! Where the browser thinks it is: whether anybody on the way can read along, and whether a form comes from one of our own pages.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use url::{Host, Url};

use super::super::state::Inner;

/// How the browser reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Over TLS: the server's own, or that of a proxy in front.
    Encrypted,
    /// On the machine itself, or through a tunnel that ends there.
    Loopback,
    /// In clear text over a network: no key is asked for there.
    Open,
}

impl Place {
    /// By the server's own TLS, by what the proxy in front says, by the public addresses of the settings, or by a name of this machine. Whoever
    /// lies in these headers gets a cookie that his own browser keeps to itself.
    pub(super) fn of(headers: &HeaderMap, server: &Inner) -> Self {
        // Then nothing comes here in clear text (`connections.rs`).
        if server.tls.is_some() {
            return Self::Encrypted;
        }
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let scheme = text("x-forwarded-proto").and_then(|value| value.rsplit(',').next()).map(str::trim);
        if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")) {
            return Self::Encrypted;
        }
        let Some(host) = text(HOST.as_str()) else { return Self::Open };
        if is_public(host, server) {
            return Self::Encrypted;
        }
        let is_here = match Url::parse(&format!("http://{host}/")).ok().as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if is_here && scheme.is_none() { Self::Loopback } else { Self::Open }
    }

    /// The name of the session's cookie. A page of a neighbouring host can set one of a plain name, and none of the other.
    pub(super) const fn cookie(self) -> &'static str {
        match self {
            Self::Encrypted => "__Host-tokenward-dashboard",
            Self::Loopback | Self::Open => "tokenward-dashboard",
        }
    }

    pub(super) const fn attributes(self) -> &'static str {
        match self {
            Self::Encrypted => "Path=/; HttpOnly; SameSite=Strict; Secure",
            Self::Loopback | Self::Open => "Path=/dashboard; HttpOnly; SameSite=Strict",
        }
    }
}

/// Whether a host is one at which browsers come back from a login, over TLS.
fn is_public(host: &str, server: &Inner) -> bool {
    let asked = Url::parse(&format!("https://{host}/")).map(|url| url.origin());
    server.dashboard.as_ref().is_some_and(|known| asked.is_ok_and(|asked| known.public.contains(&asked)))
}

/// Whether a form was sent from a page of another site, as far as the browser says: by where its page is (Fetch Metadata), or by its origin.
/// Our own pages tell nobody theirs, so it reads `null`; what a session's form brings along decides in any case.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or("unreadable"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return true;
    }
    match text(ORIGIN.as_str()) {
        None | Some("null") => false,
        Some(origin) => {
            let sent = origin.split_once("://").map(|(_, host)| host);
            sent.is_none() || sent != text(HOST.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_form_of_another_site_is_known_as_one() {
        let foreign = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_foreign(&headers.collect())
        };
        let host = ("host", "tokens.example.com");
        assert!(!foreign(&[host]));
        assert!(!foreign(&[host, ("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(!foreign(&[host, ("origin", "https://tokens.example.com")]));
        assert!(foreign(&[host, ("origin", "https://evil.example.com")]));
        assert!(foreign(&[host, ("origin", "https://tokens.example.com.evil.example")]));
        assert!(foreign(&[host, ("origin", "tokens.example.com")]));
        assert!(foreign(&[host, ("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(foreign(&[host, ("sec-fetch-site", "same-site")]));
    }
}
