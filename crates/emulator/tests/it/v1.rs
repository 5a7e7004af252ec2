//! OIDC v1 and legacy v1 (reference/feishu.md §6, §7).

use serde_json::json;
use tokenward_emulator::{AppSpec, Brand, Endpoint, TokenApi, UserStatus};

use crate::world::{World, send};

fn code_body(code: &str) -> serde_json::Value {
    json!({"grant_type": "authorization_code", "code": code})
}

#[tokio::test]
async fn oidc_exchange_and_refresh() {
    let world = World::new().await;
    let bearer = world.app_token().await;
    let code = world.authorization_code(&[]).await;
    let answer = world.v1(Endpoint::OidcExchange, &bearer, &code_body(&code)).await;
    answer.is(200, 0);
    let data = &answer.json()["data"];
    assert_eq!((&data["expires_in"], &data["refresh_expires_in"]), (&json!(7199), &json!(2_591_999)));
    assert!(data.get("refresh_token_expires_in").is_none() && data["scope"].is_string());
    assert!(answer.field("access_token").starts_with("u-"));
    let token = answer.field("refresh_token");
    assert!(token.starts_with("ur-"));
    let next = world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await;
    next.is(200, 0);
    world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, 20038);
    world.sandbox.rules(|rules| rules.oidc_reused_code = 20026);
    world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, 20026);
    world.v1(Endpoint::OidcExchange, &bearer, &code_body(&code)).await.is(200, 20003);
}

#[tokio::test]
async fn legacy_exchange_and_refresh_carry_the_user() {
    let world = World::new().await;
    let bearer = world.app_token().await;
    let code = world.authorization_code(&[]).await;
    let answer = world.v1(Endpoint::LegacyExchange, &bearer, &code_body(&code)).await;
    answer.is(200, 0);
    let data = &answer.json()["data"];
    assert_eq!((&data["expires_in"], &data["refresh_expires_in"]), (&json!(7140), &json!(2_591_940)));
    assert_eq!(data["name"], "Ada");
    assert!(data["open_id"].as_str().expect("open_id").starts_with("ou_"));
    assert!(data.get("scope").is_none() && data.get("email").is_none());
    let token = answer.field("refresh_token");
    let next = world.v1_refresh(Endpoint::LegacyRefresh, &bearer, &token).await;
    assert_eq!(next.json()["data"]["name"], "Ada");
    world.v1_refresh(Endpoint::LegacyRefresh, &bearer, &token).await.is(200, 20007);
    world.sandbox.rules(|rules| rules.legacy_dead_code = 20026);
    world.v1_refresh(Endpoint::LegacyRefresh, &bearer, &token).await.is(200, 20026);
}

#[tokio::test]
async fn requests_that_are_not_in_order() {
    let world = World::new().await;
    let bearer = world.app_token().await;
    let (exchange, refresh) = (Endpoint::OidcExchange, Endpoint::OidcRefresh);
    world.v1(exchange, &bearer, &json!({})).await.is(200, 20001);
    world.v1(exchange, &bearer, &json!({"grant_type": "refresh_token"})).await.is(200, 20036);
    world.v1(refresh, &bearer, &json!({"grant_type": "refresh_token"})).await.is(200, 20001);
    let form = [("grant_type", "refresh_token"), ("refresh_token", "ur-x")];
    send(world.http.post(world.url(refresh)).bearer_auth(&bearer).form(&form)).await.is(200, 20001);
    world.v1_refresh(refresh, &bearer, "ur-made-up").await.is(200, 20038);
    world.v1_refresh(refresh, &bearer, "made-up").await.is(200, 20026);
    let newer = world.seed_refresh();
    world.v1_refresh(refresh, &bearer, &newer).await.is(200, 20026);
    world.v1(exchange, &bearer, &code_body("made-up")).await.is(200, 20003);
    let late = world.authorization_code(&[]).await;
    world.sandbox.advance(std::time::Duration::from_secs(301));
    world.v1(exchange, &bearer, &code_body(&late)).await.is(200, 20004);
}

#[tokio::test]
async fn the_bearer_must_be_an_app_token() {
    let world = World::new().await;
    let token = world.seed(TokenApi::OidcV1).refresh_token.expect("refreshable");
    let no_bearer = world.json(&world.url(Endpoint::OidcRefresh), &json!({})).await;
    no_bearer.is(200, 20014);
    world.json(&world.url(Endpoint::LegacyRefresh), &json!({})).await.is(200, 20025);
    world.v1_refresh(Endpoint::OidcRefresh, "a-made-up", &token).await.is(200, 20014);
    world.v1_refresh(Endpoint::OidcRefresh, "t-made-up", &token).await.is(200, 20013);
    world.v1_refresh(Endpoint::LegacyRefresh, "a-made-up", &token).await.is(400, 99_991_664);
    let user_token = world.seed(TokenApi::V3).access_token;
    world.v1_refresh(Endpoint::OidcRefresh, &user_token, &token).await.is(200, 20014);
    let bearer = world.app_token().await;
    world.sandbox.advance(std::time::Duration::from_secs(7200));
    world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, 20014);
}

#[tokio::test]
async fn a_tenant_token_may_be_taken_or_not() {
    let world = World::new().await;
    let store = world.sandbox.app(AppSpec::new(Brand::Feishu).store());
    let ticket = world.sandbox.ticket(&store.id).expect("store app");
    let body = json!({"app_id": store.id, "app_secret": store.secret, "app_ticket": ticket});
    let app_token = world.json(&world.url(Endpoint::AppTokenStore), &body).await.field("app_access_token");
    let body = json!({"app_access_token": app_token, "tenant_key": world.user.tenant_key});
    let tenant = world.json(&world.url(Endpoint::TenantTokenStore), &body).await.field("tenant_access_token");
    let seed = || {
        let seeded = world.sandbox.seed_grant_by(TokenApi::OidcV1, &store.id, &world.user.id, &[]).expect("known");
        seeded.refresh_token.expect("v1 always refreshes")
    };
    world.v1_refresh(Endpoint::OidcRefresh, &tenant, &seed()).await.is(200, 0);
    world.sandbox.rules(|rules| rules.v1_accepts_tenant_token = false);
    world.v1_refresh(Endpoint::OidcRefresh, &tenant, &seed()).await.is(200, 20013);
    world.v1_refresh(Endpoint::OidcRefresh, &app_token, &seed()).await.is(200, 0);
}

#[tokio::test]
async fn tokens_of_two_apps_are_not_mixed() {
    let world = World::new().await;
    let other = world.sandbox.app(AppSpec::new(Brand::Feishu));
    let body = json!({"app_id": other.id, "app_secret": other.secret});
    let bearer = world.json(&world.url(Endpoint::AppTokenInternal), &body).await.field("app_access_token");
    let code = world.authorization_code(&[]).await;
    world.v1(Endpoint::OidcExchange, &bearer, &code_body(&code)).await.is(200, 20029);
    world.sandbox.rules(|rules| rules.oidc_foreign_app_code = 20024);
    world.v1(Endpoint::OidcExchange, &bearer, &code_body(&code)).await.is(200, 20024);
    world.v1(Endpoint::LegacyExchange, &bearer, &code_body(&code)).await.is(200, 20024);
    let token = world.seed(TokenApi::OidcV1).refresh_token.expect("refreshable");
    world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, 20024);
}

#[tokio::test]
async fn states_of_users_and_apps() {
    let world = World::new().await;
    let bearer = world.app_token().await;
    let token = world.seed(TokenApi::OidcV1).refresh_token.expect("refreshable");
    for (status, code) in [
        (UserStatus::Absent, 20008),
        (UserStatus::Resigned, 20021),
        (UserStatus::Frozen, 20022),
        (UserStatus::Unregistered, 20023),
    ] {
        world.sandbox.change_user(&world.user.id, |user| user.status = status).expect("user");
        world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, code);
        world.v1_refresh(Endpoint::LegacyRefresh, &bearer, &token).await.is(200, code);
    }
    world.sandbox.change_user(&world.user.id, |user| user.status = UserStatus::Active).expect("user");
    let app = |change: fn(&mut tokenward_emulator::App)| world.sandbox.change_app("cli_main", change).expect("app");
    app(|app| app.installed = false);
    world.v1_refresh(Endpoint::LegacyRefresh, &bearer, &token).await.is(200, 20009);
    app(|app| (app.installed, app.enabled) = (true, false));
    world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, 20042);
    app(|app| app.enabled = true);
    world.sandbox.advance(std::time::Duration::from_secs(30 * 86_400));
    let bearer = world.app_token().await;
    world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, 20037);
    world.sandbox.remove_app("cli_main").expect("app");
    world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.is(200, 20028);
}

#[tokio::test]
async fn the_other_brand_is_refused() {
    let world = World::new().await;
    let bearer = world.app_token().await;
    let url = world.sandbox.open_url(Brand::Lark) + "/open-apis/authen/v1/oidc/refresh_access_token";
    let request = world.http.post(url).bearer_auth(bearer).header("content-type", "application/json").body("{}");
    send(request).await.is(200, 20046);
}

#[tokio::test]
async fn challenged_codes_may_be_refused() {
    let world = World::new().await;
    let bearer = world.app_token().await;
    let challenge =
        [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
    let code = world.authorization_code(&challenge).await;
    world.sandbox.rules(|rules| rules.v1_refuses_challenged_codes = true);
    world.v1(Endpoint::OidcExchange, &bearer, &code_body(&code)).await.is(200, 20003);
    world.sandbox.rules(|rules| rules.v1_refuses_challenged_codes = false);
    world.v1(Endpoint::OidcExchange, &bearer, &code_body(&code)).await.is(200, 0);
}
