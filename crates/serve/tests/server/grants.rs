//! Logins: a page at a time, one with its history, brought, ended.

use http::Method;
use serde_json::{Value, json};

use crate::world::{Wish, World};

fn names(page: &Value) -> Vec<String> {
    let grants = page["grants"].as_array().unwrap();
    grants.iter().map(|grant| grant["profile"].as_str().unwrap().to_owned()).collect()
}

/// Pages of two, while logins are made between them: each that was there is met once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_stable_while_logins_are_made() {
    let world = World::new().await;
    let key = world.key().await;
    for number in 0..6 {
        world.listed(&format!("before-{number}"), "work").await;
    }
    let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = world.get(&format!("/v1/grants?limit=2{after}"), &key).await.json();
        assert!(page["grants"].as_array().unwrap().len() <= 2);
        seen.extend(names(&page));
        pages += 1;
        if pages < 4 {
            world.listed(&format!("meanwhile-{pages}"), "work").await;
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "{seen:?}");
    for number in 0..6 {
        assert!(seen.contains(&format!("before-{number}")), "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_are_found_by_app_status_and_text_within_what_the_key_is_for() {
    let world = World::new().await;
    let key = world.key().await;
    world.listed("team-a", "work").await;
    world.listed("team-b", "other").await;
    let of = async |query: &str, key: &str| names(&world.get(&format!("/v1/grants{query}"), key).await.json());
    assert_eq!(of("", &key).await, ["work", "team-a", "team-b"]);
    assert_eq!(of("?app=other", &key).await, ["team-b"]);
    assert_eq!(of("?status=valid", &key).await, ["work"]);
    assert_eq!(of("?q=TEAM", &key).await, ["team-a", "team-b"]);
    assert_eq!(of("?q=ada", &key).await, ["work"]);
    assert_eq!(of(&format!("?q={}", world.grant), &key).await, ["work"]);
    let (_, team) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let (_, other) = world.key_for(Wish { apps: Some("other"), ..Wish::default() }).await;
    assert_eq!(of("", &team).await, ["team-a", "team-b"]);
    assert_eq!(of("", &other).await, ["team-b"]);
    let apps = world.get("/v1/apps", &other).await.json();
    assert_eq!(apps["apps"][0]["app"], "other");
    assert_eq!((apps["apps"].as_array().unwrap().len(), &apps["apps"][0]["profiles"]), (1, &json!(["elsewhere"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_login_is_told_with_its_history() {
    let world = World::new().await;
    let key = world.key().await;
    world.ask(Method::POST, "/v1/grants/work/token/refresh", Some(&key), None).await;
    let told = world.get("/v1/grants/work", &key).await.json();
    assert_eq!(
        (&told["status"], &told["generation"], &told["user"]["name"]),
        (&json!("valid"), &json!(2), &json!("Ada"))
    );
    let events: Vec<_> = told["history"].as_array().unwrap().iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, ["closed", "answered", "begun", "logged-in"], "{told}");
    assert_eq!(world.get("/v1/grants/work?history=1", &key).await.json()["history"].as_array().unwrap().len(), 1);
}

/// A login is taken over from elsewhere, served, and known when it is brought again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_brought_and_ended() {
    let world = World::new().await;
    let key = world.key().await;
    let brought = world.login_elsewhere().await;
    let body = json!({ "profile": "second", "refresh_token": brought });
    let told = world.ask(Method::POST, "/v1/grants", Some(&key), Some(body.clone())).await;
    assert_eq!((told.status, &told.json()["profile"]), (201, &json!("second")), "{told:?}");
    assert_eq!(world.ask(Method::POST, "/v1/grants", Some(&key), Some(body)).await.status, 200);
    let token = world.get("/v1/grants/second/token", &key).await;
    assert_eq!(token.status, 200, "{token:?}");
    assert!(world.live_tokens().contains(&token.json()["access_token"].as_str().unwrap().to_owned()));

    for (body, status, code) in [
        (json!({ "profile": "second", "refresh_token": "${TOKEN}" }), 400, "TW0203"),
        (json!({ "profile": "second", "refresh_token": "" }), 400, "TW0203"),
        (json!({ "profile": "nobody", "refresh_token": "ur-x" }), 404, "TW0201"),
        (json!({ "profile": "no body", "refresh_token": "ur-x" }), 400, "TW0862"),
        (json!({ "profile": "second" }), 400, "TW0862"),
    ] {
        let told = world.ask(Method::POST, "/v1/grants", Some(&key), Some(body)).await;
        assert_eq!((told.status, told.code()), (status, code.to_owned()));
    }

    let ended = world.ask(Method::DELETE, "/v1/grants/second", Some(&key), None).await;
    assert_eq!((ended.status, &ended.json()["revoked"]), (200, &json!(false)));
    assert_eq!(world.get("/v1/grants/second/token", &key).await.status, 404);
    let id = told.json()["grant"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("/v1/grants/{id}"), &key).await.json()["status"], "logged-out");
    // With a word to the provider, whose tokens are dead then.
    let ended = world.ask(Method::DELETE, "/v1/grants/work?revoke=true", Some(&key), None).await;
    assert_eq!((ended.status, &ended.json()["revoked"]), (200, &json!(true)), "{ended:?}");
}

/// Whoever mistypes is told what there is, in words that are not a library's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_query_may_hold_is_said() {
    let world = World::new().await;
    let key = world.key().await;
    let detail = async |query: &str| {
        let told = world.get(&format!("/v1/grants?{query}"), &key).await;
        assert_eq!((told.status, told.code()), (400, "TW0862".to_owned()), "{query}");
        told.json()["detail"].as_str().unwrap().to_owned()
    };
    let statuses = "status is one of valid, refresh-due, refreshing, outcome-unknown, login-required, logged-out";
    assert_eq!(detail("status=ended").await, statuses);
    let known = "there is no parameter limt; the parameters here are: after, app, limit, q, status";
    assert_eq!(detail("limt=1").await, known);
    assert_eq!(detail("limit=many").await, "limit cannot be used");
    assert_eq!(detail("q=a&q=b").await, "a parameter stands there twice");
}
