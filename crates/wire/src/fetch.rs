//! A picture of the web, fetched without any token.
//!
//! Enters: an address that stood in somebody's text. Leaves: bytes, or why there are none. Nothing of ours goes along:
//! no bearer, no cookie, no referrer. Redirects are followed, a few of them; what is too long or too slow is given up.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::BytesMut;
use http::header::{ACCEPT, LOCATION};
use reqwest::{Client, Response};
use url::Url;

use crate::call::authority;
use crate::http::{Options, Route, builder, is_loopback, root_cause};

/// Fetches pictures. Costs nothing until the first one.
pub struct Fetcher {
    options: Options,
    patience: Duration,
    clients: [OnceLock<Result<Client, String>>; 3],
}

impl Fetcher {
    /// A fetcher that gives each picture so long, redirects and all.
    pub fn new(options: Options, patience: Duration) -> Self {
        Self { options, patience, clients: [const { OnceLock::new() }; 3] }
    }

    /// The bytes at an address, at most `longest` of them.
    ///
    /// # Errors
    /// Why there are none, in words, without anything of the address but its host.
    pub async fn fetch(&self, url: &Url, longest: u64) -> Result<Vec<u8>, String> {
        match tokio::time::timeout(self.patience, self.follow(url.clone(), longest)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("{} did not answer within {} s", authority(url), self.patience.as_secs())),
        }
    }

    async fn follow(&self, mut url: Url, longest: u64) -> Result<Vec<u8>, String> {
        for _ in 0..=REDIRECTS {
            let response = self.get(&url).await?;
            let status = response.status();
            if status.is_success() {
                return whole(response, &url, longest).await;
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            match location.and_then(|location| url.join(location).ok()).filter(|_| status.is_redirection()) {
                Some(next) => url = next,
                None => return Err(format!("{} answered HTTP {}", authority(&url), status.as_u16())),
            }
        }
        Err(format!("{} redirects too often", authority(&url)))
    }

    async fn get(&self, url: &Url) -> Result<Response, String> {
        let route = match url.scheme() {
            "http" if is_loopback(url) => Route::Clear,
            "https" if is_loopback(url) => Route::Direct,
            "http" | "https" => Route::System,
            _ => return Err("only http and https addresses can be fetched".to_owned()),
        };
        let built = self.clients[route as usize]
            .get_or_init(|| builder(route, &self.options).build().map_err(|error| root_cause(&error)));
        let client = built.as_ref().map_err(Clone::clone)?;
        let sent = client.get(url.clone()).header(ACCEPT, "image/*").send().await;
        sent.map_err(|error| format!("{}: {}", authority(url), root_cause(&error)))
    }
}

impl Default for Fetcher {
    /// A minute for each picture.
    fn default() -> Self {
        Self::new(Options::default(), Duration::from_mins(1))
    }
}

async fn whole(mut response: Response, url: &Url, longest: u64) -> Result<Vec<u8>, String> {
    let too_long = || format!("{}: it is larger than {} MB", authority(url), longest >> 20);
    if response.content_length().is_some_and(|length| length > longest) {
        return Err(too_long());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| format!("{}: {}", authority(url), root_cause(&error)))?
    {
        if (body.len() + chunk.len()) as u64 > longest {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.to_vec())
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("patience", &self.patience).finish_non_exhaustive()
    }
}

const REDIRECTS: u32 = 5;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

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
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    const MOVED: &str = "HTTP/1.1 302 Found\r\nLocation: b?c\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    fn fetcher() -> Fetcher {
        Fetcher::new(Options::default(), Duration::from_secs(5))
    }

    #[tokio::test]
    async fn redirects_are_followed_and_bytes_come() {
        let url = server(vec![MOVED.to_owned(), ok("picture")]);
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
            let error = fetcher().fetch(&url, 3).await.unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let url = server(vec![MOVED.to_owned(); 6]);
        assert!(fetcher().fetch(&url, 3).await.unwrap_err().contains("too often"));
        let url = "ftp://127.0.0.1/x".parse().unwrap();
        assert!(fetcher().fetch(&url, 3).await.unwrap_err().contains("http"));
    }
}
