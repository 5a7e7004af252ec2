//! The device flow (reference/feishu.md §8.3, RFC 8628).

use std::time::Duration;

use tokenward_emulator::{Consent, Endpoint};

use crate::world::{Answer, World, send};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn start(world: &World) -> Answer {
    let form = [("client_id", "cli_main"), ("scope", "offline_access wiki:wiki")];
    let request = world.http.post(world.url(Endpoint::DeviceAuthorization)).basic_auth("cli_main", Some("main-secret"));
    send(request.form(&form)).await
}

async fn poll(world: &World, started: &Answer) -> Answer {
    let body = world.body(GRANT_TYPE, &[("device_code", &started.field("device_code"))]);
    world.json(&world.url(Endpoint::V3Token), &body).await
}

fn refused(answer: &Answer, error: &str) {
    assert_eq!((answer.status, answer.field("error").as_str()), (400, error), "{}", answer.text);
}

async fn asking() -> World {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.device_consent = Consent::Ask);
    world.sandbox.freeze_clock(true);
    world
}

#[tokio::test]
async fn a_person_allows() {
    let world = asking().await;
    let started = start(&world).await;
    let body = started.json();
    assert_eq!((body["expires_in"].as_u64(), body["interval"].as_u64()), (Some(240), Some(5)));
    let user_code = started.field("user_code");
    assert_eq!(
        started.field("verification_uri_complete"),
        format!("{}?user_code={user_code}", started.field("verification_uri"))
    );
    refused(&poll(&world, &started).await, "authorization_pending");
    refused(&poll(&world, &started).await, "slow_down");
    // The interval is ten seconds now.
    world.sandbox.advance(Duration::from_secs(6));
    refused(&poll(&world, &started).await, "slow_down");
    world.sandbox.advance(Duration::from_secs(15));
    refused(&poll(&world, &started).await, "authorization_pending");

    let page = send(world.http.get(started.field("verification_uri_complete"))).await;
    assert!(page.status == 200 && page.text.contains(&user_code));
    let page = started.field("verification_uri");
    let wrong = world.form(&page, &[("user_code", "XXXX-XXXX"), ("decision", "allow")]).await;
    assert!(wrong.status == 404 && wrong.text.contains("No open request"));
    let typed = user_code.to_lowercase().replace('-', " ");
    let done = world.form(&page, &[("user_code", &typed), ("decision", "allow"), ("user", &world.user.id)]).await;
    assert!(done.status == 200 && done.text.contains("connected"), "{}", done.text);

    let tokens = poll(&world, &started).await;
    tokens.is(200, 0);
    assert_eq!(tokens.field("scope"), "offline_access wiki:wiki");
    world.refresh(Endpoint::V3Token, &tokens.field("refresh_token")).await.is(200, 0);
    refused(&poll(&world, &started).await, "invalid_grant");
}

#[tokio::test]
async fn a_person_denies_or_nobody_comes() {
    let world = asking().await;
    let started = start(&world).await;
    let page = started.field("verification_uri");
    world.form(&page, &[("user_code", &started.field("user_code")), ("decision", "deny")]).await;
    refused(&poll(&world, &started).await, "access_denied");
    let lonely = start(&world).await;
    world.sandbox.advance(Duration::from_secs(240));
    refused(&poll(&world, &lonely).await, "expired_token");
    assert!(world.sandbox.decide_device(&lonely.field("user_code"), Some(&world.user.id)).is_err());
}

#[tokio::test]
async fn the_sandbox_decides_by_knob_or_call() {
    let world = asking().await;
    let started = start(&world).await;
    world.sandbox.decide_device(&started.field("user_code"), Some(&world.user.id)).expect("open");
    poll(&world, &started).await.is(200, 0);
    world.sandbox.rules(|rules| rules.device_consent = Consent::Auto { user: None });
    let body = world.body(GRANT_TYPE, &[("device_code", &start(&world).await.field("device_code"))]);
    world.json(&world.url(Endpoint::V2Token), &body).await.is(200, 0);
    world.sandbox.rules(|rules| rules.device_consent = Consent::Deny);
    refused(&poll(&world, &start(&world).await).await, "access_denied");
}

#[tokio::test]
async fn requests_that_are_not_in_order() {
    let world = asking().await;
    let url = world.url(Endpoint::DeviceAuthorization);
    world.json(&url, &world.body("x", &[])).await.is(400, 20063);
    world.form(&url, &[("client_id", "cli_main")]).await.is(400, 20001);
    world.form(&url, &[("client_id", "cli_main"), ("client_secret", "no")]).await.is(400, 20002);
    let scope = [("client_id", "cli_main"), ("client_secret", "main-secret"), ("scope", "nope:nope")];
    world.form(&url, &scope).await.is(400, 20027);
    let body = world.body(GRANT_TYPE, &[("device_code", "made-up")]);
    refused(&world.json(&world.url(Endpoint::V3Token), &body).await, "invalid_grant");
    world.json(&world.url(Endpoint::V3Token), &world.body(GRANT_TYPE, &[])).await.is(400, 20001);
}
