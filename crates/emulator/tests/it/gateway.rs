//! The gateway (reference/blueking.md §4) and ESB's older issuer (reference/blueking.md §3.2).

use std::time::Duration;

use serde_json::{Value, json};
use tokenward_emulator::{AppSpec, Brand, Door, Endpoint, Fault, Operation};

use crate::bk::Bk;
use crate::world::{Answer, send};

fn is(answer: &Answer, status: u16, code: u64) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.text);
}

#[tokio::test]
async fn a_token_of_any_dialect_says_who_calls() {
    let bk = Bk::new().await;
    let ssm = bk.ssm_user("bk-token-alice").await.field("access_token");
    let auth_api = bk.auth_api_user(&[]).await.field("access_token");
    let bkauth = bk.sandbox.seed_login(Door::Bkauth, "blueking", "demo-app", Some("alice"), &[]).expect("all exist");
    for token in [ssm, auth_api, bkauth.access_token] {
        let answer = bk.gateway_by_token(&token).await;
        is(&answer, 200, 0);
        let data = answer.json()["data"].clone();
        assert_eq!(data["app"], json!({"app_code": "demo-app", "verified": true}));
        assert_eq!(data["user"], json!({"username": "alice", "verified": true}));
        assert_eq!(
            (&data["method"], &data["path"], &data["by"]),
            (&json!("GET"), &json!("/api/demo/prod/users/"), &json!("access_token"))
        );
        assert_eq!(data["access_token"]["current"], true);
        assert!(!answer.text.contains(&token), "no secret in the echo");
    }
    assert_eq!(bk.counters(Door::Gateway).calls, 3);
}

#[tokio::test]
async fn cookies_and_apps_are_proven_too() {
    let bk = Bk::new().await;
    let app = json!({"bk_app_code": "demo-app", "bk_app_secret": "demo-secret"});
    let with = |more: Value| {
        let mut header = app.clone();
        header.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        header
    };
    let answer = bk.gateway("/x", &with(json!({"bk_token": "bk-token-alice"}))).await;
    is(&answer, 200, 0);
    assert_eq!(answer.json()["data"]["user"], json!({"username": "alice", "verified": true}));
    is(&bk.gateway("/x", &with(json!({"bk_ticket": "ticket-bob"}))).await, 200, 0);
    is(&bk.gateway("/x", &with(json!({"bk_token": "nobody's"}))).await, 401, 1_640_102);
    is(&bk.gateway("/x", &app).await, 401, 1_640_102);
    is(&bk.gateway("/app/x", &app).await, 200, 0);
    is(&bk.gateway("/x", &with(json!({"bk_username": "alice"}))).await, 401, 1_640_102);
    bk.sandbox.rules(|rules| rules.blueking.gateway.exempted_apps = ["demo-app".to_owned()].into());
    let named = bk.gateway("/x", &with(json!({"bk_username": "alice"}))).await;
    assert_eq!(named.json()["data"]["user"], json!({"username": "alice", "verified": false}));
    for bad in [
        json!({}),
        json!({"bk_app_code": "demo-app"}),
        json!({"bk_app_code": "demo-app", "bk_app_secret": "no"}),
        json!({"bk_app_code": "who", "bk_app_secret": "no"}),
    ] {
        is(&bk.gateway("/x", &bad).await, 401, 1_640_101);
    }
    bk.sandbox.rules(|rules| rules.blueking.gateway.needs_user = false);
    is(&bk.gateway("/x", &app).await, 200, 0);
    assert_eq!(send(bk.http.get(bk.sandbox.door_url(Door::Gateway) + "/x")).await.code(), 1_640_101);
}

#[tokio::test]
async fn a_bad_token_is_400_and_beats_what_stands_beside_it() {
    let bk = Bk::new().await;
    let token = bk.ssm_user("bk-token-alice").await.field("access_token");
    let beside = json!({
        "access_token": "never-issued", "bk_app_code": "demo-app", "bk_app_secret": "demo-secret",
        "bk_token": "bk-token-alice",
    });
    let refused = bk.gateway("/x", &beside).await;
    is(&refused, 400, 1_640_001);
    assert_eq!((&refused.json()["code_name"], &refused.json()["result"]), (&json!("INVALID_ARGS"), &json!(false)));
    // Only for the app, and only where no user is needed.
    let answer = bk.gateway("/app/x", &beside).await;
    assert_eq!(
        (&answer.json()["data"]["by"], &answer.json()["data"]["user"]["username"]),
        (&json!("app"), &Value::Null)
    );
    is(&bk.gateway("/app/x", &json!({"access_token": "never-issued"})).await, 400, 1_640_001);
    let own = bk.ssm_app().await.field("access_token");
    is(&bk.gateway_by_token(&own).await, 400, 1_640_001);
    is(&bk.gateway("/app/x", &json!({"access_token": own})).await, 200, 0);
    is(&bk.gateway("/x", &json!({"jwt": "a.b.c", "access_token": token})).await, 400, 1_640_001);
    let url = bk.sandbox.door_url(Door::Gateway) + "/x";
    is(&send(bk.http.get(&url).header("x-bkapi-authorization", "{")).await, 400, 1_640_001);
    bk.sandbox.advance(Duration::from_secs(43_200));
    is(&bk.gateway_by_token(&token).await, 400, 1_640_001);
}

#[tokio::test]
async fn an_app_without_permission_is_403() {
    let bk = Bk::new().await;
    let token = bk.ssm_user("bk-token-alice").await.field("access_token");
    bk.sandbox.change_app("demo-app", |app| app.available = false).expect("the app exists");
    is(&bk.gateway_by_token(&token).await, 403, 1_640_301);
    for (code, status) in [(1_640_001, 400), (1_640_101, 401), (1_640_102, 401), (1_640_301, 403), (1_649_999, 500)] {
        bk.sandbox.inject(Fault::code(code));
        is(&bk.gateway_by_token(&token).await, status, u64::from(code));
    }
}

#[tokio::test]
async fn a_plain_token_is_nothing_here() {
    let bk = Bk::new().await;
    bk.sandbox.app(AppSpec::new(Brand::OAuth2).credentials("web", "s"));
    let plain = bk.sandbox.seed_login(Door::Plain, "", "web", Some("alice"), &[]).expect("all exist");
    is(&bk.gateway_by_token(&plain.access_token).await, 400, 1_640_001);
}

#[tokio::test]
async fn parameters_and_bearers_only_where_the_rules_take_them() {
    let bk = Bk::new().await;
    let token = bk.ssm_user("bk-token-alice").await.field("access_token");
    let url = bk.sandbox.door_url(Door::Gateway) + "/x";
    let by_query = || bk.http.get(format!("{url}?access_token={token}"));
    let by_form = || bk.http.post(&url).form(&[("access_token", &token)]);
    let by_json = || bk.http.post(&url).body(json!({"access_token": token}).to_string());
    for request in [by_query(), by_form(), by_json(), bk.http.get(&url).bearer_auth(&token)] {
        is(&send(request).await, 401, 1_640_101);
    }
    bk.sandbox.rules(|rules| rules.blueking.gateway.takes_parameters = true);
    for request in [by_query(), by_form(), by_json()] {
        let answer = send(request).await;
        is(&answer, 200, 0);
        assert!(!answer.text.contains(&token), "no secret in the echo");
    }
    // The header shuts parameters out.
    is(&send(by_query().header("x-bkapi-authorization", "{}")).await, 401, 1_640_101);
    bk.sandbox.rules(|rules| rules.blueking.gateway.takes_bearer = true);
    is(&send(bk.http.get(&url).bearer_auth(&token)).await, 200, 0);
    is(&send(bk.http.get(&url).header("x-api-key", &token)).await, 200, 0);
}

#[tokio::test]
async fn workers_remember_a_dead_token_for_a_while() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| {
        rules.blueking.gateway.cache_seconds = 600;
        rules.blueking.gateway.workers = 2;
    });
    let first = bk.ssm_user("bk-token-alice").await;
    let old = first.field("access_token");
    // One worker has seen it, the other has not: it flaps.
    is(&bk.gateway_by_token(&old).await, 200, 0);
    bk.ssm_refresh(&first.field("refresh_token")).await.is(200, 0);
    is(&bk.gateway_by_token(&old).await, 400, 1_640_001);
    let answer = bk.gateway_by_token(&old).await;
    is(&answer, 200, 0);
    assert_eq!(answer.json()["data"]["access_token"]["current"], false);
    bk.sandbox.advance(Duration::from_secs(600));
    for _ in 0..2 {
        is(&bk.gateway_by_token(&old).await, 400, 1_640_001);
    }
}

#[tokio::test]
async fn a_remembered_token_outlives_its_end_except_bkauths() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| {
        rules.blueking.gateway.cache_seconds = 600;
        rules.blueking.gateway.bkauth_cache_seconds = 300;
        rules.blueking.ssm.tokens.access_seconds = 100;
        rules.blueking.bkauth.access_seconds = 100;
    });
    let ssm = bk.ssm_user("bk-token-alice").await.field("access_token");
    let bkauth = bk.sandbox.seed_login(Door::Bkauth, "bkci", "demo-app", Some("alice"), &[]).expect("all exist");
    for token in [&ssm, &bkauth.access_token] {
        is(&bk.gateway_by_token(token).await, 200, 0);
    }
    bk.sandbox.advance(Duration::from_secs(101));
    is(&bk.gateway_by_token(&ssm).await, 200, 0);
    is(&bk.gateway_by_token(&bkauth.access_token).await, 400, 1_640_001);
}

#[tokio::test]
async fn esb_hands_out_one_token_until_it_has_expired() {
    let bk = Bk::new().await;
    let path = "/api/c/compapi/auth/get_auth_token/";
    let header = json!({"bk_app_code": "demo-app", "bk_app_secret": "demo-secret", "bk_token": "bk-token-alice"});
    let first = bk.gateway(path, &header).await;
    is(&first, 200, 0);
    assert_eq!(
        (&first.json()["data"]["username"], &first.json()["data"]["expires_in"]),
        (&json!("alice"), &json!(15_552_000))
    );
    bk.sandbox.advance(Duration::from_secs(100));
    let again = bk.gateway(path, &header).await;
    assert_eq!(again.field("auth_token"), first.field("auth_token"));
    assert_eq!(again.json()["data"]["expires_in"], 15_551_900);
    bk.sandbox.advance(Duration::from_secs(15_551_900));
    assert_ne!(bk.gateway(path, &header).await.field("auth_token"), first.field("auth_token"));
    let query = "?bk_app_code=demo-app&bk_app_secret=demo-secret&bk_token=bk-token-bob";
    let url = bk.sandbox.door_url(Door::Gateway) + path + query;
    assert_eq!(send(bk.http.get(url)).await.field("username"), "bob");
    is(&bk.gateway(path, &json!({"bk_app_code": "demo-app", "bk_app_secret": "no"})).await, 200, 1_640_101);
    is(&bk.gateway(path, &json!({"bk_app_code": "demo-app", "bk_app_secret": "demo-secret"})).await, 200, 1_640_102);
}

#[tokio::test]
async fn every_published_code_can_be_produced() {
    let bk = Bk::new().await;
    let entries = tokenward_emulator::catalogue_blueking();
    for entry in &entries {
        bk.sandbox.inject(Fault::code(entry.code).on(entry.endpoint).when(entry.operation));
        let answer = match (entry.endpoint, entry.operation) {
            (Endpoint::SsmToken, Operation::CookieGrant) => bk.ssm_user("bk-token-alice").await,
            (Endpoint::SsmToken, _) => bk.ssm_app().await,
            (Endpoint::SsmRefresh, _) => bk.ssm_refresh("x").await,
            (Endpoint::AuthApiToken, _) => bk.auth_api_user(&[]).await,
            _ => bk.gateway_by_token("x").await,
        };
        is(&answer, entry.status, u64::from(entry.code));
        assert!(bk.sandbox.faults().is_empty(), "used up");
    }
    assert_eq!(entries.len(), 15);
}
