//! User info and business calls (reference/feishu.md §10, §11).

use std::time::Duration;

use serde_json::json;
use tokenward_emulator::{AppSpec, Brand, Endpoint, RateLimit, TokenApi, UserStatus};

use crate::world::{Switch, World, send};

#[tokio::test]
async fn user_info_tells_what_the_scopes_allow() {
    let world = World::new().await;
    world
        .sandbox
        .change_app("cli_main", |app| app.scopes.extend(["contact:user.email:readonly".to_owned()]))
        .expect("app");
    let plain = world.seed(TokenApi::V3).access_token;
    let body = world.get(&world.url(Endpoint::UserInfo), &plain).await.json();
    assert_eq!((&body["code"], &body["msg"], &body["data"]["name"]), (&json!(0), &json!("success"), &json!("Ada")));
    assert!(body["data"].get("email").is_none());
    let more = world.sandbox.seed_grant("cli_main", &world.user.id, &["contact:user.email:readonly"]).expect("known");
    let body = world.get(&world.url(Endpoint::UserInfo), &more.access_token).await.json();
    assert!(body["data"]["email"].is_string());
}

#[tokio::test]
async fn user_info_refuses_with_its_own_codes() {
    let world = World::new().await;
    let url = world.url(Endpoint::UserInfo);
    let token = world.seed(TokenApi::V2).access_token;
    send(world.http.get(&url)).await.is(400, 99_991_661);
    send(world.http.get(&url).header("authorization", &token)).await.is(400, 99_991_661);
    world.get(&url, "nonsense").await.is(400, 99_991_671);
    world.get(&url, "eyJmade.up").await.is(200, 20005);
    world.sandbox.rules(|rules| rules.user_info_dead_code = 99_991_668);
    world.get(&url, "eyJmade.up").await.is(400, 99_991_668);
    world.get(&url, "t-made-up").await.is(400, 99_991_663);
    world.get(&url, &world.app_token().await).await.is(400, 99_991_663);
    for (status, code) in [
        (UserStatus::Absent, 20008),
        (UserStatus::Resigned, 20021),
        (UserStatus::Frozen, 20022),
        (UserStatus::Unregistered, 20023),
    ] {
        world.sandbox.change_user(&world.user.id, |user| user.status = status).expect("user");
        world.get(&url, &token).await.is(200, code);
    }
    world.sandbox.change_user(&world.user.id, |user| user.status = UserStatus::Active).expect("user");
    world.sandbox.advance(Duration::from_secs(7200));
    world.get(&url, &token).await.is(400, 99_991_677);
    world.sandbox.rules(|rules| rules.user_info_dead_code = 20005);
    world.get(&url, &token).await.is(200, 20006);
}

#[tokio::test]
async fn business_calls_guard_tokens_and_scopes() {
    let world = World::new().await;
    let (spaces, library) = (world.url(Endpoint::Api), world.open("/open-apis/wiki/v2/spaces/my_library"));
    let user = world.seed(TokenApi::V3).access_token;
    let tenant = world.app_token().await;
    assert!(world.get(&spaces, &user).await.json()["data"]["items"].is_array());
    assert!(world.get(&library, &user).await.json()["data"]["space"]["space_id"].is_string());
    world.get(&spaces, &tenant).await.is(200, 0);
    world.get(&library, &tenant).await.is(400, 99_991_663);
    send(world.http.get(&spaces)).await.is(400, 99_991_661);
    world.get(&spaces, "nonsense").await.is(400, 99_991_671);
    world.get(&spaces, "eyJmade.up").await.is(400, 99_991_668);
    world.get(&spaces, "u-made-up").await.is(400, 99_991_668);
    world.get(&spaces, "t-made-up").await.is(400, 99_991_663);
    world.get(&spaces, "a-made-up").await.is(400, 99_991_664);

    let narrow = world.sandbox.app(AppSpec::new(Brand::Feishu).scopes(&["drive:drive", "wiki:wiki"]));
    let drive = world.sandbox.seed_grant(&narrow.id, &world.user.id, &["drive:drive"]).expect("known");
    let refused = world.get(&spaces, &drive.access_token).await;
    refused.is(400, 99_991_679);
    let error = &refused.json()["error"];
    assert_eq!(error["permission_violations"][0]["subject"], "wiki:space:retrieve");
    assert_eq!(error["log_id"], refused.headers["x-tt-logid"].to_str().expect("ASCII"));
    world.sandbox.change_app(&narrow.id, |app| app.scopes.retain(|scope| scope != "wiki:wiki")).expect("app");
    world.get(&spaces, &drive.access_token).await.is(400, 99_991_672);
}

#[tokio::test]
async fn business_calls_notice_states() {
    let world = World::new().await;
    let spaces = world.url(Endpoint::Api);
    let token = world.seed(TokenApi::V3).access_token;
    let cases: [Switch; 4] = [
        (|app, on| app.enabled = on, 99_991_662),
        (|app, on| app.installed = on, 99_991_673),
        (|app, on| app.address_allowed = on, 99_991_401),
        (|app, on| app.quota_left = on, 99_991_403),
    ];
    for (switch, code) in cases {
        world.sandbox.change_app("cli_main", |app| switch(app, false)).expect("app");
        world.get(&spaces, &token).await.is(400, code);
        world.sandbox.change_app("cli_main", |app| switch(app, true)).expect("app");
    }
    world.get(&(world.sandbox.open_url(Brand::Lark) + "/open-apis/wiki/v2/spaces"), &token).await.is(400, 99_991_668);
    world.sandbox.change_user(&world.user.id, |user| user.status = UserStatus::Frozen).expect("user");
    world.get(&spaces, &token).await.is(400, 99_991_668);
    world.sandbox.change_user(&world.user.id, |user| user.status = UserStatus::Active).expect("user");
    world.sandbox.advance(Duration::from_secs(7200));
    world.get(&spaces, &token).await.is(400, 99_991_677);
    world.sandbox.rules(|rules| rules.expired_access_code = 99_991_668);
    world.get(&spaces, &token).await.is(400, 99_991_668);
    world.sandbox.remove_app("cli_main").expect("app");
    world.get(&spaces, &token).await.is(400, 99_991_543);
}

#[tokio::test]
async fn the_rate_limit_trips_on_either_part() {
    let world = World::new().await;
    world.sandbox.freeze_clock(true);
    world.sandbox.rules(|rules| rules.rate_limit = Some(RateLimit { per_minute: 5, per_second: 3 }));
    let ask = async || world.refresh(Endpoint::V3Token, "eyJmade.up").await;
    for _ in 0..3 {
        ask().await.is(400, 20026);
    }
    let limited = ask().await;
    limited.is(429, 99_991_400);
    assert_eq!(limited.headers["x-ogw-ratelimit-limit"], "3");
    assert_eq!(limited.headers["x-ogw-ratelimit-reset"], "1");
    world.sandbox.advance(Duration::from_secs(1));
    ask().await.is(400, 20026);
    ask().await.is(400, 20026);
    world.sandbox.advance(Duration::from_secs(1));
    let limited = ask().await;
    limited.is(429, 99_991_400);
    assert_eq!(limited.headers["x-ogw-ratelimit-reset"], "58");
    world.sandbox.advance(Duration::from_secs(58));
    ask().await.is(400, 20026);
}
