//! What happened to logins, as programs hear of it: in its order, each for whom it is for, and nothing that is a secret.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokenward_core::Verb;
use tokenward_emulator::{Fault, Operation};
use tokenward_serve::server::Limits;

use crate::world::{Wish, World};

/// A stream as it comes.
pub(crate) struct Listening {
    answer: reqwest::Response,
    text: String,
}

impl Listening {
    pub(crate) async fn to(world: &World, key: &str, after: Option<u64>) -> Self {
        let mut request =
            world.http.get(world.url("/v1/events")).bearer_auth(key).header("accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let answer = request.send().await.unwrap();
        let head = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!((answer.status().as_u16(), head("content-type").as_str()), (200, "text/event-stream"));
        assert_eq!(head("cache-control"), "no-store");
        Self { answer, text: String::new() }
    }

    /// The next event: its type, its number, what it says.
    pub(crate) async fn next(&mut self) -> Option<(String, u64, Value)> {
        loop {
            while let Some((piece, rest)) = self.text.split_once("\n\n") {
                let (piece, rest) = (piece.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| piece.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let Some(data) = field("data: ") else { continue };
                let number = field("id: ").unwrap().parse().unwrap();
                return Some((field("event: ").unwrap(), number, serde_json::from_str(&data).unwrap()));
            }
            let piece = tokio::time::timeout(Duration::from_secs(20), self.answer.chunk()).await.expect("an event");
            // One that is cut off in the middle is no proper end.
            self.text.push_str(str::from_utf8(&piece.unwrap()?).unwrap());
        }
    }

    async fn named(&mut self) -> (String, u64) {
        let (kind, number, event) = self.next().await.unwrap();
        assert_eq!((event["type"].as_str(), event["number"].as_u64()), (Some(&*kind), Some(number)));
        (kind, number)
    }
}

impl World {
    async fn forced(&self, key: &str) -> u16 {
        self.ask(Method::POST, "/v1/grants/work/token/refresh", Some(key), None).await.status
    }

    /// The events from a number on, once there are so many.
    async fn events(&self, key: &str, after: u64, count: usize) -> Vec<Value> {
        for _ in 0..400 {
            let told = self.get(&format!("/v1/events?after={after}"), key).await;
            assert_eq!(told.status, 200, "{told:?}");
            let events = told.json()["events"].as_array().unwrap().clone();
            if events.len() >= count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no {count} events");
    }
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// A refresh, an outcome that nobody knows, a token that somebody else has used: in their order, and the same in a page and in a stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_a_login_is_told() {
    let world = World::new().await;
    let key = world.key().await;
    let mut secrets = world.live_tokens();
    let mut listening = Listening::to(&world, &key, None).await;
    assert_eq!(world.forced(&key).await, 200);
    assert_eq!(listening.named().await, ("login.refreshed".to_owned(), 1));
    secrets.extend(world.live_tokens());
    world.sandbox.inject(Fault::new(tokenward_emulator::FaultKind::Drop).when(Operation::Refresh).times(1));
    assert_eq!(world.forced(&key).await, 503);
    assert_eq!(listening.named().await, ("login.outcome_unknown".to_owned(), 2));
    world.stand.pass(Duration::from_secs(7300));
    assert_eq!(world.get("/v1/grants/work/token", &key).await.status, 200);
    assert_eq!(listening.named().await.0, "login.refreshed");
    secrets.extend(world.live_tokens());
    world.sandbox.inject(Fault::code(20064).when(Operation::Refresh).times(1));
    assert_eq!(world.forced(&key).await, 409);
    let (kind, number, elsewhere) = listening.next().await.unwrap();
    assert_eq!((kind.as_str(), elsewhere["data"]["code"].as_str()), ("login.refreshed_elsewhere", Some("TW0405")));
    let (kind, _, event) = listening.next().await.unwrap();
    assert_eq!((kind.as_str(), event["data"]["code"].as_str()), ("login.needs_login", Some("TW0405")));
    assert_ne!(event["id"], elsewhere["id"]);

    let events = world.events(&key, 0, 5).await;
    assert_eq!((&events[3], &events[4], events.len()), (&elsewhere, &event, 5));
    assert_eq!(
        (events[0]["data"]["grant"].as_str(), events[0]["data"]["profile"].as_str(), events[0]["data"]["app"].as_str()),
        (Some(&*world.grant.to_string()), Some("work"), Some("work"))
    );
    assert_eq!(
        (&events[0]["data"]["generation"], events[1]["data"]["cause"].as_str()),
        (&Value::from(2), Some("no-answer"))
    );
    let text = Value::from(events).to_string();
    assert!(secrets.len() > 3 && secrets.iter().all(|secret| !text.contains(secret.as_str())), "{text}");
    // Whoever comes again goes on where it was.
    let mut again = Listening::to(&world, &key, Some(number)).await;
    assert_eq!(again.next().await.unwrap().2, event);
    let page = world.get("/v1/events?after=1&limit=2", &key).await.json();
    assert_eq!(
        (names(page["events"].as_array().unwrap()), &page["next"]),
        (vec!["login.outcome_unknown", "login.refreshed"], &Value::from(3))
    );
    let page = world.get("/v1/events?after=5", &key).await.json();
    assert_eq!((page["events"].as_array().unwrap().len(), &page["next"]), (0, &Value::from(5)));
}

/// Whose login it is not hears nothing of it, and misses nothing of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_hears_of_the_logins_that_it_is_for() {
    let world = World::new().await;
    let key = world.key().await;
    let (_, other_app) = world.key_for(Wish { apps: Some("other"), ..Wish::default() }).await;
    let (_, other_grant) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let (_, own) = world.key_for(Wish { verbs: vec![Verb::ReadEvents], grants: "w*", ..Wish::default() }).await;
    assert_eq!(world.forced(&key).await, 200);
    assert_eq!(world.events(&own, 0, 1).await.len(), 1);
    for stranger in [&other_app, &other_grant] {
        let page = world.get("/v1/events", stranger).await.json();
        assert_eq!((page["events"].as_array().unwrap().len(), &page["next"]), (0, &Value::from(1)));
    }
    for wrong in ["/v1/events?limit=0", "/v1/events?limit=1001", "/v1/events?after=x", "/v1/events?since=1"] {
        assert_eq!(world.get(wrong, &own).await.status, 400, "{wrong}");
    }
    let request = world.http.get(world.url("/v1/events")).bearer_auth(&own);
    let request = request.header("accept", "text/event-stream").header("last-event-id", "x");
    assert_eq!(crate::world::Told::of(request).await.status, 400);
}

/// A stream lives no longer than its key, and tells of what the key is for now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_key() {
    let world = World::with(Limits { heartbeat: Duration::from_millis(50), ..Limits::default() }).await;
    let (id, key) = world.key_for(Wish { verbs: vec![Verb::ReadEvents], ..Wish::default() }).await;
    let mut listening = Listening::to(&world, &key, None).await;
    assert!(listening.answer.chunk().await.unwrap().unwrap().starts_with(b"retry:"));
    assert_eq!(listening.answer.chunk().await.unwrap().unwrap().as_ref(), b": \n\n");
    let metrics = world.key().await;
    assert!(world.get("/metrics", &metrics).await.text.contains("tokenward_event_streams 1\n"));
    world.store.revoke_key(id, tokenward_core::ports::Clock::now(&*world.clock)).await.unwrap();
    assert_eq!(listening.next().await, None);
    let gone = async {
        while !world.get("/metrics", &metrics).await.text.contains("tokenward_event_streams 0\n") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}

/// It does not hold up a server that ends, and is told whole what was begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_server() {
    let mut world = World::new().await;
    let key = world.key().await;
    let mut listening = Listening::to(&world, &key, None).await;
    assert_eq!(world.forced(&key).await, 200);
    assert_eq!(listening.named().await.0, "login.refreshed");
    tokio::time::timeout(Duration::from_secs(10), world.ended()).await.expect("the end of the server");
    assert_eq!(listening.next().await, None);
}

/// Once for an end, however often it is looked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_no_refresh_moves_is_told_of_before_it_comes() {
    let world = World::new().await;
    let key = world.key().await;
    let expires = world.get("/v1/grants/work", &key).await.json()["consent_expires_at"].clone();
    world.stand.pass(Duration::from_hours(24 * 357));
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(world.get("/v1/events", &key).await.json()["events"].as_array().unwrap().len(), 0);
    world.stand.pass(Duration::from_hours(30));
    let events = world.events(&key, 0, 1).await;
    assert_eq!((names(&events), &events[0]["data"]["consent_expires_at"]), (vec!["login.expires_soon"], &expires));
    world.stand.pass(Duration::from_hours(2));
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(world.get("/v1/events", &key).await.json()["events"].as_array().unwrap().len(), 1);
}
