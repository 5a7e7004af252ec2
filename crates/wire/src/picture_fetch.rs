//! A picture of the web, fetched without any token.
//!
//! Enters: an address that stood in somebody's text. Leaves: bytes, or why there are none. Nothing of ours goes along:
//! no bearer, no cookie, no referrer, no user name. And nobody's text sends us into a network: a name is resolved here,
//! every address it has must be one of the open internet ([`is_global`]), and the connection goes to one of the very
//! addresses that were looked at, so that a name which answers differently a moment later gains nothing. Redirects are
//! followed, a few of them, each under the same rules, and never from https to http. Hosts that the person named are
//! fetched wherever they are. What is too long or too slow is given up.
//!
//! Through a proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`) it is the proxy that resolves the name. What can be known
//! here is refused all the same: an address that is written out, a name that is resolved here to one that is not open,
//! a name that can only be of a network.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{ACCEPT, LOCATION};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response};
use url::{Host, Url};

use crate::api_call::authority;
use crate::http::{Options, Route, builder, root_cause};
use crate::proxies::{Passage, barred};
use crate::public_address::is_global;

/// Fetches pictures. Costs nothing until the first one.
pub struct Fetcher {
    options: Options,
    patience: Duration,
    named: Vec<NamedHost>,
    names: Arc<dyn Names>,
    clients: [OnceLock<Result<Client, String>>; 5],
}

/// Why a picture was not fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchFault {
    /// The host is not one of the open internet, and the person did not name it.
    NotPublic {
        /// The host, as the person may name it.
        host: String,
        /// The address that is not.
        address: Option<IpAddr>,
    },
    /// Anything else, in words.
    Failed(String),
}

/// A host that the person named, with its port if that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHost {
    host: String,
    port: Option<u16>,
}

impl Fetcher {
    /// A fetcher that gives each picture so long, redirects and all.
    pub fn new(options: Options, patience: Duration) -> Self {
        Self { options, patience, named: Vec::new(), names: Arc::new(System), clients: [const { OnceLock::new() }; 5] }
    }

    /// The same, which fetches from these hosts wherever they are.
    #[must_use]
    pub fn also_from(mut self, hosts: impl IntoIterator<Item = NamedHost>) -> Self {
        self.named.extend(hosts);
        self
    }

    /// The bytes at an address, at most `longest` of them.
    ///
    /// # Errors
    /// Why there are none, without anything of the address but its host.
    pub async fn fetch(&self, url: &Url, longest: u64) -> Result<Vec<u8>, FetchFault> {
        match tokio::time::timeout(self.patience, self.follow(url.clone(), longest)).await {
            Ok(fetched) => fetched,
            Err(_) => failed(format!("{} did not answer within {} s", authority(url), self.patience.as_secs())),
        }
    }

    async fn follow(&self, mut url: Url, longest: u64) -> Result<Vec<u8>, FetchFault> {
        for _ in 0..=REDIRECTS {
            let response = self.get(&url).await?;
            let status = response.status();
            if status.is_success() {
                return whole(response, &url, longest).await;
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            match location.and_then(|location| url.join(location).ok()).filter(|_| status.is_redirection()) {
                Some(next) if url.scheme() == "https" && next.scheme() == "http" => {
                    return failed(format!("{} redirects from https to http", authority(&url)));
                }
                Some(next) => url = next,
                None => return failed(format!("{} answered HTTP {}", authority(&url), status.as_u16())),
            }
        }
        failed(format!("{} redirects too often", authority(&url)))
    }

    async fn get(&self, url: &Url) -> Result<Response, FetchFault> {
        let way = self.way(url).await?;
        let client = self.client(way)?;
        match client.get(url.clone()).header(ACCEPT, "image/*").send().await {
            Ok(response) => Ok(response),
            Err(error) => Err(match closed(&error) {
                Some(address) => not_public(url, Some(address)),
                None => FetchFault::Failed(format!("{}: {}", authority(url), root_cause(&error))),
            }),
        }
    }

    /// Sends something to an address, once: no redirect is followed. Gives back the status and the headers.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        most_read: usize,
    ) -> Result<(u16, HeaderMap), FetchFault> {
        let sent = async {
            let client = self.client(self.way(url).await?)?;
            let mut response = client.post(url.clone()).headers(headers).body(body).send().await.map_err(|error| {
                closed(&error).map_or_else(
                    || FetchFault::Failed(format!("{}: {}", authority(url), root_cause(&error))),
                    |address| not_public(url, Some(address)),
                )
            })?;
            let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
            let mut read = 0;
            while let Ok(Some(piece)) = response.chunk().await
                && read < most_read
            {
                read += piece.len();
            }
            Ok((status, headers))
        };
        match tokio::time::timeout(self.patience, sent).await {
            Ok(sent) => sent,
            Err(_) => failed(format!("{} did not answer within {} s", authority(url), self.patience.as_secs())),
        }
    }

    /// How an address may be asked, if it may.
    async fn way(&self, url: &Url) -> Result<Way, FetchFault> {
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return failed("only http and https addresses can be fetched".to_owned()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return failed(format!("{}: an address with a user name is not fetched", authority(url)));
        }
        if self.named.iter().any(|named| named.is(url)) {
            return Ok(if secure { Way::NamedSecure } else { Way::NamedClear });
        }
        // An address that is written out is not resolved by anybody.
        if let Some(address) = literal(url)
            && !is_global(address)
        {
            return Err(not_public(url, Some(address)));
        }
        match self.options.proxies.passage(url) {
            Passage::Barred(variable) => failed(barred(variable).reason),
            Passage::Proxied => self.look_before_the_proxy(url).await.map(|()| Way::Proxied),
            Passage::Straight if secure => Ok(Way::Secure),
            Passage::Straight => Ok(Way::Clear),
        }
    }

    /// What can be known of a name that a proxy will resolve.
    async fn look_before_the_proxy(&self, url: &Url) -> Result<(), FetchFault> {
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let inner = |suffix: &&str| name == **suffix || name.ends_with(&format!(".{suffix}"));
        if !name.contains('.') || INNER.iter().any(inner) {
            return Err(not_public(url, None));
        }
        // Behind a proxy, names of the open internet often are not resolved at all.
        let addresses = self.names.look_up(&name).await.unwrap_or_default();
        match addresses.into_iter().find(|address| !is_global(*address)) {
            Some(address) => Err(not_public(url, Some(address))),
            None => Ok(()),
        }
    }

    fn client(&self, way: Way) -> Result<&Client, FetchFault> {
        let built = self.clients[way as usize].get_or_init(|| {
            let built = builder(way.route(), &self.options).and_then(|builder| match way {
                Way::Clear | Way::Secure => builder.dns_resolver(Checked(Arc::clone(&self.names))).build(),
                Way::NamedClear | Way::NamedSecure | Way::Proxied => builder.build(),
            });
            built.map_err(|error| root_cause(&error))
        });
        built.as_ref().map_err(|reason| FetchFault::Failed(reason.clone()))
    }
}

impl NamedHost {
    /// A host as people write it: a name or an address, with a port or without.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.parse::<std::net::Ipv6Addr>().is_ok();
        let address = if bare { format!("http://[{text}]/") } else { format!("http://{text}/") };
        let url = Url::parse(&address).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.path() == "/" && url.query().is_none();
        // The parser drops the port that it expects; whoever writes 80 means 80.
        let port = if text.ends_with(":80") && !bare { Some(80) } else { url.port() };
        let host = url.host_str().filter(|host| plain && !host.is_empty() && url.fragment().is_none())?;
        Some(Self { host: host.trim_end_matches('.').to_owned(), port })
    }

    fn is(&self, url: &Url) -> bool {
        let host = url.host_str().map(|host| host.trim_end_matches('.'));
        host.is_some_and(|host| host.eq_ignore_ascii_case(&self.host))
            && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

impl Default for Fetcher {
    /// A minute for each picture.
    fn default() -> Self {
        Self::new(Options::default(), Duration::from_mins(1))
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("patience", &self.patience).field("named", &self.named).finish_non_exhaustive()
    }
}

impl fmt::Display for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPublic { host, address: Some(address) } => {
                write!(f, "{host} is at {address}, which is no address of the open internet")
            }
            Self::NotPublic { host, address: None } => write!(f, "{host} is no name of the open internet"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

/// Looks names up. An argument, so that tests can say what a name is.
#[async_trait]
trait Names: Send + Sync {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// As the system does.
struct System;

#[async_trait]
impl Names for System {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Resolves a name for a connection, or refuses it: what is connected to is what was looked at.
struct Checked(Arc<dyn Names>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = names.look_up(name.as_str()).await?;
            // One bad address is enough: which of them is taken is not ours to say.
            if let Some(address) = addresses.iter().find(|address| !is_global(**address)) {
                return Err(Closed(*address).into());
            }
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// A name has an address that is not of the open internet.
#[derive(Debug)]
struct Closed(IpAddr);

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no address of the open internet", self.0)
    }
}

impl std::error::Error for Closed {}

/// The ways out; the number is the client's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Without TLS, to addresses that were looked at.
    Clear = 0,
    /// With TLS, to addresses that were looked at.
    Secure = 1,
    /// To a host that the person named.
    NamedClear = 2,
    NamedSecure = 3,
    /// By the system's proxy.
    Proxied = 4,
}

impl Way {
    const fn route(self) -> Route {
        match self {
            Self::Clear | Self::NamedClear => Route::Clear,
            Self::Secure | Self::NamedSecure => Route::Direct,
            Self::Proxied => Route::System,
        }
    }
}

async fn whole(mut response: Response, url: &Url, longest: u64) -> Result<Vec<u8>, FetchFault> {
    let too_long = || failed(format!("{}: it is larger than {} MB", authority(url), longest >> 20));
    if response.content_length().is_some_and(|length| length > longest) {
        return too_long();
    }
    let mut body = BytesMut::new();
    let broken = |error: reqwest::Error| FetchFault::Failed(format!("{}: {}", authority(url), root_cause(&error)));
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if (body.len() + chunk.len()) as u64 > longest {
            return too_long();
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.to_vec())
}

/// The address for whose sake a connection was not begun.
fn closed(error: &reqwest::Error) -> Option<IpAddr> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(Closed(address)) = error.downcast_ref() {
            return Some(*address);
        }
        cause = error.source();
    }
    None
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn not_public(url: &Url, address: Option<IpAddr>) -> FetchFault {
    FetchFault::NotPublic { host: authority(url), address }
}

fn failed<T>(reason: String) -> Result<T, FetchFault> {
    Err(FetchFault::Failed(reason))
}

const REDIRECTS: u32 = 5;
/// Names that are of a network by their ending (RFC 6761, 6762, 8375; `internal` is set aside by ICANN).
const INNER: &[&str] =
    &["localhost", "local", "internal", "home.arpa", "localdomain", "lan", "intranet", "corp", "home"];

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Mutex;

    use super::*;

    /// Answers each connection with the next of these.
    fn server(answers: Vec<String>) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a", listener.local_addr().unwrap()).parse().unwrap();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 2048];
                let read = stream.read(&mut request).unwrap();
                let request = String::from_utf8_lossy(&request[..read]).to_ascii_lowercase();
                assert!(!request.contains("authorization") && !request.contains("referer"), "{request}");
                assert!(!request.contains("cookie"), "{request}");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    fn moved(to: &str) -> String {
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    }

    /// One that may fetch from this machine, as a person may say.
    fn fetcher() -> Fetcher {
        let named = NamedHost::parse("127.0.0.1");
        Fetcher::new(Options::default(), Duration::from_secs(5)).also_from(named)
    }

    /// Options in an environment of these variables.
    fn behind(variables: &[(&str, &str)]) -> Options {
        let read = |name: &str| Some(variables.iter().find(|(known, _)| *known == name)?.1.into());
        Options { proxies: Arc::new(crate::Proxies::new(read)), ..Options::default() }
    }

    /// Names as the test says; each answer of a name is given once, the last for ever. What was asked is kept.
    #[derive(Default)]
    struct FixedNames {
        names: Mutex<HashMap<&'static str, Vec<Vec<IpAddr>>>>,
        asked: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Names for FixedNames {
        async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
            self.asked.lock().unwrap().push(name.to_owned());
            let mut names = self.names.lock().unwrap();
            let answers = names.get_mut(name).ok_or_else(|| std::io::Error::other("no such name"))?;
            Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
        }
    }

    fn told(names: &[(&'static str, &[&[&str]])]) -> (Fetcher, Arc<FixedNames>) {
        let told = Arc::new(FixedNames::default());
        for (name, answers) in names {
            let answer = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
            told.names.lock().unwrap().insert(name, answers.iter().map(answer).collect());
        }
        let mut fetcher = Fetcher::new(behind(&[]), Duration::from_secs(5));
        fetcher.names = Arc::clone(&told) as Arc<dyn Names>;
        (fetcher, told)
    }

    async fn refused(fetcher: &Fetcher, url: &str) -> bool {
        matches!(fetcher.fetch(&url.parse().unwrap(), 100).await, Err(FetchFault::NotPublic { .. }))
    }

    #[tokio::test]
    async fn redirects_are_followed_and_bytes_come() {
        let url = server(vec![moved("b?c"), ok("picture")]);
        assert_eq!(fetcher().fetch(&url, 100).await.unwrap(), b"picture");
    }

    #[tokio::test]
    async fn what_is_too_long_or_not_there_is_told() {
        let url = server(vec![
            ok("picture"),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npicture".to_owned(),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        ]);
        for expected in ["larger", "larger", "HTTP 404"] {
            let error = fetcher().fetch(&url, 3).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let url = server(vec![moved("b?c"); 6]);
        assert!(fetcher().fetch(&url, 3).await.unwrap_err().to_string().contains("too often"));
        for (url, expected) in [
            ("ftp://127.0.0.1/x", "http"),
            ("http://u:p@127.0.0.1/x", "user name"),
            ("http://u@127.0.0.1/x", "user name"),
        ] {
            let error = fetcher().fetch(&url.parse().unwrap(), 3).await.unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("u:p"), "{error}");
        }
    }

    /// Whatever an address looks like: what it means is looked at.
    #[tokio::test]
    async fn an_address_inside_is_refused_however_it_is_written() {
        let (fetcher, told) = told(&[]);
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "017700000001",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "10.0.0.1",
            "172.16.1.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "224.0.0.1",
            "255.255.255.255",
            "127.0.0.1.",
            "①②⑦.0.0.1",
            "%31%32%37.0.0.1",
        ] {
            for scheme in ["http", "https"] {
                assert!(refused(&fetcher, &format!("{scheme}://{host}:9/x")).await, "{scheme}://{host}");
            }
        }
        assert!(told.asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn every_address_of_a_name_must_be_open() {
        let (fetcher, told) = told(&[
            ("inside.test", &[&["10.0.0.1"]]),
            ("both.test", &[&["93.184.216.34", "127.0.0.1"]]),
            ("six.test", &[&["2606:4700::1111", "fd00::1"]]),
            ("mapped.test", &[&["::ffff:169.254.169.254"]]),
            ("localhost", &[&["127.0.0.1"]]),
            ("none.test", &[&[]]),
        ]);
        for host in ["inside.test", "both.test", "six.test", "mapped.test", "localhost", "INSIDE.test"] {
            for scheme in ["http", "https"] {
                assert!(refused(&fetcher, &format!("{scheme}://{host}/x")).await, "{host}");
            }
        }
        assert_eq!(told.asked.lock().unwrap().len(), 12);
        assert!(matches!(fetcher.fetch(&"http://none.test/".parse().unwrap(), 9).await, Err(FetchFault::Failed(_))));
    }

    /// A name that answers well for the look and badly for the connection: there is one answer for both.
    #[tokio::test]
    async fn what_is_connected_to_is_what_was_looked_at() {
        let url = server(vec![ok("inside")]);
        let (fetcher, told) = told(&[("turns.test", &[&["127.0.0.1"], &["93.184.216.34"]])]);
        let turns = format!("http://turns.test:{}/a", url.port().unwrap());
        assert!(refused(&fetcher, &turns).await);
        assert_eq!(*told.asked.lock().unwrap(), ["turns.test"], "asked once for one connection");
    }

    #[tokio::test]
    async fn a_redirect_is_under_the_same_rules() {
        for to in
            ["http://10.0.0.1/x", "//127.0.0.2:1/x", "http://[::1]/x", "http://inside.test/x", "https://localhost/x"]
        {
            let url = server(vec![moved(to)]);
            let (mut fetcher, _) = told(&[("inside.test", &[&["192.168.0.1"]]), ("localhost", &[&["::1"]])]);
            fetcher.named.extend(NamedHost::parse(&authority(&url)));
            assert!(refused(&fetcher, url.as_str()).await, "{to}");
        }
        let url = server(vec![moved("http://u:p@127.0.0.1/x")]);
        assert!(fetcher().fetch(&url, 9).await.unwrap_err().to_string().contains("user name"));
    }

    #[test]
    fn a_named_host_is_that_host_and_no_other() {
        let is = |named: &str, url: &str| NamedHost::parse(named).unwrap().is(&url.parse().unwrap());
        assert!(is("wiki.corp", "http://wiki.corp:8080/x") && is("WIKI.corp.", "https://wiki.CORP/x"));
        assert!(
            is("10.1.2.3:80", "http://10.1.2.3/x") && is("::1", "http://[::1]:9/") && is("[::1]:9", "http://[::1]:9/")
        );
        assert!(!is("10.1.2.3:80", "https://10.1.2.3/x") && !is("[::1]:9", "http://[::1]/"));
        assert!(!is("corp", "http://wiki.corp/") && !is("wiki.corp", "http://wiki.corp.evil.test/"));
        assert!(is("127.1", "http://127.0.0.1/"), "as the parser of addresses reads it");
        for text in ["", "a b", "http://x", "x/y", "u@x", "x?y", "x#y", "x:y"] {
            assert_eq!(NamedHost::parse(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn before_a_proxy_what_can_be_known_is_refused() {
        let (mut fetcher, _) = told(&[("inside.test", &[&["10.0.0.1"]]), ("open.test", &[&["93.184.216.34"]])]);
        fetcher.options = behind(&[("ALL_PROXY", "http://127.0.0.1:1")]);
        for host in [
            "inside.test",
            "127.0.0.1",
            "[::1]",
            "localhost",
            "a.localhost",
            "metadata.google.internal",
            "nas",
            "x.local.",
        ] {
            let way = fetcher.way(&format!("https://{host}/x").parse().unwrap()).await;
            assert!(matches!(way, Err(FetchFault::NotPublic { .. })), "{host}: {way:?}");
        }
        for host in ["open.test", "not-resolved-here.test", "93.184.216.34"] {
            let way = fetcher.way(&format!("https://{host}/x").parse().unwrap()).await;
            assert_eq!(way, Ok(Way::Proxied), "{host}");
        }
        fetcher.options = behind(&[("HTTPS_PROXY", "nonsense::"), ("ALL_PROXY", "http://127.0.0.1:1")]);
        let way = fetcher.way(&"https://open.test/x".parse().unwrap()).await;
        assert!(matches!(&way, Err(FetchFault::Failed(why)) if why.contains("HTTPS_PROXY")), "{way:?}");
    }
}
