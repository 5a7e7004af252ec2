//! Which proxy the environment names, and whether it can be used.
//!
//! Enters: variables, an address. Leaves: whether a request goes straight, through which proxy, or not at all. A person who
//! names a proxy does not want a connection without it, so one that cannot be used stops the request before anything is
//! sent; it is not passed over, for the next variable or for none. The HTTP client reads no variables itself: what is
//! used is what was looked at.

use std::ffi::OsString;
use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, NoProxy};
use tokenward_core::TransportFault;
use url::Url;

/// The proxies that the environment names.
pub struct Proxies {
    secure: Option<Named>,
    clear: Option<Named>,
    /// Which addresses a proxy is meant for, whether it can be used or not.
    meant: Matcher,
    none_for: String,
}

/// A variable that names a proxy.
struct Named {
    variable: &'static str,
    /// `None` for one that cannot be used.
    proxy: Option<Url>,
}

/// How a request leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Without a proxy.
    Straight,
    /// Through the proxy that is named for its kind.
    Proxied,
    /// Not at all: this variable names a proxy that cannot be used.
    Barred(&'static str),
}

impl Proxies {
    /// What these variables name. Capital letters count before small ones, an empty variable for none, and the one of a
    /// scheme before the one for all. `HTTP_PROXY` is not read where a web server sets it from a request's header (CVE-2016-5385).
    pub fn new(read: impl Fn(&str) -> Option<OsString>) -> Self {
        let first = |variables: &[&'static str]| {
            let given = variables.iter().find_map(|name| Some((*name, filled(read(name)?)?)));
            given.map(|(variable, value)| Named { variable, proxy: value.to_str().and_then(proxy) })
        };
        let all = || first(&["ALL_PROXY", "all_proxy"]);
        let clear = if read("REQUEST_METHOD").is_some() { &["http_proxy"][..] } else { &["HTTP_PROXY", "http_proxy"] };
        let (secure, clear) = (first(&["HTTPS_PROXY", "https_proxy"]).or_else(all), first(clear).or_else(all));
        let none_for = ["NO_PROXY", "no_proxy"].iter().find_map(|name| filled(read(name)?));
        let none_for = none_for.and_then(|hosts| hosts.into_string().ok()).unwrap_or_default();
        let some = |named: &Option<Named>| if named.is_some() { SOME_PROXY } else { "" };
        let meant = Matcher::builder().https(some(&secure)).http(some(&clear)).no(none_for.as_str()).build();
        Self { secure, clear, meant, none_for }
    }

    /// What the variables of this process name.
    pub fn of_this_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "in place of the HTTP client, which would read them by itself")]
        Self::new(|name| std::env::var_os(name))
    }

    /// The proxy of requests to other machines, and the variable that names it.
    pub fn secure(&self) -> Option<(&'static str, &Url)> {
        let named = self.secure.as_ref()?;
        Some((named.variable, named.proxy.as_ref()?))
    }

    /// The variables that name a proxy which cannot be used.
    pub fn unusable(&self) -> impl Iterator<Item = &'static str> + use<> {
        let of =
            |named: &Option<Named>| named.as_ref().filter(|named| named.proxy.is_none()).map(|named| named.variable);
        let (secure, clear) = (of(&self.secure), of(&self.clear));
        secure.into_iter().chain(clear.filter(|variable| Some(*variable) != secure))
    }

    /// How a request to an address leaves.
    pub(crate) fn passage(&self, url: &Url) -> Passage {
        // The host alone, since some paths are none to the matcher.
        let uri = format!("{}://{}/", url.scheme(), url.host_str().unwrap_or_default());
        if uri.parse().is_ok_and(|uri| self.meant.intercept(&uri).is_none()) {
            return Passage::Straight;
        }
        let named = if url.scheme() == "https" { &self.secure } else { &self.clear };
        match named {
            None => Passage::Straight,
            Some(Named { proxy: Some(_), .. }) => Passage::Proxied,
            Some(Named { proxy: None, variable }) => Passage::Barred(variable),
        }
    }

    /// A client that goes through these proxies and no others.
    pub(crate) fn given_to(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let mut builder = builder.no_proxy();
        let of = |named: &Option<Named>| named.as_ref().and_then(|named| named.proxy.clone());
        if let Some(proxy) = of(&self.secure) {
            builder = builder.proxy(reqwest::Proxy::https(proxy)?.no_proxy(NoProxy::from_string(&self.none_for)));
        }
        if let Some(proxy) = of(&self.clear) {
            builder = builder.proxy(reqwest::Proxy::http(proxy)?.no_proxy(NoProxy::from_string(&self.none_for)));
        }
        Ok(builder)
    }
}

/// Why nothing is sent where a proxy is named that cannot be used.
pub(crate) fn barred(variable: &'static str) -> TransportFault {
    TransportFault::barred(format!("{variable} does not hold the address of a proxy that can be used"))
}

impl fmt::Debug for Proxies {
    /// Without their addresses, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = |named: &Option<Named>| named.as_ref().map(|named| named.variable);
        f.debug_struct("Proxies")
            .field("secure", &variable(&self.secure))
            .field("clear", &variable(&self.clear))
            .finish_non_exhaustive()
    }
}

fn filled(value: OsString) -> Option<OsString> {
    let blank = value.to_str().is_some_and(|text| text.trim().is_empty());
    (!blank).then_some(value)
}

/// The address of a proxy, if it is one that the transport speaks to; without a kind it speaks HTTP. A user or a password with a
/// letter that must be escaped there (`#`, `?`, `/`) is not cut in two.
fn proxy(text: &str) -> Option<Url> {
    let text = text.trim();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    let url =
        url.ok().filter(|url| KINDS.contains(&url.scheme()) && url.host_str().is_some_and(|host| !host.is_empty()))?;
    if url.query().is_some() || url.fragment().is_some() || url.path().contains('@') || url.port() == Some(0) {
        return None;
    }
    // By the very code that the client reads it with.
    let anywhere = "https://host.invalid/".parse().ok()?;
    Matcher::builder().all(url.as_str()).build().intercept(&anywhere)?;
    Some(url)
}

/// The kinds of proxies that the transport speaks to.
const KINDS: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
const SOME_PROXY: &str = "http://proxy.invalid";

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(pairs: &[(&str, &str)]) -> Proxies {
        Proxies::new(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    fn passage(pairs: &[(&str, &str)], url: &str) -> Passage {
        proxies(pairs).passage(&url.parse().unwrap())
    }

    #[test]
    fn one_that_cannot_be_used_bars_the_way() {
        for value in [
            "socks://p.test:1",
            "ftp://p.test",
            "nonsense::",
            "http://",
            "://p.test",
            "SOCKS://p.test",
            "http://p.test:99999",
            "http://p.test:0",
            "p.test:port",
            "http://u:pass#word@p.test:8080",
            "http://u:12#3@p.test:8080",
            "http://u:12?3@p.test:8080",
            "http://u:12/3@p.test:8080",
            r"http://DOMAIN\user:12@p.test:8080",
            "http://p.test:1 http://q.test:2",
            "direct://",
            "http://p.test/proxy.pac?x=1",
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let bad = [(name, value)];
                assert!(
                    matches!(passage(&bad, "https://x.test/"), Passage::Barred(told) if told == name),
                    "{name}={value}"
                );
                assert_eq!(proxies(&bad).unusable().collect::<Vec<_>>(), [name]);
                assert!(!barred("HTTPS_PROXY").reason.contains(value));
            }
            // Another one that could be used is not the one that was named.
            let both = [("HTTPS_PROXY", value), ("ALL_PROXY", "http://p.test:1")];
            assert_eq!(passage(&both, "https://x.test/"), Passage::Barred("HTTPS_PROXY"), "{value}");
            assert_eq!(passage(&both, "http://x.test/"), Passage::Proxied);
            assert_eq!(passage(&[("HTTP_PROXY", value)], "https://x.test/"), Passage::Straight);
        }
    }

    #[test]
    fn what_the_rule_leaves_out_goes_straight_all_the_same() {
        let bad = [("HTTPS_PROXY", "nonsense::"), ("NO_PROXY", "x.test, 10.0.0.0/8")];
        for url in ["https://x.test/a", "https://a.x.test:8443/", "https://10.1.2.3/"] {
            assert_eq!(passage(&bad, url), Passage::Straight, "{url}");
        }
        assert_eq!(passage(&bad, "https://xx.test/"), Passage::Barred("HTTPS_PROXY"));
        assert_eq!(passage(&[("HTTPS_PROXY", ""), ("ALL_PROXY", "  ")], "https://x.test/"), Passage::Straight);
    }

    #[test]
    fn one_that_can_be_used_is_used_however_it_is_written() {
        for value in [
            "http://p.test:1",
            "p.test:3128",
            "p.test",
            "localhost:3128/",
            " http://p.test:1\n",
            "HTTP://u:p%40@p.test",
            "http://ü:ö@p.test",
            "socks5h://127.0.0.1:1080",
            "https://p.test",
            "[::1]:3128",
        ] {
            assert_eq!(passage(&[("HTTPS_PROXY", value)], "https://x.test/"), Passage::Proxied, "{value}");
            // A web server that runs us names a request's method.
            let served = [("HTTPS_PROXY", value), ("REQUEST_METHOD", "GET"), ("HTTP_PROXY", value)];
            assert_eq!(passage(&served, "https://x.test/"), Passage::Proxied, "{value}");
            assert_eq!(passage(&served, "http://x.test/"), Passage::Straight, "{value}");
            assert!(proxies(&served).given_to(reqwest::Client::builder()).is_ok());
        }
        let all = [("HTTPS_PROXY", ""), ("https_proxy", "p.test"), ("NO_PROXY", "")];
        assert_eq!(passage(&all, "https://x.test/"), Passage::Proxied);
    }

    #[cfg(unix)]
    #[test]
    fn one_that_is_no_text_bars_the_way() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd = |name: &str| (name == "HTTPS_PROXY").then(|| OsString::from_vec(b"http://p\xff.test".to_vec()));
        assert_eq!(Proxies::new(odd).passage(&"https://x.test".parse().unwrap()), Passage::Barred("HTTPS_PROXY"));
    }
}
