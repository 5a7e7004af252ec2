//! No token, key or secret is in a log, an error or a listing (I4).

use std::time::Duration;

use http::Method;
use serde_json::json;
use tokenward_emulator::{Fault, FaultKind, Operation};

use crate::world::{World, logged};

#[tokio::test]
async fn nothing_secret_is_logged_or_listed() {
    let mut world = World::new().await;
    let key = world.key().await;
    let brought = world.login_elsewhere().await;
    let mut secrets = vec![key.clone(), brought.clone(), world.app.secret.as_ref().unwrap().expose().to_owned()];
    secrets.extend(world.live_tokens());
    let mut told = Vec::new();
    let body = json!({ "profile": "second", "refresh_token": brought });
    told.push(world.ask(Method::POST, "/v1/grants", Some(&key), Some(body)).await.text);
    world.get("/v1/grants/work/token", &key).await;
    world.ask(Method::POST, "/v1/grants/work/token/refresh", Some(&key), None).await;
    secrets.extend(world.live_tokens());
    world.stand.pass(Duration::from_secs(7300));
    world.sandbox.inject(Fault::new(FaultKind::RateLimit { reset_seconds: 7 }).when(Operation::Refresh).forever());
    told.push(world.get("/v1/grants/work/token", &key).await.text);
    for path in ["/v1/apps", "/v1/grants", "/v1/grants/work", "/v1/grants/second", "/v1/openapi.json", "/readyz"] {
        told.push(world.get(path, &key).await.text);
    }
    let wrong = format!("{key}0");
    told.push(world.get("/v1/grants", &wrong).await.text);
    told.push(world.get(&format!("/v1/grants/{key}"), &key).await.text);
    world.ended().await;
    let log = logged();
    assert!(log.contains("read-token"), "requests are told");
    for secret in &secrets {
        assert!(secret.len() > 16, "a real one");
        assert!(!log.contains(secret.as_str()), "in the log");
        assert!(told.iter().all(|text| !text.contains(secret.as_str())), "{told:?}");
    }
}
