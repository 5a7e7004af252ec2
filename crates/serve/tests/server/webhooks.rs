//! Events sent to receivers: signed, again until they are taken, kept where they are not, and nobody is held up by it.

use std::collections::VecDeque;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method};
use serde_json::Value;
use sha2::Sha256;
use tokenward_core::Verb;
use tokenward_serve::server::Limits;
use tokio::time::Instant;

use crate::world::{Wish, World, logged};

/// What a receiver answers.
#[derive(Clone, Copy)]
enum Says {
    Status(u16),
    Later(u16, u64),
    Redirect,
    Nothing,
}

/// A receiver: what came, and what it says; the last word holds for all that follows.
struct Inbox {
    address: std::net::SocketAddr,
    came: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    says: Arc<Mutex<VecDeque<Says>>>,
}

impl Inbox {
    async fn new(says: impl IntoIterator<Item = Says>) -> Self {
        let says = Arc::new(Mutex::new(says.into_iter().collect::<VecDeque<_>>()));
        let came: Arc<Mutex<Vec<_>>> = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (inbox, words) = (Arc::clone(&came), Arc::clone(&says));
        let answer = move |request: Request| {
            let (inbox, words) = (Arc::clone(&inbox), Arc::clone(&words));
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                inbox.lock().unwrap().push((head.headers, body));
                let says = {
                    let mut words = words.lock().unwrap();
                    if words.len() > 1 { words.pop_front() } else { words.front().copied() }
                };
                answered(says.unwrap_or(Says::Status(204)), address).await
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.unwrap() });
        Self { address, came, says }
    }

    fn says(&self, says: Says) {
        *self.says.lock().unwrap() = [says].into();
    }

    fn count(&self) -> usize {
        self.came.lock().unwrap().len()
    }

    /// What came, once there is so much, and a moment for what should not.
    async fn came(&self, count: usize) -> Vec<(HeaderMap, Bytes)> {
        let begun = Instant::now();
        while self.count() < count {
            assert!(begun.elapsed() < Duration::from_secs(20), "{} of {count}", self.count());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(600)).await;
        let came = self.came.lock().unwrap().clone();
        assert_eq!(came.len(), count);
        came
    }
}

async fn answered(says: Says, address: std::net::SocketAddr) -> Response {
    let status = |status: u16| http::StatusCode::from_u16(status).unwrap();
    match says {
        Says::Status(code) => status(code).into_response(),
        Says::Later(code, seconds) => (status(code), [("retry-after", seconds.to_string())]).into_response(),
        Says::Redirect => (status(307), [("location", format!("http://{address}/elsewhere"))]).into_response(),
        Says::Nothing => std::future::pending().await,
    }
}

const FIRST: [u8; 24] = [1; 24];
const SECOND: [u8; 32] = [2; 32];

/// A table of the settings, and the file of its secrets.
fn table(folder: &Path, name: &str, url: &str, more: &str) -> String {
    let secrets = format!("whsec_{}\nwhsec_{}\n", STANDARD.encode(FIRST), STANDARD.encode(SECOND));
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(folder.join("hook")).unwrap();
    std::io::Write::write_all(&mut &file, secrets.as_bytes()).unwrap();
    format!("[webhooks.{name}]\nurl = \"{url}\"\nsecret_file = \"hook\"\n{more}\n")
}

async fn world(inbox: &Inbox, more: &str) -> World {
    let url = format!("http://{}/in?token=x", inbox.address);
    let more = format!("allow_private = true\n{more}");
    World::with_config(Limits::default(), |stand| table(stand.folder.path(), "ops", &url, &more)).await
}

impl World {
    async fn refreshed(&self, key: &str) {
        let told = self.ask(Method::POST, "/v1/grants/work/token/refresh", Some(key), None).await;
        assert_eq!(told.status, 200, "{told:?}");
    }

    async fn failed(&self, key: &str, count: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let told = self.get("/v1/webhooks/failed", key).await;
            let failed = told.json()["deliveries"].as_array().unwrap().clone();
            if failed.len() == count {
                return failed;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{told:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn is_signed(headers: &HeaderMap, body: &[u8], secret: &[u8]) -> bool {
    let head = |name: &str| headers[name].to_str().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("{}.{}.", head("webhook-id"), head("webhook-timestamp")).as_bytes());
    mac.update(body);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    head("webhook-signature").split(' ').any(|one| one == signature)
}

/// By both secrets, once, with what the page says; and no receiver gets what it does not want.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_signed_and_delivered_once() {
    let (inbox, other) = (Inbox::new([]).await, Inbox::new([]).await);
    let urls = [&inbox, &other].map(|inbox| format!("http://{}/in", inbox.address));
    let more = "allow_private = true\napps = \"work\"\n";
    let wants = "allow_private = true\nevents = [\"login.needs_login\", \"login.expires_soon\"]\n";
    let world = World::with_config(Limits::default(), |stand| {
        let folder = stand.folder.path();
        table(folder, "ops", &urls[0], more) + &table(folder, "people", &urls[1], wants)
    })
    .await;
    let key = world.key().await;
    world.refreshed(&key).await;
    let came = inbox.came(1).await;
    let (headers, body) = &came[0];
    let events = world.get("/v1/events", &key).await.json()["events"].clone();
    assert_eq!(serde_json::from_slice::<Value>(body).unwrap(), events[0]);
    assert_eq!(headers["webhook-id"].to_str().unwrap(), events[0]["id"]);
    assert_eq!(headers["content-type"], "application/json");
    assert!(is_signed(headers, body, &FIRST) && is_signed(headers, body, &SECOND));
    assert!(!is_signed(headers, body, b"another") && !is_signed(headers, b"{}", &FIRST));
    let now = tokenward_core::ports::Clock::now(&*world.clock).as_second();
    let sent: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    assert!((now - sent).abs() < 30);
    assert_eq!(other.count(), 0);
    let metrics = world.get("/metrics", &key).await.text;
    assert!(
        metrics.contains("tokenward_webhook_deliveries_total{webhook=\"ops\",outcome=\"delivered\"} 1\n"),
        "{metrics}"
    );
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(world.live_tokens().iter().all(|token| !text.contains(token.as_str())));
    let log = logged();
    for secret in [STANDARD.encode(FIRST), STANDARD.encode(SECOND)] {
        assert!(!log.contains(&secret));
    }
}

/// After pauses that grow, and not before the receiver's own time; under the same id, and by no redirect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_is_not_taken_is_tried_again() {
    let inbox = Inbox::new([Says::Redirect, Says::Later(503, 120), Says::Status(200)]).await;
    let world = world(&inbox, "").await;
    let key = world.key().await;
    world.refreshed(&key).await;
    inbox.came(1).await;
    world.stand.pass(Duration::from_secs(7));
    inbox.came(2).await;
    world.stand.pass(Duration::from_secs(60));
    inbox.came(2).await;
    world.stand.pass(Duration::from_secs(60));
    let came = inbox.came(3).await;
    let ids: Vec<_> = came.iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2]);
    assert!(came.iter().all(|(headers, body)| is_signed(headers, body, &FIRST)));
    world.stand.pass(Duration::from_hours(30));
    inbox.came(3).await;
}

/// With the reason, for a key that is for it; and delivered once somebody sends it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_delivered_is_listed_and_sent_again_by_hand() {
    let inbox = Inbox::new([Says::Status(500)]).await;
    let world = world(&inbox, "").await;
    let key = world.key().await;
    world.refreshed(&key).await;
    inbox.came(1).await;
    assert_eq!(world.get("/v1/webhooks/failed", &key).await.json()["deliveries"], Value::Array(Vec::new()));
    world.stand.pass(Duration::from_hours(25));
    let failed = world.failed(&key, 1).await;
    assert_eq!((failed[0]["delivery"].as_str(), failed[0]["webhook"].as_str()), (Some("ops:1"), Some("ops")));
    assert_eq!((failed[0]["reason"].as_str(), failed[0]["attempts"].as_u64()), (Some("it answered 500"), Some(2)));
    assert_eq!(failed[0]["event"]["type"], "login.refreshed");
    let metrics = world.get("/metrics", &key).await.text;
    assert!(metrics.contains("tokenward_webhook_deliveries_failed{webhook=\"ops\"} 1\n"), "{metrics}");
    let (_, stranger) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let (_, lacking) = world.key_for(Wish { verbs: vec![Verb::ReadEvents], ..Wish::default() }).await;
    let resend = async |key: &str, id: &str| {
        world.ask(Method::POST, &format!("/v1/webhooks/failed/{id}/resend"), Some(key), None).await.status
    };
    assert_eq!(world.get("/v1/webhooks/failed", &stranger).await.json()["deliveries"], Value::Array(Vec::new()));
    assert_eq!([resend(&stranger, "ops:1").await, resend(&lacking, "ops:1").await], [404, 403]);
    for unknown in ["ops:2", "other:1", "ops", "ops:x"] {
        assert_eq!(resend(&key, unknown).await, 404, "{unknown}");
    }
    for wrong in ["?limit=0", "?after=1", "?webhook=a%20b"] {
        assert_eq!(world.get(&format!("/v1/webhooks/failed{wrong}"), &key).await.status, 400, "{wrong}");
    }
    inbox.says(Says::Status(200));
    world.stand.pass(Duration::from_secs(120));
    assert_eq!(resend(&key, "ops:1").await, 200);
    inbox.came(3).await;
    assert_eq!((world.failed(&key, 0).await.len(), resend(&key, "ops:1").await), (0, 404));
    // One that wants nothing more is believed at once.
    inbox.says(Says::Status(410));
    world.refreshed(&key).await;
    let failed = world.failed(&key, 1).await;
    assert_eq!((failed[0]["reason"].as_str(), failed[0]["attempts"].as_u64()), (Some("it answered 410"), Some(1)));
    let audited = world.store.audit_of(Some(world.grant), 0, 99).await.unwrap();
    assert_eq!(audited.iter().filter(|row| row.draft.act == "resend-delivery work").count(), 1);
}

/// It is asked with one delivery at a time, and refreshes do not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_silent_holds_up_nobody() {
    let inbox = Inbox::new([Says::Nothing]).await;
    let mut world = world(&inbox, "").await;
    let key = world.key().await;
    let begun = Instant::now();
    for _ in 0..6 {
        world.refreshed(&key).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    while inbox.count() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A server that ends waits for what it has begun, and for nothing else.
    tokio::time::timeout(Duration::from_secs(25), world.ended()).await.expect("the end of the server");
}

/// Neither an address of a network of one's own nor one without encryption is sent to, where the settings do not say so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_not_of_the_open_internet_is_sent_nothing() {
    let inbox = Inbox::new([]).await;
    let url = format!("https://{}/in", inbox.address);
    let world = World::with_config(Limits::default(), |stand| table(stand.folder.path(), "ops", &url, "")).await;
    let key = world.key().await;
    world.refreshed(&key).await;
    let begun = Instant::now();
    while !world.get("/metrics", &key).await.text.contains("{webhook=\"ops\",outcome=\"retried\"} 1\n") {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.stand.pass(Duration::from_hours(25));
    let failed = world.failed(&key, 1).await;
    let reason = failed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("127.0.0.1, which is no address of the open internet"), "{reason}");
    assert_eq!(inbox.count(), 0);
}
