//! Two servers on one `PostgreSQL` before one provider, as behind a load balancer: one exchange for the callers of both, keys that each knows
//! and each refuses once they are revoked, one trail that both write, and a browser that each of its steps leads to another one. What happens is heard at each of
//! them, and delivered by one.

#[path = "../../../vault/tests/postgres/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokenward::core::ports::{Clock as _, DeliveryBounds, Entropy as _, EventBounds, NewLogin, ServerStore};
use tokenward::core::{
    ApiKey, ApiKeyId, ApiKeySecret, GrantId, GrantPattern, LoginEnd, RefreshToken, Scopes, SecretBytes, TokenApi,
    TokenSet, Verb, WebhookFilter,
};
use tokenward::{DatabaseOptions, Environment, Home, Overrides, ServerSession, Settings, SystemEntropy};
use tokenward_emulator::{Sandbox, SandboxOptions};
use tokenward_serve::proxy::ErrorWords;
use tokenward_serve::scheduler::SchedulerOptions;
use tokenward_serve::server::{Limits, Server, ServerOptions, WebhookLimits, drawn_key};
use tokenward_testkit::{Stand, login_request};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// Where a back end wants its browsers back.
const RETURN: &str = "https://site.example/done";

struct Node {
    address: SocketAddr,
    store: Arc<dyn ServerStore>,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
    _folder: TempDir,
}

struct Site {
    stand: Stand,
    nodes: [Node; 2],
    grant: GrantId,
    http: reqwest::Client,
    server: server::Server,
}

/// A node as an operator has it: a folder of its own, the same settings, the same key, the secret of the app in a file.
async fn node(
    stand: &Stand,
    server: &server::Server,
    database: &str,
    logs_in: bool,
    scheduler: Option<SchedulerOptions>,
    hook: Option<SocketAddr>,
) -> (Node, Option<GrantId>) {
    let folder = tempfile::tempdir().unwrap();
    let (app, hosts, secret) = (&stand.app, &stand.app.hosts, folder.path().join("secret"));
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&secret).unwrap();
    std::io::Write::write_all(&mut &file, app.secret.as_ref().unwrap().expose().as_bytes()).unwrap();
    let config = format!(
        "[apps.work]\nprovider = \"feishu\"\napp_id = \"{}\"\nopen_url = \"{}\"\naccounts_url = \"{}\"\nsecret_file = \"{}\"\n\
         [profiles.work]\napp = \"work\"\nreturn_urls = \"{RETURN}\"\n{}",
        app.client_id,
        hosts.open,
        hosts.accounts,
        secret.display(),
        (0..MORE).map(|number| format!("[profiles.p{number}]\napp = \"work\"\n")).collect::<Vec<_>>().concat()
    );
    let hook = hook.map(|address| {
        format!("[webhooks.ops]\nurl = \"http://{address}/in\"\nsecret_variable = \"HOOK\"\nallow_private = true\n")
    });
    std::fs::write(folder.path().join("config.toml"), config + &hook.unwrap_or_default()).unwrap();
    let environment = Environment::new([
        ("TOKENWARD_KEY", "0123456789abcdef0123456789abcdef"),
        ("HOOK", "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"),
    ]);
    let home = Home::resolve(Some(folder.path()), &environment).unwrap();
    let (settings, _) = Settings::load(home, environment, Overrides::default()).unwrap();
    let address = format!("postgres:///{database}?host={}&user=owner", server.socket().display());
    let address = SecretBytes::new(address.into_bytes());
    let mut options = DatabaseOptions::new(address, folder.path().join("node"), Arc::new(SystemEntropy));
    options.clock = Some(stand.clock.clone());
    let session = ServerSession::on_database(settings, options).await.unwrap();
    let grant = if logs_in {
        let request = login_request("contact:user.base:readonly");
        let login = stand.log_in(session.keeper(), &"work".parse().unwrap(), request).await.unwrap();
        Some(login.report.grant.id)
    } else {
        None
    };
    let store = Arc::clone(session.store());
    let options = ServerOptions {
        allow_remote: false,
        limits: Limits {
            webhooks: WebhookLimits { claim: Duration::from_secs(3), ..WebhookLimits::default() },
            ..Limits::default()
        },
        words: Arc::new(|code| ErrorWords { happened: code.name().to_owned(), next: String::new() }),
        scheduler,
        dashboard: true,
        tls: None,
    };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), session, options).await.unwrap();
    let (address, stop) = (server.address(), Arc::new(Notify::new()));
    let stopped = Arc::clone(&stop);
    let task = tokio::spawn(async move { server.run(async move { stopped.notified().await }).await.unwrap() });
    (Node { address, store, stop, task, _folder: folder }, grant)
}

impl Site {
    async fn new() -> Self {
        Self::with(None).await
    }

    async fn with(scheduler: Option<SchedulerOptions>) -> Self {
        Self::made(scheduler, None).await
    }

    async fn made(scheduler: Option<SchedulerOptions>, hook: Option<SocketAddr>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(7), ..SandboxOptions::default() }).await.unwrap();
        let stand = Stand::feishu(sandbox);
        let server = server::Server::start();
        let database = server.database();
        let (first, grant) = node(&stand, &server, &database, true, scheduler, hook).await;
        let (second, _) = node(&stand, &server, &database, false, scheduler, hook).await;
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { stand, nodes: [first, second], grant: grant.unwrap(), http, server }
    }

    async fn key(&self) -> (ApiKeyId, ApiKeySecret) {
        self.key_of([7; 10]).await
    }

    async fn key_of(&self, random: [u8; 10]) -> (ApiKeyId, ApiKeySecret) {
        let key = ApiKey {
            id: ApiKeyId::new(self.stand.clock.now().as_millisecond().unsigned_abs(), random),
            name: "a test".to_owned(),
            verbs: BTreeSet::from(Verb::ALL),
            apps: None,
            grants: GrantPattern::all(),
            created: self.stand.clock.now(),
            ends: None,
            revoked: None,
        };
        let secret = drawn_key(&SystemEntropy);
        self.nodes[0].store.add_key(&secret, &key).await.unwrap();
        (key.id, secret)
    }

    /// Logins that the provider has made, as an import brings them.
    async fn import(&self) {
        let (store, sandbox, now) = (&self.nodes[0].store, &self.stand.sandbox, self.stand.clock.now());
        let by = self.stand.session(|options| options).await.unwrap().parts().witness.myself().clone();
        for number in 0..MORE {
            let user = sandbox.user(&format!("u{number}")).id;
            let scopes = ["contact:user.base:readonly", "offline_access"];
            let seeded = sandbox.seed_grant(&self.stand.app.client_id, &user, &scopes).unwrap();
            let mut random = [0; 10];
            SystemEntropy.fill(&mut random);
            let set = TokenSet {
                access: None,
                refresh: seeded.refresh_token.map(|token| RefreshToken::parse(token).unwrap()),
                refresh_expires: Some(now + Duration::from_secs(7 * 86_400)),
                scopes: Some(Scopes::parse(&scopes.join(" ")).unwrap().0),
                subject: None,
                issued_by: TokenApi::V3,
                obtained: now,
            };
            let login = NewLogin {
                answer: None,
                id: GrantId::new(now.as_millisecond().unsigned_abs(), random),
                profile: format!("p{number}").parse().unwrap(),
                app: self.stand.app.name.clone(),
                set,
                wall: None,
                by: by.clone(),
                replace_user: false,
            };
            store.log_in(login).await.unwrap();
        }
    }

    /// Waits until the provider has made so many rotations, and then for those that nobody should make.
    async fn rotated(&self, rotations: u64) {
        let waited = async {
            while self.stand.sandbox.counters().rotations < rotations {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(30), waited).await;
        assert!(found.is_ok(), "{} of {rotations}", self.stand.sandbox.counters().rotations);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    fn read(&self, node: usize, key: &ApiKeySecret) -> impl Future<Output = (u16, Value)> + use<> {
        let url = format!("http://{}/v1/grants/work/token", self.nodes[node].address);
        let request = self.http.get(url).bearer_auth(key.expose());
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json().await.unwrap())
        }
    }
}

/// Further profiles of the settings.
const MORE: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_of_two_nodes_cause_one_exchange_and_one_trail() {
    let site = Site::new().await;
    let (_, key) = site.key().await;
    site.stand.pass(Duration::from_secs(7300));
    let mut callers = JoinSet::new();
    for number in 0..64 {
        callers.spawn(site.read(number % 2, &key));
    }
    let told = callers.join_all().await;
    assert!(told.iter().all(|(status, _)| *status == 200), "{told:?}");
    let tokens: BTreeSet<_> = told.iter().map(|(_, token)| token["access_token"].as_str().unwrap()).collect();
    assert_eq!(tokens.len(), 1);
    let counted = site.stand.sandbox.counters();
    assert_eq!((counted.refreshes, counted.replays), (1, 0));
    site.stand.assert_clean();

    let Site { nodes: [first, second], grant, .. } = site;
    let store = Arc::clone(&second.store);
    for node in [first, second] {
        node.stop.notify_one();
        node.task.await.unwrap();
    }
    let verdict = store.verify_audit().await.unwrap();
    assert_eq!((verdict.chains, verdict.rows, verdict.faults), (1, 64, Vec::new()));
    assert_eq!(store.audit_of(Some(grant), 0, 100).await.unwrap().len(), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_is_revoked_is_refused_by_every_node() {
    let site = Site::new().await;
    let (id, key) = site.key().await;
    for node in 0..2 {
        assert_eq!(site.read(node, &key).await.0, 200);
    }
    assert!(site.nodes[1].store.revoke_key(id, site.stand.clock.now()).await.unwrap());
    for node in 0..2 {
        let (status, told) = site.read(node, &key).await;
        assert_eq!((status, told["code"].as_str()), (401, Some("TW0860")));
    }
}

/// What a node was told a moment ago holds while the database is away, and nothing else: a key that it knows reads a token that it has handed
/// out. Every read is in the trail afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_is_read_from_memory_while_the_database_is_away() {
    let site = Site::new().await;
    let (_, key) = site.key().await;
    let url = |path: &str| format!("http://{}/v1/grants/{path}", site.nodes[0].address);
    let get = |path: &'static str, key: &ApiKeySecret| {
        let request = site.http.get(url(path)).bearer_auth(key.expose());
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let (status, told) = site.read(0, &key).await;
    assert_eq!((status, &told["from_memory"]), (200, &Value::Bool(false)));
    let token = told["access_token"].as_str().unwrap().to_owned();
    let (_, stranger) = site.key_of([8; 10]).await;
    let (revoked_id, revoked) = site.key_of([9; 10]).await;
    assert_eq!(site.read(0, &revoked).await.0, 200);
    assert!(site.nodes[1].store.revoke_key(revoked_id, site.stand.clock.now()).await.unwrap());
    assert_eq!(site.read(0, &revoked).await.0, 401);

    tokio::task::block_in_place(|| site.server.control("stop"));
    for path in ["work/token", "work/token?min_ttl=60"] {
        let (status, told) = get(path, &key).await;
        assert_eq!(
            (status, &told["from_memory"], told["access_token"].as_str()),
            (200, &Value::Bool(true), Some(&*token))
        );
    }
    let by_id: &'static str = format!("{}/token", site.grant).leak();
    assert_eq!(get(by_id, &key).await.1["access_token"].as_str(), Some(&*token));
    // Nothing of what this node was not told, or what the store has refused.
    for (path, key) in [("work/token", &stranger), ("work/token", &revoked), ("p1/token", &key), ("work", &key)] {
        let (status, told) = get(path, key).await;
        assert_eq!((status, told["code"].as_str()), (503, Some("TW0307")), "{path}");
    }
    assert_eq!(site.read(1, &key).await.0, 503);
    site.stand.pass(Duration::from_secs(7000));
    assert_eq!(get("work/token", &key).await.0, 200);
    assert_eq!(get("work/token?min_ttl=600", &key).await.0, 503);
    site.stand.pass(Duration::from_secs(300));
    assert_eq!(get("work/token", &key).await.0, 503, "it has ended");

    tokio::task::block_in_place(|| site.server.control("start"));
    let (status, told) = site.read(0, &key).await;
    assert_eq!((status, &told["from_memory"]), (200, &Value::Bool(false)));
    assert_ne!(told["access_token"].as_str(), Some(&*token));
    // What an API has refused is not handed out again, whether or not the store hears of it.
    let request = site.http.post(url("work/token/refresh")).bearer_auth(key.expose());
    let told: Value = request.send().await.unwrap().json().await.unwrap();
    tokio::task::block_in_place(|| site.server.control("stop"));
    assert_eq!(get("work/token", &key).await.1["access_token"], told["access_token"]);
    let refused = serde_json::json!({ "generation": told["generation"] });
    let request = site.http.post(url("work/token/refused")).bearer_auth(key.expose()).json(&refused);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 503);
    assert_eq!(get("work/token", &key).await.0, 503);
    tokio::task::block_in_place(|| site.server.control("start"));

    let Site { nodes: [first, second], grant, .. } = site;
    let store = Arc::clone(&second.store);
    for node in [first, second] {
        node.stop.notify_one();
        node.task.await.unwrap();
    }
    let rows = store.audit_of(Some(grant), 0, 100).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.draft.outcome == "done").count(), 9);
    assert_eq!(store.verify_audit().await.unwrap().faults, Vec::new());
}

/// Events of a stream, as they come.
async fn next_event(answer: &mut reqwest::Response, text: &mut String) -> Value {
    loop {
        while let Some(end) = text.find("\n\n") {
            let piece: String = text.drain(..end + 2).collect();
            let data = piece.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
            if let Some(data) = data {
                return serde_json::from_str(&data).unwrap();
            }
        }
        let piece = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await.expect("an event");
        text.push_str(std::str::from_utf8(&piece.unwrap().unwrap()).unwrap());
    }
}

/// What happens at one node is heard at each, under one number; and who was cut off by a node that ended goes on at another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_is_heard_at_every_node_under_one_number() {
    let site = Site::new().await;
    let (_, key) = site.key().await;
    let listen = |node: usize, after: Option<u64>| {
        let request = site.http.get(format!("http://{}/v1/events", site.nodes[node].address)).bearer_auth(key.expose());
        let request = request.header("accept", "text/event-stream");
        after.map_or(request.try_clone().unwrap(), |after| request.header("last-event-id", after)).send()
    };
    let refresh = async |node: usize| {
        let url = format!("http://{}/v1/grants/work/token/refresh", site.nodes[node].address);
        assert_eq!(site.http.post(url).bearer_auth(key.expose()).send().await.unwrap().status(), 200);
    };
    let mut streams = [listen(0, None).await.unwrap(), listen(1, None).await.unwrap()];
    let mut texts = [String::new(), String::new()];
    for node in [0, 1, 0] {
        refresh(node).await;
    }
    let mut heard = [Vec::new(), Vec::new()];
    for node in 0..2 {
        for _ in 0..3 {
            heard[node].push(next_event(&mut streams[node], &mut texts[node]).await);
        }
    }
    assert_eq!(heard[0], heard[1]);
    let numbers: Vec<_> = heard[0].iter().map(|event| event["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    site.nodes[1].stop.notify_one();
    while streams[1].chunk().await.unwrap().is_some() {}
    refresh(0).await;
    let mut again = listen(0, Some(2)).await.unwrap();
    let mut text = String::new();
    assert_eq!(next_event(&mut again, &mut text).await, heard[0][2]);
    assert_eq!(next_event(&mut again, &mut text).await["number"], 4);
    site.stand.assert_clean();
}

/// A receiver: the ids of what came. The first `silent` messages are never answered.
async fn inbox(silent: usize) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let came: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, inbox) = (listener.local_addr().unwrap(), Arc::clone(&came));
    let answer = move |headers: http::HeaderMap| {
        let inbox = Arc::clone(&inbox);
        async move {
            let count = {
                let mut inbox = inbox.lock().unwrap();
                inbox.push(headers["webhook-id"].to_str().unwrap().to_owned());
                inbox.len()
            };
            if count <= silent {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await.unwrap() });
    (address, came)
}

async fn delivered(came: &Mutex<Vec<String>>, count: usize) -> Vec<String> {
    let waited = async {
        while came.lock().unwrap().len() < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), waited).await.is_ok(), "{:?}", came.lock().unwrap());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    came.lock().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_is_delivered_by_one_node() {
    let (address, came) = inbox(0).await;
    let site = Site::made(None, Some(address)).await;
    let (_, key) = site.key().await;
    for number in 0..6 {
        let url = format!("http://{}/v1/grants/work/token/refresh", site.nodes[number % 2].address);
        assert_eq!(site.http.post(url).bearer_auth(key.expose()).send().await.unwrap().status(), 200);
    }
    let came = delivered(&came, 6).await;
    let events = site.nodes[0].store.events_after(0, 99).await.unwrap();
    let ids: BTreeSet<_> = events.iter().map(|told| told.event.id.to_string()).collect();
    assert_eq!((came.len(), came.into_iter().collect::<BTreeSet<_>>(), ids.len()), (6, ids.clone(), 6));
    site.stand.assert_clean();
}

/// A node that has claimed a delivery and is heard of no more: another one makes it, under the same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_delivery_of_a_node_that_died_is_taken_over() {
    let (address, came) = inbox(0).await;
    let site = Site::made(None, Some(address)).await;
    let (hook, filter) = ("ops".parse().unwrap(), WebhookFilter::default());
    let store = Arc::clone(&site.nodes[0].store);
    // Both nodes are busy with their next look; a third one, which has no more than a store, is the first to ask.
    let bounds = DeliveryBounds { waiting: 100, failed_for: Duration::from_secs(86_400) };
    let mut number = 0;
    let claimed = loop {
        number += 1;
        let end = LoginEnd::Consent(site.stand.clock.now() + Duration::from_secs(number));
        store.tell_ends(&[(site.grant, end)]).await.unwrap();
        store.number_events(EventBounds { age: Duration::from_secs(604_800), count: 1000 }).await.unwrap();
        store.queue_deliveries(&hook, &filter, bounds).await.unwrap();
        let claimed = store.claim_deliveries(&hook, 9, Duration::from_secs(3)).await.unwrap();
        if !claimed.is_empty() {
            break claimed;
        }
        assert!(number < 50, "the nodes are always faster");
    };
    let ids: Vec<_> = claimed.iter().map(|delivery| delivery.told.event.id.to_string()).collect();
    assert!(came.lock().unwrap().iter().all(|id| !ids.contains(id)));
    let taken_over = async {
        while !ids.iter().all(|id| came.lock().unwrap().contains(id)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), taken_over).await.is_ok(), "{:?}", came.lock().unwrap());
    let all = delivered(&came, ids.len()).await;
    assert!(ids.iter().all(|id| all.iter().filter(|one| *one == id).count() == 1), "{all:?}");
    let again = store.claim_deliveries(&hook, 9, Duration::from_secs(3)).await.unwrap();
    assert_eq!(again, []);
}

/// A receiver that is silent to one node is told by the next; the first try is waited for by nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_delivery_that_hangs_is_taken_over() {
    let (address, came) = inbox(1).await;
    let site = Site::made(None, Some(address)).await;
    let (_, key) = site.key().await;
    let url = format!("http://{}/v1/grants/work/token/refresh", site.nodes[0].address);
    assert_eq!(site.http.post(url).bearer_auth(key.expose()).send().await.unwrap().status(), 200);
    let all = delivered(&came, 2).await;
    assert_eq!((all.len(), all[0] == all[1]), (2, true));
    let counts = site.nodes[1].store.delivery_counts().await.unwrap();
    assert_eq!(counts, []);
}

/// What a browser is answered, and what cookie it is given.
async fn opened(site: &Site, node: usize, path: &str, cookie: &str) -> (u16, Option<url::Url>, Option<String>) {
    let url = format!("http://{}{path}", site.nodes[node].address);
    let answer = site.http.get(url).header("cookie", cookie).send().await.unwrap();
    let head = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let cookie = head("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned());
    (answer.status().as_u16(), head("location").map(|url| url.parse().unwrap()), cookie)
}

fn path_of(url: &url::Url) -> String {
    url[url::Position::BeforePath..].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_node_answers_the_browser_of_a_login_and_one_exchanges_its_code() {
    let site = Site::new().await;
    let (_, key) = site.key().await;
    let body = serde_json::json!({ "profile": "work", "user": "ada", "return_to": RETURN });
    let url = |node: usize, path: &str| format!("http://{}{path}", site.nodes[node].address);
    let request = site.http.post(url(0, "/v1/logins")).bearer_auth(key.expose()).json(&body);
    let told: Value = request.send().await.unwrap().json().await.unwrap();
    let (login, address) = (told["login"].as_str().unwrap(), told["url"].as_str().unwrap());
    let address: url::Url = address.parse().unwrap();
    // Two browsers at two nodes: one of them has it.
    let path = path_of(&address);
    let (one, other) = tokio::join!(opened(&site, 0, &path, ""), opened(&site, 1, &path, ""));
    let ((status, page, cookie), lost) = if one.0 == 302 { (one, other) } else { (other, one) };
    assert_eq!((status, lost.0, lost.2), (302, 403, None));
    let cookie = cookie.unwrap();
    let answer = site.http.get(page.unwrap()).send().await.unwrap();
    let callback: url::Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    let before = site.stand.sandbox.counters().exchanges;
    let path = path_of(&callback);
    let all = [0, 1, 0, 1].map(|node| opened(&site, node, &path, &cookie));
    let [first, second, third, fourth] = all;
    let ends = tokio::join!(first, second, third, fourth);
    let ends = [ends.0, ends.1, ends.2, ends.3];
    assert!(ends.iter().all(|(status, ..)| matches!(status, 302 | 410)), "{ends:?}");
    let back = ends.into_iter().find_map(|(_, location, _)| location).unwrap();
    assert_eq!(back.as_str(), format!("{RETURN}?login={login}&status=ok"));
    assert_eq!(site.stand.sandbox.counters().exchanges, before + 1);
    for node in 0..2 {
        let request = site.http.get(url(node, &format!("/v1/logins/{login}"))).bearer_auth(key.expose());
        let told: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!((told["status"].as_str(), told["profile"].as_str()), (Some("ok"), Some("work:=ada")));
        let request = site.http.get(url(node, "/v1/grants/work:=ada/token")).bearer_auth(key.expose());
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    site.stand.assert_clean();
}

/// Both nodes look for what is due each 20 ms, and find the same logins: each is refreshed once, also after the database was away.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_schedulers_refresh_each_login_once() {
    let scheduler = SchedulerOptions { tick: Duration::from_millis(20), ..SchedulerOptions::default() };
    let site = Site::with(Some(scheduler)).await;
    site.import().await;
    let all = u64::try_from(MORE).unwrap() + 1;
    site.stand.pass(Duration::from_secs(84 * 3600));
    site.rotated(all).await;
    let counted = site.stand.sandbox.counters();
    assert_eq!((counted.refreshes, counted.rotations, counted.replays), (all, all, 0));
    // Neither node does anything while it cannot be found out what is due, and both go on afterwards.
    tokio::task::block_in_place(|| site.server.control("stop"));
    site.stand.pass(Duration::from_secs(84 * 3600));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(site.stand.sandbox.counters().refreshes, all);
    tokio::task::block_in_place(|| site.server.control("start"));
    site.rotated(2 * all).await;
    let counted = site.stand.sandbox.counters();
    assert_eq!((counted.refreshes, counted.rotations, counted.replays), (2 * all, 2 * all, 0));
    site.stand.assert_clean();
    let logins = site.stand.sandbox.current_tokens();
    assert!(logins.iter().all(|login| login.refreshable));
    for node in site.nodes {
        node.stop.notify_one();
        node.task.await.unwrap();
    }
}
