//! A stand, a login, and a proxy in front of it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokenward::core::GrantId;
use tokenward::{ApiOptions, CallOptions, Identity, Keeper, KeeperOptions, Session};
use tokenward_emulator::{Counters, Sandbox, SandboxOptions};
use tokenward_serve::proxy::{ErrorWords, Exchange, Limits, LocalSecret, Proxy, ProxyOptions};
use tokenward_testkit::{Stand, login_request, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use url::Url;

pub(crate) const ECHO: &str = "/open-apis/sandbox/v1/echo";
pub(crate) const SECRET: &str = "local-secret-0123456789";

pub(crate) struct World {
    pub(crate) keeper: Keeper,
    pub(crate) grant: GrantId,
    pub(crate) http: reqwest::Client,
    session: Session,
    stand: Stand,
}

impl Deref for World {
    type Target = Stand;

    fn deref(&self) -> &Stand {
        &self.stand
    }
}

/// A proxy that runs until it is stopped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) exchanges: Arc<Mutex<Vec<Exchange>>>,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

/// What is special about a proxy.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) identity: Option<Identity>,
    pub(crate) open: Option<String>,
    pub(crate) secret: bool,
    pub(crate) origins: Vec<String>,
    pub(crate) limits: Option<Limits>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(11), ..SandboxOptions::default() }).await.unwrap();
        let stand = Stand::feishu(sandbox);
        let patience = KeeperOptions::default().ahead_patience(Duration::ZERO);
        let session = stand.session(|options| options.keeper(patience)).await.unwrap();
        let keeper = session.keeper().clone();
        let request = login_request("contact:user.base:readonly");
        let grant = stand.log_in(&keeper, &"work".parse().unwrap(), request).await.unwrap().report.grant.id;
        Self { keeper, grant, http, session, stand }
    }

    pub(crate) async fn proxy(&self) -> Running {
        self.proxy_with(Wishes::default()).await
    }

    pub(crate) async fn proxy_with(&self, wishes: Wishes) -> Running {
        let mut app = self.app.clone();
        if let Some(open) = wishes.open {
            app.hosts.open = Url::parse(&open).unwrap();
        }
        let identity = wishes.identity.unwrap_or(Identity::User(self.grant));
        let client = self.session.api(app, identity, CallOptions::default(), ApiOptions::default());
        let exchanges = Arc::new(Mutex::new(Vec::new()));
        let options = ProxyOptions {
            again: None,
            secret: wishes.secret.then(|| LocalSecret::parse(SECRET).unwrap()),
            allow_remote: false,
            hosts: Vec::new(),
            origins: wishes.origins,
            limits: wishes.limits.unwrap_or_default(),
            words: Arc::new(|code| ErrorWords { happened: code.name().to_owned(), next: "read the page".to_owned() }),
            watcher: {
                let exchanges = Arc::clone(&exchanges);
                Arc::new(move |exchange| exchanges.lock().unwrap().push(exchange.clone()))
            },
        };
        let proxy = Proxy::bind("127.0.0.1:0".parse().unwrap(), client, options).await.unwrap();
        let (address, stop) = (proxy.address(), Arc::new(Notify::new()));
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(proxy.run(async move { stopped.notified().await }));
        Running { address, exchanges, stop, task }
    }

    /// The provider's time goes on, and ours stands: a token dies unseen.
    pub(crate) fn kill_token(&self) {
        self.sandbox.advance(Duration::from_secs(7300));
    }

    /// Waits until a refresh that nobody waited for has asked the provider and is over. Time must not go on beneath it.
    pub(crate) async fn refreshed_ahead(&self, asked: u64) {
        until(|| self.counters().refreshes >= asked).await;
        self.keeper.idle().await;
    }

    pub(crate) fn counters(&self) -> Counters {
        self.sandbox.counters()
    }

    /// Every token that the provider would take now.
    pub(crate) fn live_tokens(&self) -> Vec<String> {
        let logins = self.sandbox.current_tokens();
        let access = logins.iter().flat_map(|login| login.access_tokens.iter().map(|access| access.token.clone()));
        access.chain(logins.iter().filter_map(|login| login.refresh_token.clone())).collect()
    }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn last(&self) -> Exchange {
        self.exchanges.lock().unwrap().last().unwrap().clone()
    }

    pub(crate) async fn line(&self) -> Line {
        Line(TcpStream::connect(self.address).await.unwrap())
    }

    /// One request as bytes, and all that comes back until the connection ends.
    pub(crate) async fn bytes(&self, request: &str) -> String {
        let mut line = self.line().await;
        line.say(request).await;
        line.rest().await
    }

    /// Tells it to stop.
    pub(crate) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Waits for its end.
    pub(crate) async fn ended(self) {
        self.task.await.unwrap();
    }
}

/// A connection that speaks for itself.
pub(crate) struct Line(pub(crate) TcpStream);

impl Line {
    pub(crate) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until a text has come.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let byte = tokio::time::timeout(PATIENCE, self.0.read_u8()).await.expect("something comes");
            read.push(byte.unwrap_or_else(|error| panic!("{error} after {}", String::from_utf8_lossy(&read))));
        }
        String::from_utf8(read).unwrap()
    }

    /// Reads until the connection ends, however it does.
    pub(crate) async fn rest(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes().await).into_owned()
    }

    /// The same, byte by byte.
    pub(crate) async fn bytes(&mut self) -> Vec<u8> {
        let mut read = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut read)).await;
        assert!(ended.is_ok(), "it does not end: {}", String::from_utf8_lossy(&read));
        read
    }
}

/// Status and JSON of an answer.
pub(crate) async fn json(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// For what must come; nothing waits for it in a run that succeeds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
