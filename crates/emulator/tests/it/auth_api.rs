//! `auth_api` (reference/blueking.md §2.2): grants, refresh, check, and each of its knobs.

use std::time::Duration;

use serde_json::{Value, json};
use tokenward_emulator::{CodeForm, Door, Fault, FaultKind, Identity, OddAnswer, RefreshFate};

use crate::bk::{Bk, proven};
use crate::world::{Answer, send};

fn code(answer: &Answer) -> u64 {
    let body = answer.json();
    assert_eq!((answer.status, &body["result"], &body["data"]), (200, &json!(false), &Value::Null), "{body}");
    body["code"].as_u64().expect("failures are numbers")
}

fn good(answer: &Answer) {
    let body = answer.json();
    assert_eq!((answer.status, &body["result"], &body["code"]), (200, &json!(true), &json!("0")), "{body}");
}

#[tokio::test]
async fn a_user_is_whose_the_ticket_is() {
    let bk = Bk::new().await;
    let answer = bk.auth_api_user(&[]).await;
    good(&answer);
    let data = answer.json()["data"].clone();
    assert_eq!(
        (&data["user_id"], &data["expires_in"], &data["scope"]),
        (&json!("alice"), &json!(15_552_000), &json!(""))
    );
    let checked = bk.auth_api("check_token", &[("access_token", &answer.field("access_token"))]).await;
    good(&checked);
    assert_eq!(checked.json()["data"]["id_providers"]["rtx"]["username"], "alice");
    // A user without a registered name is called by the id.
    good(&bk.auth_api_user(&[("bk_ticket", "ticket-bob"), ("rtx", "bob")]).await);
    good(&bk.auth_api_user(&[("bk_ticket", "ticket-bob"), ("rtx", "")]).await);
    for bad in [
        [("bk_ticket", "ticket-mallory"), ("rtx", "123")],
        [("bk_ticket", "ticket-alice"), ("rtx", "bob")],
        [("bk_ticket", ""), ("rtx", "123")],
        [("bk_ticket", "ticket-alice"), ("bk_token", "bk-token-bob")],
    ] {
        assert_eq!(code(&bk.auth_api_user(&bad).await), 1_308_406, "{bad:?}");
    }
    assert_eq!(bk.counters(Door::AuthApi).cookie_grants, 7);
}

#[tokio::test]
async fn other_cookies_name_a_user_too() {
    let bk = Bk::new().await;
    for (name, value) in [("uin", "123456"), ("skey", "skey-bob"), ("openid", "oid"), ("openkey", "okey-bob")] {
        bk.sandbox.cookie("bob", name, value).expect("bob exists");
    }
    for fields in [[("uin", "123456"), ("skey", "skey-bob")], [("openid", "oid"), ("openkey", "okey-bob")]] {
        let mut fields = fields.to_vec();
        fields.extend([("grant_type", "authorization_code")]);
        assert_eq!(bk.auth_api("token", &fields).await.field("user_id"), "bob");
    }
    let fields = [("grant_type", "authorization_code"), ("uin", "999999"), ("skey", "skey-bob")];
    assert_eq!(code(&bk.auth_api("token", &fields).await), 1_308_406);
}

#[tokio::test]
async fn posted_json_with_headers_does_the_same() {
    let bk = Bk::new().await;
    let url = format!("{}/auth_api/token/", bk.sandbox.door_url(Door::AuthApi));
    let user =
        json!({"grant_type": "authorization_code", "bk_ticket": "ticket-alice", "rtx": "123", "need_new_token": 0});
    let first = send(proven(bk.http.post(&url), "demo-secret").body(user.to_string())).await;
    good(&first);
    let again = send(proven(bk.http.post(&url), "demo-secret").body(user.to_string())).await;
    assert_eq!(first.field("access_token"), again.field("access_token"));
    assert_eq!(code(&send(proven(bk.http.post(&url), "wrong").body(user.to_string())).await), 1_308_401);
    assert_eq!(code(&send(proven(bk.http.post(&url), "demo-secret").body("{")).await), 1_308_400);
    // A refresh by POST with a query, as the PaaS does it.
    let token = first.field("refresh_token");
    let query = [("app_code", "demo-app"), ("refresh_token", token.as_str()), ("grant_type", "refresh_token")];
    let url = format!("{}/auth_api/refresh_token/", bk.sandbox.door_url(Door::AuthApi));
    good(&send(bk.http.post(reqwest::Url::parse_with_params(&url, query).expect("a URL"))).await);
}

#[tokio::test]
async fn need_new_token_mints_or_repeats() {
    let bk = Bk::new().await;
    let grant = async |wish: &str| bk.auth_api_user(&[("need_new_token", wish)]).await.field("access_token");
    let first = grant("").await;
    for mints in ["1", "True", "true", ""] {
        let before = grant("0").await;
        assert_ne!(grant(mints).await, before, "{mints}");
        assert!(!bk.sandbox.is_good(&before), "the earlier one ends at once");
    }
    let present = grant("0").await;
    assert_ne!(present, first);
    assert_eq!(grant("False").await, present);
    assert_eq!(code(&bk.auth_api_user(&[("need_new_token", "perhaps")]).await), 1_308_400);
    bk.sandbox.rules(|rules| rules.blueking.auth_api.true_text_mints = false);
    assert_eq!(grant("True").await, present);
    bk.sandbox.rules(|rules| rules.blueking.auth_api.obeys_need_new_token = false);
    assert_ne!(grant("0").await, present);
}

#[tokio::test]
async fn a_token_with_300_seconds_left_is_not_repeated() {
    let bk = Bk::new().await;
    let token = bk.auth_api_user(&[("need_new_token", "0")]).await.field("access_token");
    bk.sandbox.advance(Duration::from_secs(15_552_000 - 301));
    let again = bk.auth_api_user(&[("need_new_token", "0")]).await;
    assert_eq!((again.field("access_token"), &again.json()["data"]["expires_in"]), (token.clone(), &json!(301)));
    bk.sandbox.advance(Duration::from_secs(1));
    assert_ne!(bk.auth_api_user(&[("need_new_token", "0")]).await.field("access_token"), token);
    bk.sandbox.rules(|rules| rules.blueking.auth_api.reuse_seconds = 20_000_000);
    let newest = bk.auth_api_user(&[("need_new_token", "0")]).await.field("access_token");
    assert_ne!(bk.auth_api_user(&[("need_new_token", "0")]).await.field("access_token"), newest);
}

#[tokio::test]
async fn environments_are_parted_unless_a_rule_says_otherwise() {
    let bk = Bk::new().await;
    let app = async |environment: &str| {
        let fields = [("grant_type", "client_credentials"), ("env_name", environment)];
        let answer = bk.auth_api("token", &fields).await;
        assert_eq!((answer.field("user_id"), answer.field("user_type")), (String::new(), String::new()));
        answer.field("access_token")
    };
    let (prod, test) = (app("prod").await, app("test").await);
    assert!(bk.sandbox.is_good(&prod) && bk.sandbox.is_good(&test));
    bk.sandbox.rules(|rules| rules.blueking.auth_api.parted_by_environment = false);
    let prod = app("prod").await;
    app("test").await;
    assert!(!bk.sandbox.is_good(&prod));
    let checked = bk.auth_api("check_token", &[("access_token", &test)]).await;
    assert_eq!(checked.json()["data"]["id_providers"], json!({}));
}

#[tokio::test]
async fn a_refresh_rotates_and_asks_for_no_secret() {
    let bk = Bk::new().await;
    let first = bk.auth_api_user(&[]).await;
    let refresh = async |token: &str, secret: &str| {
        bk.auth_api(
            "refresh_token",
            &[("refresh_token", token), ("grant_type", "refresh_token"), ("app_secret", secret)],
        )
        .await
    };
    let second = refresh(&first.field("refresh_token"), "").await;
    good(&second);
    assert_ne!(second.field("refresh_token"), first.field("refresh_token"));
    assert!(!bk.sandbox.is_good(&first.field("access_token")));
    assert_eq!(second.field("user_id"), "alice");
    assert_eq!(code(&refresh(&first.field("refresh_token"), "").await), 1_308_403);
    assert_eq!(code(&refresh(&second.field("refresh_token"), "wrong").await), 1_308_401);
    assert_eq!(code(&refresh("", "").await), 1_308_400);
    assert_eq!(
        code(&bk.auth_api("refresh_token", &[("grant_type", "password"), ("refresh_token", "x")]).await),
        1_308_400
    );
    bk.sandbox.rules(|rules| rules.blueking.auth_api.refresh_needs_secret = true);
    assert_eq!(code(&refresh(&second.field("refresh_token"), "").await), 1_308_401);
    good(&refresh(&second.field("refresh_token"), "demo-secret").await);
    assert_eq!(bk.counters(Door::AuthApi).replays, 1);
    // The replay, and the token that nobody issued.
    assert_eq!(bk.sandbox.check().violations.len(), 2, "{:?}", bk.sandbox.check());
}

#[tokio::test]
async fn the_refresh_token_may_be_constant_and_its_end_fixed() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| {
        rules.blueking.auth_api.tokens.refresh = RefreshFate::Constant;
        rules.blueking.auth_api.tokens.refresh_seconds = 100;
    });
    let token = bk.auth_api_user(&[]).await.field("refresh_token");
    let fields = [("refresh_token", token.as_str())];
    bk.sandbox.advance(Duration::from_secs(60));
    assert_eq!(bk.auth_api("refresh_token", &fields).await.field("refresh_token"), token);
    bk.sandbox.advance(Duration::from_secs(60));
    assert_eq!(code(&bk.auth_api("refresh_token", &fields).await), 1_308_403);

    bk.sandbox.rules(|rules| {
        rules.blueking.auth_api.tokens.refresh = RefreshFate::Rotates;
        rules.blueking.auth_api.tokens.sliding = false;
    });
    let token = bk.auth_api_user(&[]).await.field("refresh_token");
    bk.sandbox.advance(Duration::from_secs(60));
    let token = bk.auth_api("refresh_token", &[("refresh_token", &token)]).await.field("refresh_token");
    bk.sandbox.advance(Duration::from_secs(60));
    assert_eq!(code(&bk.auth_api("refresh_token", &[("refresh_token", &token)]).await), 1_308_403);
}

#[tokio::test]
async fn refusals_are_http_200_unless_a_rule_says_otherwise() {
    let bk = Bk::new().await;
    let app = [("grant_type", "client_credentials")];
    assert_eq!(code(&bk.auth_api("token", &[("grant_type", "password")]).await), 1_308_400);
    assert_eq!(code(&bk.auth_api("token", &[app[0], ("app_code", "nobody")]).await), 1_308_401);
    assert_eq!(code(&bk.auth_api("token", &[app[0], ("app_secret", "")]).await), 1_308_401);
    assert_eq!(code(&bk.auth_api("token", &[app[0], ("app_code", "")]).await), 1_308_401);
    assert_eq!(code(&bk.auth_api("check_token", &[("access_token", "never-issued")]).await), 1_308_404);
    assert_eq!(code(&bk.auth_api("check_token", &[]).await), 1_308_400);
    bk.sandbox.inject(Fault::code(1_308_407));
    assert_eq!(code(&bk.auth_api("token", &app).await), 1_308_407);
    bk.sandbox.rules(|rules| rules.blueking.auth_api.tokens.error_status = 500);
    assert_eq!(bk.auth_api("token", &[("grant_type", "password")]).await.status, 500);
}

#[tokio::test]
async fn answers_may_be_odd() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| {
        rules.blueking.auth_api.tokens.success_code = CodeForm::Number;
        rules.blueking.auth_api.tokens.identity = Identity::Absent;
        rules.blueking.auth_api.tokens.set_cookie = true;
    });
    let answer = bk.auth_api_user(&[]).await;
    assert_eq!((&answer.json()["code"], &answer.json()["data"]["user_id"]), (&json!(0), &Value::Null));
    assert!(answer.headers.contains_key("set-cookie"));
    bk.sandbox.inject(Fault::new(FaultKind::Odd { answer: OddAnswer::NullData }));
    assert_eq!(bk.auth_api_user(&[]).await.json()["data"], Value::Null);
}
