//! App and tenant tokens (reference/feishu.md §9).

use std::time::Duration;

use serde_json::{Value, json};
use tokenward_emulator::{App, AppSpec, Brand, Endpoint};

use crate::world::{Switch, World, send};

fn credentials(app: &App) -> Value {
    json!({"app_id": app.id, "app_secret": app.secret})
}

#[tokio::test]
async fn self_built_apps_get_the_same_token_until_30_minutes_remain() {
    let world = World::new().await;
    world.sandbox.freeze_clock(true);
    let (app_url, tenant_url) = (world.url(Endpoint::AppTokenInternal), world.url(Endpoint::TenantTokenInternal));
    let first = world.json(&app_url, &credentials(&world.app)).await;
    first.is(200, 0);
    assert_eq!(first.json()["expire"], 7200);
    assert_eq!(first.field("app_access_token"), first.field("tenant_access_token"));
    assert!(first.field("tenant_access_token").starts_with("t-"));
    let tenant = world.json(&tenant_url, &credentials(&world.app)).await;
    assert_eq!(tenant.field("tenant_access_token"), first.field("tenant_access_token"));
    assert!(tenant.json().get("app_access_token").is_none());
    world.sandbox.advance(Duration::from_secs(5400));
    let same = world.json(&tenant_url, &credentials(&world.app)).await;
    assert_eq!(same.field("tenant_access_token"), first.field("tenant_access_token"));
    assert_eq!(same.json()["expire"], 1800);
    world.sandbox.advance(Duration::from_secs(1));
    let new = world.json(&tenant_url, &credentials(&world.app)).await;
    assert_ne!(new.field("tenant_access_token"), first.field("tenant_access_token"));
    let spaces = world.url(Endpoint::Api);
    for token in [first, new] {
        world.get(&spaces, &token.field("tenant_access_token")).await.is(200, 0);
    }
}

#[tokio::test]
async fn refusals_are_http_200() {
    let world = World::new().await;
    for endpoint in [Endpoint::AppTokenInternal, Endpoint::TenantTokenInternal] {
        let url = world.url(endpoint);
        let bad = world.json(&url, &json!({"app_id": "cli_main"})).await;
        bad.is(200, 10003);
        assert_eq!(bad.json(), json!({"code": 10003, "data": {}, "msg": "invalid param"}));
        send(world.http.post(&url).body("{")).await.is(200, 10003);
        let form = [("app_id", "cli_main"), ("app_secret", "main-secret")];
        world.form(&url, &form).await.is(200, 10003);
        world.json(&url, &json!({"app_id": "cli_nobody", "app_secret": "x"})).await.is(200, 10003);
        world.json(&url, &json!({"app_id": "cli_main", "app_secret": "x"})).await.is(200, 10015);
        let lark = world.sandbox.open_url(Brand::Lark) + endpoint.address().2;
        world.json(&lark, &credentials(&world.app)).await.is(200, 20046);
    }
    let url = world.url(Endpoint::TenantTokenInternal);
    let cases: [Switch; 4] = [
        (|app, on| app.enabled = on, 10014),
        (|app, on| app.installed = on, 11210),
        (|app, on| app.address_allowed = on, 99_991_401),
        (|app, on| app.quota_left = on, 99_991_403),
    ];
    for (switch, code) in cases {
        world.sandbox.change_app("cli_main", |app| switch(app, false)).expect("app");
        world.json(&url, &credentials(&world.app)).await.is(200, code);
        world.sandbox.change_app("cli_main", |app| switch(app, true)).expect("app");
    }
    world.json(&url, &credentials(&world.app)).await.is(200, 0);
}

#[tokio::test]
async fn store_apps_need_the_current_ticket() {
    let world = World::new().await;
    let store = world.sandbox.app(AppSpec::new(Brand::Feishu).store());
    let url = world.url(Endpoint::AppTokenStore);
    let with = |ticket: &str| {
        let mut body = credentials(&store);
        body["app_ticket"] = json!(ticket);
        body
    };
    world.json(&url, &credentials(&store)).await.is(200, 10003);
    world.json(&url, &with("old")).await.is(200, 10012);
    let ticket = world.sandbox.ticket(&store.id).expect("store app");
    let app_token = world.json(&url, &with(&ticket)).await.field("app_access_token");
    assert!(app_token.starts_with("a-"));
    world.json(&world.url(Endpoint::AppTicketResend), &credentials(&store)).await.is(200, 0);
    assert_ne!(world.sandbox.ticket(&store.id).expect("store app"), ticket);
    world.json(&url, &with(&ticket)).await.is(200, 10012);

    let url = world.url(Endpoint::TenantTokenStore);
    let tenant = |token: &str, tenant: &str| json!({"app_access_token": token, "tenant_key": tenant});
    world.json(&url, &tenant(&app_token, &world.user.tenant_key)).await.is(200, 0);
    world.json(&url, &tenant(&app_token, "elsewhere")).await.is(200, 10005);
    world.json(&url, &tenant("a-made-up", &world.user.tenant_key)).await.is(200, 10013);
    world.sandbox.change_app(&store.id, |app| app.installed = false).expect("app");
    world.json(&url, &tenant(&app_token, &world.user.tenant_key)).await.is(200, 11210);
}

#[tokio::test]
async fn a_content_type_is_not_needed() {
    let world = World::new().await;
    let body = credentials(&world.app).to_string();
    send(world.http.post(world.url(Endpoint::AppTokenInternal)).body(body)).await.is(200, 0);
}

#[tokio::test]
async fn each_kind_of_app_has_its_own_calls() {
    let world = World::new().await;
    let store = world.sandbox.app(AppSpec::new(Brand::Feishu).store());
    world.json(&world.url(Endpoint::TenantTokenInternal), &credentials(&store)).await.is(200, 10005);
    world.json(&world.url(Endpoint::AppTicketResend), &credentials(&world.app)).await.is(200, 10016);
    let mut body = credentials(&world.app);
    body["app_ticket"] = json!("x");
    world.json(&world.url(Endpoint::AppTokenStore), &body).await.is(200, 10005);
}

#[tokio::test]
async fn whether_store_tokens_repeat_is_a_knob() {
    let world = World::new().await;
    let store = world.sandbox.app(AppSpec::new(Brand::Feishu).store());
    let mut body = credentials(&store);
    body["app_ticket"] = json!(store.ticket);
    let ask = async || world.json(&world.url(Endpoint::AppTokenStore), &body).await.field("app_access_token");
    assert_eq!(ask().await, ask().await);
    world.sandbox.rules(|rules| rules.store_tokens_repeat = false);
    assert_ne!(ask().await, ask().await);
}
