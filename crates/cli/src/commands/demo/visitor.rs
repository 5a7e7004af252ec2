//! Goes where a browser would: opens the authorization page and follows its redirect to the callback.
//!
//! Plain HTTP/1.1 on loopback, one request a connection; enough for a sandbox page that consents by itself.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// Opens an address and follows redirects until a page answers.
pub(super) async fn follow(address: &str) -> io::Result<()> {
    let mut url = Url::parse(address).map_err(io::Error::other)?;
    for _ in 0..MAX_REDIRECTS {
        match tokio::time::timeout(PATIENCE, get(&url)).await?? {
            (200, _) => return Ok(()),
            (301..=308, Some(location)) => url = url.join(&location).map_err(io::Error::other)?,
            (status, _) => return Err(io::Error::other(format!("HTTP {status} from {}", url.path()))),
        }
    }
    Err(io::Error::other("too many redirects"))
}

/// One GET: the status and the `Location`.
async fn get(url: &Url) -> io::Result<(u16, Option<String>)> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((host, port)).await?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // The callback's page must have been sent in full before its server ends.
    stream.take(LARGEST_PAGE).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let location = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    status.map(|status| (status, location)).ok_or_else(|| io::Error::other("no HTTP answer"))
}

const MAX_REDIRECTS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST_PAGE: u64 = 1 << 20;
