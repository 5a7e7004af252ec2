//! A stand with two apps' worth of logins, a server on its folder, and callers with keys.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokenward::core::ports::{Clock as _, NewLogin};
use tokenward::core::{
    ApiKey, ApiKeyId, GrantId, GrantPattern, RefreshToken, Scopes, Subject, TokenApi, TokenSet, Verb,
};
use tokenward::{
    Environment, Home, KeeperOptions, Overrides, ServerSession, Session, SessionOptions, Settings, SystemEntropy,
};
use tokenward_core::ports::ServerStore;
use tokenward_emulator::{Sandbox, SandboxOptions};
use tokenward_serve::proxy::ErrorWords;
use tokenward_serve::scheduler::SchedulerOptions;
use tokenward_serve::server::{Limits, Server, ServerOptions, Tls, drawn_key};
use tokenward_testkit::{Stand, login_request};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing_subscriber::fmt::MakeWriter;

pub(crate) struct World {
    pub(crate) stand: Stand,
    pub(crate) store: Arc<dyn ServerStore>,
    pub(crate) grant: GrantId,
    pub(crate) http: reqwest::Client,
    pub(crate) address: SocketAddr,
    scheme: &'static str,
    stop: Arc<Notify>,
    task: Option<JoinHandle<()>>,
}

impl Deref for World {
    type Target = Stand;

    fn deref(&self) -> &Stand {
        &self.stand
    }
}

/// What a key is for.
pub(crate) struct Wish {
    pub(crate) verbs: Vec<Verb>,
    pub(crate) apps: Option<&'static str>,
    pub(crate) grants: &'static str,
    pub(crate) ends_in: Option<i64>,
}

impl Default for Wish {
    fn default() -> Self {
        Self { verbs: Verb::ALL.to_vec(), apps: None, grants: "*", ends_in: None }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        Self::made(limits, None, None, |_| String::new()).await
    }

    /// With something more in the settings.
    pub(crate) async fn with_config(limits: Limits, more: impl FnOnce(&Stand) -> String) -> Self {
        Self::made(limits, None, None, more).await
    }

    /// One that refreshes logins in the background.
    pub(crate) async fn scheduled(scheduler: SchedulerOptions) -> Self {
        Self::made(Limits::default(), Some(scheduler), None, |_| String::new()).await
    }

    /// One that speaks HTTPS; its client has to be told whom to trust.
    pub(crate) async fn encrypted(limits: Limits, tls: Tls) -> Self {
        Self::made(limits, None, Some(tls), |_| String::new()).await
    }

    async fn made(
        limits: Limits,
        scheduler: Option<SchedulerOptions>,
        tls: Option<Tls>,
        more: impl FnOnce(&Stand) -> String,
    ) -> Self {
        log();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(11), ..SandboxOptions::default() }).await.unwrap();
        let stand = Stand::feishu(sandbox);
        let patience = KeeperOptions::default().ahead_patience(Duration::ZERO);
        let session = stand.session(|options| options.keeper(patience)).await.unwrap();
        let request = login_request("contact:user.base:readonly");
        let keeper = session.keeper().clone();
        let login = stand.log_in(&keeper, &"work".parse().unwrap(), request).await.unwrap();
        keeper.keep_app_secret(&stand.app.name, stand.app.secret.as_ref().unwrap()).await.unwrap();
        std::fs::write(stand.folder.path().join("config.toml"), config(&stand) + &more(&stand)).unwrap();
        let (settings, _) = Settings::load(stand.home(), Environment::default(), Overrides::default()).unwrap();
        let session = ServerSession::on_folder(session, settings);
        let store = Arc::clone(session.store());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let options = ServerOptions {
            allow_remote: false,
            limits,
            words: Arc::new(|code| ErrorWords { happened: code.name().to_owned(), next: "read the page".to_owned() }),
            scheduler,
            dashboard: true,
            tls,
        };
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), session, options).await.unwrap();
        let (address, stop) = (server.address(), Arc::new(Notify::new()));
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(async move { server.run(async move { stopped.notified().await }).await.unwrap() });
        Self { store, grant: login.report.grant.id, http, address, scheme, stop, task: Some(task), stand }
    }

    /// A key for everything, as it is sent.
    pub(crate) async fn key(&self) -> String {
        self.key_for(Wish::default()).await.1
    }

    pub(crate) async fn key_for(&self, wish: Wish) -> (ApiKeyId, String) {
        let Wish { verbs, apps, grants, ends_in } = wish;
        let (now, secret) = (self.clock.now(), drawn_key(&SystemEntropy));
        let mut random = [0; 10];
        tokenward_core::ports::Entropy::fill(&SystemEntropy, &mut random);
        let key = ApiKey {
            id: ApiKeyId::new(now.as_millisecond().unsigned_abs(), random),
            name: "a test".to_owned(),
            verbs: verbs.into_iter().collect(),
            apps: apps.map(|app| BTreeSet::from([app.parse().unwrap()])),
            grants: grants.parse::<GrantPattern>().unwrap(),
            created: now,
            ends: ends_in.map(|seconds| now + jiff::SignedDuration::from_secs(seconds)),
            revoked: None,
        };
        self.store.add_key(&secret, &key).await.unwrap();
        (key.id, secret.expose().to_owned())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Asks with a key, or without.
    pub(crate) async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: Option<Value>) -> Told {
        let mut request = self.http.request(method, self.url(path));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Told::of(request).await
    }

    /// How often the scheduler has looked what is due.
    pub(crate) async fn rounds(&self, key: &str) -> u64 {
        let told = self.get("/metrics", key).await.text;
        let rounds = told.lines().find_map(|line| line.strip_prefix("tokenward_scheduler_rounds_total "));
        rounds.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no rounds in {told}"))
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Told {
        self.ask(Method::GET, path, Some(key), None).await
    }

    /// A login that nobody made at the provider: enough to be listed.
    pub(crate) async fn listed(&self, profile: &str, app: &str) -> GrantId {
        self.listed_of(profile, app, None).await
    }

    /// The same of a user.
    pub(crate) async fn listed_of(&self, profile: &str, app: &str, subject: Option<Subject>) -> GrantId {
        let now = self.clock.now();
        let id = {
            let mut random = [0; 10];
            tokenward_core::ports::Entropy::fill(&SystemEntropy, &mut random);
            GrantId::new(now.as_millisecond().unsigned_abs(), random)
        };
        let set = TokenSet {
            access: None,
            refresh: Some(RefreshToken::parse(format!("ur-{profile}-{app}")).unwrap()),
            refresh_expires: None,
            scopes: Some(Scopes::parse("a b").unwrap().0),
            subject,
            issued_by: TokenApi::V3,
            obtained: now,
        };
        let by = self.stand.session(|options| options).await.unwrap().parts().witness.myself().clone();
        let login = NewLogin {
            answer: None,
            id,
            profile: profile.parse().unwrap(),
            app: app.parse().unwrap(),
            set,
            wall: None,
            by,
            replace_user: false,
        };
        self.store.log_in(login).await.unwrap().id()
    }

    /// The refresh token of a login that another vault has made, of the same user.
    pub(crate) async fn login_elsewhere(&self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(folder.path()), &Environment::default()).unwrap();
        let options = SessionOptions::new(&home, self.clock.clone(), Arc::new(SystemEntropy));
        let session = Session::open(options).await.unwrap();
        let request = login_request("contact:user.base:readonly");
        let login = self.log_in(session.keeper(), &"there".parse().unwrap(), request).await.unwrap();
        let copy = session.parts().vault.copy(login.report.grant.id).await.unwrap();
        copy.refresh.unwrap().expose().to_owned()
    }

    /// Tells it to stop, and waits for its end.
    pub(crate) async fn ended(&mut self) {
        self.stop();
        self.task.take().unwrap().await.unwrap();
    }

    pub(crate) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Every token that the provider would take now.
    pub(crate) fn live_tokens(&self) -> Vec<String> {
        let logins = self.sandbox.current_tokens();
        let access = logins.iter().flat_map(|login| login.access_tokens.iter().map(|access| access.token.clone()));
        access.chain(logins.iter().filter_map(|login| login.refresh_token.clone())).collect()
    }
}

/// Where a back end wants its browsers back.
pub(crate) const RETURN: &str = "https://site.example/done";

fn config(stand: &Stand) -> String {
    let (app, hosts) = (&stand.app, &stand.app.hosts);
    format!(
        "[apps.work]\nprovider = \"feishu\"\napp_id = \"{}\"\nopen_url = \"{}\"\naccounts_url = \"{}\"\n\
         [apps.other]\nprovider = \"feishu\"\napp_id = \"cli_other\"\n\
         [profiles.work]\napp = \"work\"\nreturn_urls = [\"{RETURN}\", \"http://127.0.0.1:7001/x?a=b\"]\n[profiles.second]\napp = \"work\"\n[profiles.elsewhere]\napp = \"other\"\n",
        app.client_id, hosts.open, hosts.accounts
    )
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) etag: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

impl Told {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let head = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (kind, etag, retry_after) = (head("content-type").unwrap_or_default(), head("etag"), head("retry-after"));
        assert_eq!(head("cache-control").as_deref(), Some("no-store"));
        let status = answer.status().as_u16();
        Self { status, kind, etag, retry_after, text: answer.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| json!({ "text": self.text }))
    }

    pub(crate) fn code(&self) -> String {
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// Everything that every test of this program has logged: a subscriber of one thread misses what another thread has met first.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

pub(crate) fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let told = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
        tracing::subscriber::set_global_default(told).unwrap();
        log
    })
}

/// What was logged so far.
pub(crate) fn logged() -> String {
    String::from_utf8(log().0.lock().unwrap().clone()).unwrap()
}
