//! Tokens: one exchange for many callers, the same one again, one that was refused, one by force.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use serde_json::json;
use tokenward_emulator::{Fault, FaultKind, Operation};
use tokio::task::JoinSet;

use crate::world::{Told, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_callers_at_the_end_of_a_token_cause_one_exchange() {
    let world = World::new().await;
    let key = world.key().await;
    world.stand.pass(Duration::from_secs(7300));
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        let request = world.http.get(world.url("/v1/grants/work/token")).bearer_auth(&key);
        callers.spawn(Told::of(request));
    }
    let told = callers.join_all().await;
    assert!(told.iter().all(|told| told.status == 200), "{told:?}");
    let tokens: BTreeSet<_> =
        told.iter().map(|told| told.json()["access_token"].as_str().unwrap().to_owned()).collect();
    assert_eq!(tokens.len(), 1);
    let counted = world.sandbox.counters();
    assert_eq!((counted.refreshes, counted.replays), (1, 0));
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_told_with_its_life_and_not_twice_to_whoever_has_it() {
    let world = World::new().await;
    let key = world.key().await;
    let by_name = world.get("/v1/grants/work/token", &key).await;
    let by_id = world.get(&format!("/v1/grants/{}/token", world.grant), &key).await;
    assert_eq!(by_name.json()["access_token"], by_id.json()["access_token"]);
    let token = by_name.json();
    assert_eq!(
        (&token["token_type"], &token["profile"], &token["generation"]),
        (&json!("Bearer"), &json!("work"), &json!(1))
    );
    assert_eq!(token["grant"], json!(world.grant.to_string()));
    assert!(token["expires_in"].as_u64().unwrap() > 7000, "{token}");
    assert!(world.live_tokens().contains(&token["access_token"].as_str().unwrap().to_owned()));

    let etag = by_name.etag.unwrap();
    let again = |etag: String, query: &str| {
        let request = world.http.get(world.url(&format!("/v1/grants/work/token{query}")));
        Told::of(request.bearer_auth(&key).header("if-none-match", etag))
    };
    let told = again(format!("\"other\", W/{etag}"), "").await;
    assert_eq!((told.status, told.text.as_str(), told.etag.as_deref()), (304, "", Some(&*etag)));
    // What the caller has is not good for so long any more.
    world.stand.pass(Duration::from_secs(6000));
    let told = again(etag.clone(), "?min_ttl=3600").await;
    assert_eq!((told.status, &told.json()["generation"]), (200, &json!(2)));
    assert_eq!(again(told.etag.unwrap(), "?min_ttl=3600").await.status, 304);
    assert_eq!(again(etag, "").await.status, 200);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

/// Many report the same token: it is refreshed once, and everybody gets the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_refreshed_once() {
    let world = World::new().await;
    let key = world.key().await;
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        let request = world.http.post(world.url("/v1/grants/work/token/refused")).bearer_auth(&key);
        callers.spawn(Told::of(request.json(&json!({ "generation": 1 }))));
    }
    for told in callers.join_all().await {
        assert_eq!((told.status, &told.json()["generation"]), (200, &json!(2)), "{told:?}");
    }
    assert_eq!(world.sandbox.counters().refreshes, 1);
    // One that nobody was handed yet cannot have been refused.
    for generation in [0, 3, u64::MAX] {
        let body = Some(json!({ "generation": generation }));
        let told = world.ask(Method::POST, "/v1/grants/work/token/refused", Some(&key), body).await;
        assert_eq!((told.status, told.code()), (400, "TW0862".to_owned()));
    }
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_refreshed_by_force() {
    let world = World::new().await;
    let key = world.key().await;
    let told = world.ask(Method::POST, "/v1/grants/work/token/refresh", Some(&key), None).await;
    assert_eq!((told.status, &told.json()["generation"], &told.json()["refreshed"]), (200, &json!(2), &json!(true)));
    world.assert_clean();
}

/// A provider that takes no more fails nobody whose token lives (I7), and it is said when to ask again where none does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_takes_no_more_is_told_as_such() {
    let world = World::new().await;
    let key = world.key().await;
    world.sandbox.inject(Fault::new(FaultKind::RateLimit { reset_seconds: 7 }).when(Operation::Refresh).forever());
    assert_eq!(world.get("/v1/grants/work/token", &key).await.status, 200);
    world.stand.pass(Duration::from_secs(7300));
    let told = world.get("/v1/grants/work/token", &key).await;
    assert_eq!(told.status, 503, "{told:?}");
    assert_eq!(told.retry_after.as_deref(), Some("7"));
}

/// What is wrong with a request is told by its place, and nothing of it is repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_not_as_described_are_refused() {
    let world = World::new().await;
    let key = world.key().await;
    for path in [
        "/v1/grants/work/token?min_ttl=-1",
        "/v1/grants/work/token?min_ttl=86401",
        "/v1/grants/work/token?ttl=1",
        "/v1/grants?limit=0",
        "/v1/grants?limit=501",
        "/v1/grants?status=well",
        "/v1/grants?after=x",
        "/v1/grants/work?history=1001",
    ] {
        let told = world.get(path, &key).await;
        assert_eq!((told.status, told.code()), (400, "TW0862".to_owned()), "{path}");
    }
    let bodies = ["", "{", "[]", "{\"generation\":\"ur-secret\"}", "{\"generation\":1,\"ur-secret\":2}"];
    for text in bodies {
        let request = world.http.post(world.url("/v1/grants/work/token/refused")).bearer_auth(&key).body(text);
        let told = Told::of(request).await;
        assert_eq!((told.status, told.code()), (400, "TW0862".to_owned()), "{text}");
        assert!(!told.text.contains("ur-secret"), "{}", told.text);
    }
    let long = "x".repeat(65 << 10);
    let request = world.http.post(world.url("/v1/grants/work/token/refused")).bearer_auth(&key).body(long);
    assert_eq!(Told::of(request).await.status, 413);
    assert_eq!(world.get("/v1/nothing", &key).await.status, 404);
    assert_eq!(world.ask(Method::PUT, "/v1/grants", Some(&key), None).await.status, 405);
    for name in ["nobody", "%20", "a%2Fb", "00000000-0000-0000-0000-000000000001"] {
        let told = world.get(&format!("/v1/grants/{name}/token"), &key).await;
        assert_eq!((told.status, told.code()), (404, "TW0401".to_owned()), "{name}");
    }
}

/// What cannot be met is answered with what there is, and said so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_life_that_no_token_has_is_said_not_to_be_met() {
    let world = World::new().await;
    let key = world.key().await;
    let told = world.get("/v1/grants/work/token?min_ttl=9000", &key).await;
    assert_eq!((told.status, &told.json()["shorter_than_asked"]), (200, &json!(true)), "{told:?}");
    assert!(told.json()["expires_in"].as_u64().unwrap() < 9000, "{told:?}");
    let told = world.get("/v1/grants/work/token?min_ttl=600", &key).await;
    assert_eq!((told.status, told.json().get("shorter_than_asked")), (200, None), "{told:?}");
}
