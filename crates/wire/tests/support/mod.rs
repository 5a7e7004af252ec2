//! A clock, apps, and a server that reads raw requests and writes raw answers.

#![expect(dead_code, unreachable_pub, reason = "each test file uses its own part of this module")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{Clock, Sent};
use tokenward_core::{
    App, AppKind, AppName, AppSecret, AppTicket, BlueKingApp, Brand, ClientAuthentication, Endpoints, FeishuApp, Hosts,
    IntentId, Journalled, OAuth2App, Platform, RawAnswer, RefreshToken, SecretBytes, Spend, TokenApi, TransportFault,
};
use tokenward_wire::{Feishu, Options, Providers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::Url;

pub const SECRET: &str = "app-secret-0123456789abcdef";
pub const REFRESH: &str = "ur-oldrefreshtoken0123456789";
pub const NOW: i64 = 1_800_000_000;

#[derive(Debug)]
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }
}

pub fn feishu() -> Feishu {
    Feishu::new(Arc::new(Noon))
}

pub fn feishu_with(change: impl FnOnce(&mut Options)) -> Feishu {
    let mut options = Options::default();
    change(&mut options);
    Feishu::with_options(Arc::new(Noon), options)
}

/// Every provider.
pub fn providers() -> Providers {
    Providers::new(Arc::new(Noon), Options::default())
}

/// A BlueKing app whose hosts are both `base`.
pub fn blueking(base: &str, token_api: TokenApi) -> App {
    let realm = (token_api == TokenApi::BkAuth).then(|| "blueking".to_owned());
    let platform = Platform::BlueKing(BlueKingApp {
        environment: "prod".to_owned(),
        realm,
        token_resource: None,
        allow_http: false,
    });
    App { client_id: "demo-app".to_owned(), platform, ..app(base, token_api) }
}

/// An app of a server that keeps to RFC 6749, whose issuer is `base`.
pub fn oauth2(base: &str, endpoints: Endpoints, authentication: ClientAuthentication) -> App {
    let platform = Platform::OAuth2(OAuth2App { endpoints, authentication: Some(authentication) });
    App { client_id: "the client".to_owned(), platform, ..app(base, TokenApi::Rfc6749) }
}

/// An answer as the journal keeps it.
pub fn raw(status: u16, body: &str) -> RawAnswer {
    RawAnswer {
        status,
        content_type: Some("application/json".to_owned()),
        log_id: None,
        date: None,
        retry_after: None,
        location: None,
        body: SecretBytes::new(body.as_bytes().to_vec()),
        whole: true,
        received: Timestamp::from_second(NOW).unwrap(),
    }
}

/// A self-built app whose hosts are both `base`.
pub fn app(base: &str, token_api: TokenApi) -> App {
    let base = Url::parse(base).unwrap();
    App {
        name: "work".parse().unwrap(),
        hosts: Hosts { open: base.clone(), accounts: base },
        client_id: "cli_a1b2".to_owned(),
        secret: Some(AppSecret::parse(SECRET).unwrap()),
        token_api,
        platform: FeishuApp::new(Brand::Feishu).into(),
    }
}

/// The name of that app.
pub fn work() -> AppName {
    "work".parse().unwrap()
}

/// The platform of a store app of that ticket and tenant.
pub fn store(ticket: Option<&str>, tenant_key: Option<&str>) -> Platform {
    let ticket = ticket.map(|ticket| AppTicket::parse(ticket).unwrap());
    let kind = AppKind::Store { ticket, tenant_key: tenant_key.map(str::to_owned) };
    FeishuApp { kind, ..FeishuApp::new(Brand::Feishu) }.into()
}

pub fn spend() -> Spend {
    spend_until(NOW + 30)
}

pub fn spend_until(deadline: i64) -> Spend {
    spend_of_until(REFRESH, deadline)
}

pub fn spend_of(token: &str) -> Spend {
    spend_of_until(token, NOW + 30)
}

fn spend_of_until(token: &str, deadline: i64) -> Spend {
    Spend::new(
        IntentId::new(1, [0; 10]),
        Timestamp::from_second(deadline).unwrap(),
        RefreshToken::parse(token).unwrap(),
        Journalled::attest(),
    )
}

pub fn answered(sent: Sent) -> RawAnswer {
    match sent {
        Sent::Answered(answer) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

pub fn in_doubt(sent: Sent) -> TransportFault {
    match sent {
        Sent::InDoubt(fault) => fault,
        other => panic!("not in doubt: {other:?}"),
    }
}

pub fn unsent(sent: Sent) -> TransportFault {
    match sent {
        Sent::Unsent(fault) => fault,
        other => panic!("not unsent: {other:?}"),
    }
}

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub line: String,
    /// Names in lower case, sorted, without `host` and `content-length`, which are checked on arrival.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A server on loopback.
pub struct Server {
    pub base: String,
    connections: Arc<AtomicUsize>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl Server {
    /// Answers the n-th connection with the n-th text and closes it; further ones with the last text.
    pub async fn answering(answers: &[&str]) -> Self {
        let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        Self::doing(move |mut stream, number| {
            let answer = answers[number.min(answers.len() - 1)].clone();
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Reads a request on each connection and then does as told.
    pub async fn doing<F>(then: impl Fn(TcpStream, usize) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (tell, heard) = mpsc::unbounded_channel();
        let (count, then) = (connections.clone(), Arc::new(then));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (tell, then) = (tell.clone(), then.clone());
                tokio::spawn(async move {
                    if let Some(request) = hear(&mut stream, &address.to_string()).await {
                        let _ = tell.send(request);
                        then(stream, number).await;
                    }
                });
            }
        });
        Self { base: format!("http://{address}"), connections, heard }
    }

    /// The next request.
    pub async fn heard(&mut self) -> Heard {
        tokio::time::timeout(Duration::from_secs(5), self.heard.recv()).await.expect("a request in time").unwrap()
    }

    /// How many connections came. They are accepted in the order in which they were made, so one of ours, which comes to an end once it was
    /// accepted, tells that all before it were counted.
    pub async fn connections(&self) -> usize {
        let mut ours = TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        ours.shutdown().await.unwrap();
        let end = tokio::time::timeout(Duration::from_secs(5), ours.read(&mut [0; 1])).await.expect("an end in time");
        assert_eq!(end.unwrap(), 0);
        self.connections.fetch_sub(1, Ordering::SeqCst) - 1
    }
}

async fn hear(stream: &mut TcpStream, host: &str) -> Option<Heard> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(request) = parse(&bytes, host) {
            return Some(request);
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn parse(bytes: &[u8], host: &str) -> Option<Heard> {
    let text = std::str::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let mut headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut take = |name: &str| {
        let at = headers.iter().position(|(known, _)| known == name)?;
        Some(headers.remove(at).1)
    };
    let length = take("content-length").map_or(0, |length| length.parse().unwrap());
    assert_eq!(take("host").as_deref(), Some(host));
    headers.sort();
    (body.len() >= length).then(|| Heard { line, headers, body: body.to_owned() })
}

/// An answer with a JSON body.
pub fn json(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\nx-tt-logid: 20270115LOG\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
