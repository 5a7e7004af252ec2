//! v2 and v3 token endpoints (reference/feishu.md §4, §8.1).

use serde_json::json;
use tokenward_emulator::{AppSpec, Brand, Endpoint, Policy, TokenApi, UserStatus};

use crate::world::{CALLBACK, World, send};

const BOTH: [Endpoint; 2] = [Endpoint::V2Token, Endpoint::V3Token];
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

#[tokio::test]
async fn exchange_and_refresh_in_both_encodings() {
    let world = World::new().await;
    for endpoint in BOTH {
        let code = world.authorization_code(&[]).await;
        let answer = world.exchange(endpoint, &code, &[("redirect_uri", CALLBACK)]).await;
        answer.is(200, 0);
        let body = answer.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 7200);
        assert_eq!(body["refresh_token_expires_in"], 604_800);
        assert_eq!(body["scope"], "auth:user.id:read offline_access wiki:wiki");
        for name in ["access_token", "refresh_token"] {
            let token = answer.field(name);
            assert!(token.starts_with("eyJ") && (1000..=2048).contains(&token.len()), "{} bytes", token.len());
        }
        let refreshed = world
            .form(
                &world.url(endpoint),
                &[
                    ("grant_type", "refresh_token"),
                    ("client_id", "cli_main"),
                    ("client_secret", "main-secret"),
                    ("refresh_token", &answer.field("refresh_token")),
                ],
            )
            .await;
        refreshed.is(200, 0);
        assert_ne!(refreshed.field("refresh_token"), answer.field("refresh_token"));
        assert_ne!(refreshed.field("access_token"), answer.field("access_token"));
    }
}

#[tokio::test]
async fn every_answer_has_a_log_id_and_a_date() {
    let world = World::new().await;
    world.sandbox.set_clock(tokenward_emulator::Moment::from_milliseconds(1_900_000_000_000));
    for url in [world.url(Endpoint::V3Token), world.open("/nowhere")] {
        let answer = world.json(&url, &json!({})).await;
        assert!(answer.headers["x-tt-logid"].len() > 20);
        assert!(answer.headers["date"].to_str().expect("ASCII").starts_with("Sun, 17 Mar 2030 17:46:"));
    }
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_plain_text_404() {
    let world = World::new().await;
    let attempts = [
        world.http.get(world.url(Endpoint::V3Token)),
        world.http.put(world.url(Endpoint::V2Token)),
        world.http.post(world.url(Endpoint::UserInfo)),
        world.http.post(world.open("/oauth/v3/token")),
        world.http.post(world.accounts("/open-apis/authen/v2/oauth/token")),
        world.http.get(world.open("/open-apis/authen/v1/user_info/")),
    ];
    for attempt in attempts {
        let answer = send(attempt).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.headers["content-type"], "text/plain");
    }
}

#[tokio::test]
async fn malformed_bodies_and_missing_fields() {
    let world = World::new().await;
    for endpoint in BOTH {
        let url = world.url(endpoint);
        for body in ["", "{", "[]", r#"{"grant_type":1}"#, "null"] {
            let request = world.http.post(&url).header("content-type", "application/json").body(body);
            send(request).await.is(400, 20063);
        }
        send(world.http.post(&url).body("grant_type=refresh_token")).await.is(400, 20063);
        let twice = "grant_type=refresh_token&grant_type=refresh_token";
        let request = world.http.post(&url).header("content-type", "application/x-www-form-urlencoded").body(twice);
        send(request).await.is(400, 20063);
        world.json(&url, &json!({})).await.is(400, 20001);
        world.json(&url, &json!({"grant_type": "password"})).await.is(400, 20036);
        world.json(&url, &json!({"grant_type": "refresh_token"})).await.is(400, 20001);
        world.exchange(endpoint, "", &[]).await.is(400, 20001);
        let nobody = json!({"grant_type": "authorization_code", "code": "c"});
        world.json(&url, &nobody).await.is(400, 20001);
    }
    let assertion = world.body("urn:ietf:params:oauth:grant-type:jwt-bearer", &[]);
    world.json(&world.url(Endpoint::V3Token), &assertion).await.is(400, 20036);
    world.json(&world.url(Endpoint::V2Token), &world.body("client_credentials", &[])).await.is(400, 20036);
}

#[tokio::test]
async fn failures_have_the_documented_shape() {
    let world = World::new().await;
    let body = world.refresh(Endpoint::V2Token, "eyJ.unknown").await.json();
    assert_eq!((&body["code"], &body["error"]), (&json!(20026), &json!("invalid_grant")));
    assert!(body["error_description"].is_string());
}

#[tokio::test]
async fn codes_work_once_and_for_five_minutes() {
    let world = World::new().await;
    for endpoint in BOTH {
        world.exchange(endpoint, "made-up", &[]).await.is(400, 20003);
        let code = world.authorization_code(&[]).await;
        assert!(code.len() >= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        world.exchange(endpoint, &code, &[]).await.is(200, 0);
        world.exchange(endpoint, &code, &[]).await.is(400, 20065);
        world.sandbox.rules(|rules| rules.used_authorization_code = 20003);
        world.exchange(endpoint, &code, &[]).await.is(400, 20003);
        world.sandbox.rules(|rules| rules.used_authorization_code = 20065);
        let late = world.authorization_code(&[]).await;
        world.sandbox.advance(std::time::Duration::from_secs(300));
        world.exchange(endpoint, &late, &[]).await.is(400, 20004);
    }
}

#[tokio::test]
async fn the_client_is_checked_after_the_code() {
    let world = World::new().await;
    for endpoint in BOTH {
        let url = world.url(endpoint);
        let code = world.authorization_code(&[]).await;
        let ask = |id: &str, secret: &str, code: &str| json!({"grant_type": "authorization_code", "client_id": id, "client_secret": secret, "code": code});
        world.json(&url, &ask("cli_nobody", "x", "made-up")).await.is(400, 20003);
        world.json(&url, &ask("cli_nobody", "x", &code)).await.is(400, 20048);
        world.json(&url, &ask("cli_main", "wrong", &code)).await.is(400, 20002);
        world.json(&url, &ask("cli_main", "main-secret", &code)).await.is(200, 0);
    }
}

#[tokio::test]
async fn codes_and_refresh_tokens_belong_to_their_app() {
    let world = World::new().await;
    let other = world.sandbox.app(AppSpec::new(Brand::Feishu));
    let code = world.authorization_code(&[]).await;
    let token = world.seed_refresh();
    let url = world.url(Endpoint::V3Token);
    let who = |grant_type: &str, name: &str, value: &str| json!({"grant_type": grant_type, "client_id": other.id, "client_secret": other.secret, name: value});
    world.json(&url, &who("authorization_code", "code", &code)).await.is(400, 20024);
    world.json(&url, &who("refresh_token", "refresh_token", &token)).await.is(400, 20024);
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
}

#[tokio::test]
async fn basic_authentication_alone_or_the_body_but_not_both() {
    let world = World::new().await;
    for endpoint in BOTH {
        let url = world.url(endpoint);
        let code = world.authorization_code(&[]).await;
        let both = world.body("authorization_code", &[("code", &code)]);
        let request = world.http.post(&url).basic_auth("cli_main", Some("main-secret"));
        let request = request.header("content-type", "application/json").body(both.to_string());
        send(request).await.is(400, 20070);
        let form = [("grant_type", "authorization_code"), ("code", code.as_str())];
        send(world.http.post(&url).basic_auth("cli_main", Some("wrong")).form(&form)).await.is(400, 20002);
        send(world.http.post(&url).basic_auth("cli_main", Some("main-secret")).form(&form)).await.is(200, 0);
    }
}

#[tokio::test]
async fn redirect_uri_must_be_the_same_when_sent() {
    let world = World::new().await;
    let code = world.authorization_code(&[]).await;
    world
        .exchange(Endpoint::V3Token, &code, &[("redirect_uri", "http://127.0.0.1:9001/callback")])
        .await
        .is(400, 20071);
    world.exchange(Endpoint::V3Token, &code, &[]).await.is(200, 0);
}

#[tokio::test]
async fn pkce() {
    let world = World::new().await;
    for endpoint in BOTH {
        let hashed = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
        let code = world.authorization_code(&hashed).await;
        world.exchange(endpoint, &code, &[]).await.is(400, 20049);
        world.exchange(endpoint, &code, &[("code_verifier", CHALLENGE)]).await.is(400, 20049);
        world.exchange(endpoint, &code, &[("code_verifier", "short")]).await.is(400, 20049);
        world.exchange(endpoint, &code, &[("code_verifier", VERIFIER)]).await.is(200, 0);
        for method in ["plain", ""] {
            let code =
                world.authorization_code(&[("code_challenge", VERIFIER), ("code_challenge_method", method)]).await;
            world.exchange(endpoint, &code, &[("code_verifier", CHALLENGE)]).await.is(400, 20049);
            world.exchange(endpoint, &code, &[("code_verifier", VERIFIER)]).await.is(200, 0);
        }
    }
    let bare = world.authorization_code(&[]).await;
    world.exchange(Endpoint::V3Token, &bare, &[("code_verifier", VERIFIER)]).await.is(400, 20049);
    world.exchange(Endpoint::V2Token, &bare, &[("code_verifier", VERIFIER)]).await.is(200, 0);
}

#[tokio::test]
async fn scope_narrows_per_call() {
    let world = World::new().await;
    for endpoint in BOTH {
        let code = world.authorization_code(&[]).await;
        world.exchange(endpoint, &code, &[("scope", "wiki:wiki wiki:wiki")]).await.is(400, 20067);
        world.exchange(endpoint, &code, &[("scope", "wiki:wiki drive:drive")]).await.is(400, 20068);
        let narrow = world.exchange(endpoint, &code, &[("scope", "wiki:wiki")]).await;
        assert_eq!(narrow.field("scope"), "wiki:wiki");
        let wide = world.refresh(endpoint, &narrow.field("refresh_token")).await;
        assert_eq!(wide.field("scope"), "auth:user.id:read offline_access wiki:wiki");
        let body = world.body("refresh_token", &[("refresh_token", &wide.field("refresh_token")), ("scope", "nope")]);
        world.json(&world.url(endpoint), &body).await.is(400, 20068);
        world.refresh(endpoint, &wide.field("refresh_token")).await.is(200, 0);
    }
    world.sandbox.rules(|rules| rules.narrowing_drops_refresh = true);
    let code = world.authorization_code(&[]).await;
    let narrow = world.exchange(Endpoint::V3Token, &code, &[("scope", "wiki:wiki")]).await;
    assert!(narrow.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn grants_accumulate_but_offline_access_is_asked_each_time() {
    let world = World::new().await;
    world.authorization_code(&[("scope", "offline_access drive:drive")]).await;
    let code = world.authorization_code(&[("scope", "wiki:wiki")]).await;
    let answer = world.exchange(Endpoint::V3Token, &code, &[]).await;
    assert_eq!(answer.field("scope"), "drive:drive wiki:wiki");
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn each_generation_takes_its_own_refresh_tokens() {
    let world = World::new().await;
    let token = |api| world.seed(api).refresh_token.expect("refreshable");
    world.refresh(Endpoint::V2Token, &token(TokenApi::OidcV1)).await.is(400, 20026);
    world.refresh(Endpoint::V3Token, &token(TokenApi::LegacyV1)).await.is(400, 20026);
    world.refresh(Endpoint::V2Token, &token(TokenApi::V3)).await.is(400, 20026);
    world.refresh(Endpoint::V3Token, &token(TokenApi::V2)).await.is(200, 0);
    world.refresh(Endpoint::V2Token, &token(TokenApi::V2)).await.is(200, 0);
}

#[tokio::test]
async fn the_other_brand_is_refused() {
    let world = World::new().await;
    let code = world.authorization_code(&[]).await;
    let url = world.sandbox.accounts_url(Brand::Lark) + "/oauth/v3/token";
    world.json(&url, &world.body("authorization_code", &[("code", &code)])).await.is(400, 20046);
}

#[tokio::test]
async fn switches_of_app_and_user() {
    let world = World::new().await;
    let token = world.seed_refresh();
    let refused = async |code: u64| {
        world.refresh(Endpoint::V3Token, &token).await.is(400, code);
        let fresh = world.authorization_code(&[]).await;
        if code != 20074 {
            world.exchange(Endpoint::V2Token, &fresh, &[]).await.is(400, code);
        }
    };
    let app = |change: fn(&mut tokenward_emulator::App)| world.sandbox.change_app("cli_main", change).expect("app");
    let user = |change: fn(&mut tokenward_emulator::User)| {
        world.sandbox.change_user(&world.user.id, change).expect("user");
    };
    app(|app| app.installed = false);
    refused(20009).await;
    app(|app| (app.installed, app.available) = (true, false));
    refused(20010).await;
    app(|app| (app.available, app.refresh_switch) = (true, false));
    refused(20074).await;
    app(|app| (app.refresh_switch, app.published) = (true, false));
    refused(20074).await;
    app(|app| app.published = true);
    for (status, code) in [
        (UserStatus::Absent, 20008),
        (UserStatus::Frozen, 20066),
        (UserStatus::Resigned, 20066),
        (UserStatus::Unregistered, 20066),
    ] {
        world.sandbox.change_user(&world.user.id, |user| user.status = status).expect("user");
        refused(code).await;
    }
    user(|user| (user.status, user.policy) = (UserStatus::Active, Policy::Challenge));
    refused(21000).await;
    assert!(world.refresh(Endpoint::V3Token, &token).await.json()["challenge_url"].is_string());
    user(|user| user.policy = Policy::Deny);
    refused(21001).await;
    user(|user| user.policy = Policy::Allow);
    app(|app| app.enabled = false);
    world.refresh(Endpoint::V3Token, &token).await.is(400, 20069);
    app(|app| app.enabled = true);
    // Nothing of all this has spent the token.
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
}

#[tokio::test]
async fn no_refresh_token_without_scope_or_switch() {
    let world = World::new().await;
    let code = world.authorization_code(&[("scope", "wiki:wiki")]).await;
    assert!(world.exchange(Endpoint::V3Token, &code, &[]).await.json().get("refresh_token").is_none());
    world.sandbox.change_app("cli_main", |app| app.refresh_switch = false).expect("app");
    let code = world.authorization_code(&[]).await;
    assert!(world.exchange(Endpoint::V3Token, &code, &[]).await.json().get("refresh_token_expires_in").is_none());
}

#[tokio::test]
async fn client_credentials_answer_a_tenant_token() {
    let world = World::new().await;
    let answer = world.json(&world.url(Endpoint::V3Token), &world.body("client_credentials", &[])).await;
    answer.is(200, 0);
    assert!(answer.field("access_token").starts_with("t-"));
    assert!(answer.json().get("refresh_token").is_none());
}
