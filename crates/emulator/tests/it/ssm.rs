//! SSM (reference/blueking.md §2.1): grants, refresh, verify, and each of its knobs.

use std::time::Duration;

use serde_json::{Value, json};
use tokenward_emulator::{
    CodeForm, Death, Door, Fault, FaultKind, Identity, OddAnswer, OldAccessToken, Operation, RefreshFate, Regrant,
    UserStatus,
};

use crate::bk::{Bk, proven};
use crate::world::send;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_user_is_whose_the_cookie_is() {
    let bk = Bk::new().await;
    let answer = bk.ssm_user("bk-token-alice").await;
    answer.is(200, 0);
    let body = answer.json();
    assert_eq!(body["message"], "ok");
    assert_eq!(body["data"]["expires_in"], 43_200);
    assert_eq!(body["data"]["identity"], json!({"username": "alice", "user_type": "bkuser"}));
    for token in [answer.field("access_token"), answer.field("refresh_token")] {
        assert!(token.len() == 30 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
    }
    assert_eq!(bk.ssm_user("bk-token-bob").await.json()["data"]["identity"]["username"], "bob");
    bk.ssm_user("bk-token-mallory").await.is(200, 1_901_400);
    bk.ssm_user("").await.is(200, 1_901_400);
    bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.cookie_code = 1_901_401);
    bk.ssm_user("bk-token-mallory").await.is(200, 1_901_401);
    bk.sandbox.change_user("alice", |user| user.status = UserStatus::Frozen).expect("alice exists");
    bk.ssm_user("bk-token-alice").await.is(200, 1_901_401);
    assert_eq!(bk.counters(Door::Ssm).cookie_grants, 6);
}

#[tokio::test]
async fn a_cookie_given_later_is_known_and_one_taken_away_is_not() {
    let bk = Bk::new().await;
    bk.ssm_user("fresh").await.is(200, 1_901_400);
    bk.sandbox.cookie("bob", "bk_token", "fresh").expect("bob exists");
    assert_eq!(bk.ssm_user("fresh").await.json()["data"]["identity"]["username"], "bob");
    bk.ssm_user("bk-token-bob").await.is(200, 1_901_400);
}

#[tokio::test]
async fn an_app_has_a_token_of_its_own() {
    let bk = Bk::new().await;
    let answer = bk.ssm_app().await;
    answer.is(200, 0);
    assert_eq!(answer.json()["data"]["identity"], json!({"app_code": "demo-app", "type": "client"}));
    let verified = bk.ssm_verify(&answer.field("access_token")).await.json();
    assert_eq!(
        (&verified["data"]["bk_app_code"], &verified["data"]["identity"]["username"]),
        (&json!("demo-app"), &json!(""))
    );
    let counters = bk.counters(Door::Ssm);
    assert_eq!((counters.app_grants, counters.verifies, counters.issued, counters.refused), (1, 1, 1, 0));
}

#[tokio::test]
async fn bodies_are_json_whatever_the_content_type_says_and_may_hold_more() {
    let bk = Bk::new().await;
    let body = json!({
        "grant_type": "authorization_code", "id_provider": "bk_login", "bk_token": "bk-token-alice",
        "app_code": "demo-app", "app_secret": "demo-secret", "env_name": "prod", "deep": {"er": 1},
    });
    let url = |path: &str| bk.sandbox.door_url(Door::Ssm) + path;
    for content_type in ["application/json", "application/x-www-form-urlencoded"] {
        let request = bk.http.post(url("/bkiam/api/v1/auth/access-tokens")).header("content-type", content_type);
        send(request.body(body.to_string())).await.is(200, 0);
    }
    for bad in ["", "[]", "grant_type=client_credentials", "{"] {
        let request = proven(bk.http.post(url("/api/v1/auth/access-tokens")), "demo-secret");
        send(request.body(bad)).await.is(200, 1_901_400);
    }
    assert_eq!(send(bk.http.get(url("/api/v1/auth/access-tokens"))).await.status, 404);
    assert_eq!(send(bk.http.post(url("/api/v1/auth/access-tokens/revoke"))).await.status, 404);
}

#[tokio::test]
async fn refusals() {
    let bk = Bk::new().await;
    let url = format!("{}/api/v1/auth/access-tokens", bk.sandbox.door_url(Door::Ssm));
    let good = json!({"grant_type": "client_credentials", "id_provider": "client"}).to_string();
    send(proven(bk.http.post(&url), "wrong").body(good.clone())).await.is(200, 1_901_401);
    send(bk.http.post(&url).body(good.clone())).await.is(200, 1_901_401);
    bk.sandbox.change_app("demo-app", |app| app.enabled = false).expect("the app exists");
    bk.ssm_app().await.is(200, 1_901_401);
    bk.sandbox.change_app("demo-app", |app| app.enabled = true).expect("the app exists");
    for (grant_type, provider) in [("client_credentials", "bk_login"), ("password", "client"), ("", "")] {
        bk.ssm("", &json!({"grant_type": grant_type, "id_provider": provider})).await.is(200, 1_901_400);
    }
    bk.ssm_refresh("").await.is(200, 1_901_400);
    bk.ssm_refresh("never-issued").await.is(200, 1_901_403);
    bk.ssm_verify("").await.is(200, 1_901_400);
    bk.ssm_verify("never-issued").await.is(200, 1_901_400);
    bk.sandbox.rules(|rules| {
        rules.blueking.ssm.tokens.error_status = 401;
        rules.blueking.ssm.tokens.dead_access_code = 1_901_404;
    });
    bk.ssm_verify("never-issued").await.is(401, 1_901_404);
}

#[tokio::test]
async fn a_refresh_kills_the_access_token_and_keeps_the_refresh_token() {
    let bk = Bk::new().await;
    let first = bk.ssm_user("bk-token-alice").await;
    let second = bk.ssm_refresh(&first.field("refresh_token")).await;
    second.is(200, 0);
    assert_eq!(second.field("refresh_token"), first.field("refresh_token"));
    assert_ne!(second.field("access_token"), first.field("access_token"));
    assert_eq!(second.json()["data"]["identity"]["username"], "alice");
    bk.ssm_verify(&first.field("access_token")).await.is(200, 1_901_400);
    bk.ssm_verify(&second.field("access_token")).await.is(200, 0);
    assert!(!bk.sandbox.is_good(&first.field("access_token")) && bk.sandbox.is_good(&second.field("access_token")));
    // Sent again it is no replay: it stays good, and nothing is held against the client.
    bk.ssm_refresh(&first.field("refresh_token")).await.is(200, 0);
    let counters = bk.counters(Door::Ssm);
    assert_eq!((counters.refreshes, counters.replays), (2, 0));
    assert!(bk.sandbox.check().is_clean());
}

#[tokio::test]
async fn thirty_days_end_a_login_and_no_refresh_moves_that() {
    let bk = Bk::new().await;
    let token = bk.ssm_user("bk-token-alice").await.field("refresh_token");
    bk.sandbox.advance(DAY * 29);
    bk.ssm_refresh(&token).await.is(200, 0);
    bk.sandbox.advance(DAY);
    bk.ssm_refresh(&token).await.is(200, 1_901_403);
    bk.ssm_refresh(&token).await.is(200, 1_901_403);
    // The second was sent after a definite word.
    assert_eq!(bk.sandbox.check().violations.len(), 1);
}

#[tokio::test]
async fn the_old_access_token_meets_the_chosen_fate() {
    for (fate, at_once, later) in [
        (OldAccessToken::Dies, false, false),
        (OldAccessToken::Overlap { seconds: 60 }, true, false),
        (OldAccessToken::UntilExpiry, true, true),
    ] {
        let bk = Bk::new().await;
        bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.old_access_token = fate);
        let first = bk.ssm_user("bk-token-alice").await;
        bk.ssm_refresh(&first.field("refresh_token")).await.is(200, 0);
        let old = first.field("access_token");
        assert_eq!(bk.sandbox.is_good(&old), at_once, "{fate:?}");
        bk.sandbox.advance(Duration::from_secs(61));
        assert_eq!(bk.ssm_verify(&old).await.code() == 0, later, "{fate:?}");
    }
}

#[tokio::test]
async fn a_second_grant_supersedes_or_repeats() {
    let bk = Bk::new().await;
    let first = bk.ssm_user("bk-token-alice").await;
    let second = bk.ssm_user("bk-token-alice").await;
    assert_ne!(first.field("access_token"), second.field("access_token"));
    bk.ssm_verify(&first.field("access_token")).await.is(200, 1_901_400);
    bk.ssm_refresh(&first.field("refresh_token")).await.is(200, 1_901_403);
    assert_eq!(bk.sandbox.current_tokens()[0].death, Some(Death::Superseded));
    // Another user's login is another login.
    bk.ssm_user("bk-token-bob").await.is(200, 0);
    bk.ssm_verify(&second.field("access_token")).await.is(200, 0);

    bk.sandbox.rules(|rules| rules.blueking.ssm.regrant = Regrant::Reuse);
    bk.sandbox.advance(Duration::from_secs(100));
    let third = bk.ssm_user("bk-token-alice").await;
    assert_eq!(third.field("access_token"), second.field("access_token"));
    assert_eq!(third.json()["data"]["expires_in"], 43_100);
    bk.sandbox.advance(Duration::from_secs(43_100));
    assert_ne!(bk.ssm_user("bk-token-alice").await.field("access_token"), second.field("access_token"));
    assert_eq!(bk.counters(Door::Ssm).issued, 4);
}

#[tokio::test]
async fn rotation_makes_a_refresh_token_good_for_one_use() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.refresh = RefreshFate::Rotates);
    let first = bk.ssm_user("bk-token-alice").await.field("refresh_token");
    let second = bk.ssm_refresh(&first).await.field("refresh_token");
    assert_ne!(first, second);
    bk.ssm_refresh(&first).await.is(200, 1_901_403);
    bk.ssm_refresh(&second).await.is(200, 0);
    assert_eq!(bk.counters(Door::Ssm).replays, 1);
    assert_eq!(bk.sandbox.check().violations.len(), 1);

    bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.single_use = false);
    let first = bk.ssm_user("bk-token-bob").await.field("refresh_token");
    assert_ne!(bk.ssm_refresh(&first).await.field("refresh_token"), first);
    bk.ssm_refresh(&first).await.is(200, 0);
    assert_eq!(bk.counters(Door::Ssm).replays, 1);
}

#[tokio::test]
async fn a_replay_may_end_the_login() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| {
        rules.blueking.ssm.tokens.refresh = RefreshFate::Rotates;
        rules.blueking.ssm.tokens.family_revocation = true;
    });
    let first = bk.ssm_user("bk-token-alice").await.field("refresh_token");
    let second = bk.ssm_refresh(&first).await;
    bk.ssm_refresh(&first).await.is(200, 1_901_403);
    bk.ssm_refresh(&second.field("refresh_token")).await.is(200, 1_901_403);
    assert!(!bk.sandbox.is_good(&second.field("access_token")));
}

#[tokio::test]
async fn a_stranger_spends_nothing() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| {
        rules.blueking.ssm.tokens.refresh = RefreshFate::Rotates;
        rules.blueking.ssm.tokens.family_revocation = true;
    });
    bk.sandbox.app(tokenward_emulator::AppSpec::new(tokenward_emulator::Brand::BlueKing).credentials("other", "s"));
    let token = bk.ssm_user("bk-token-alice").await.field("refresh_token");
    let url = format!("{}/api/v1/auth/access-tokens/refresh", bk.sandbox.door_url(Door::Ssm));
    let body = json!({"refresh_token": token, "app_code": "other", "app_secret": "s"}).to_string();
    send(bk.http.post(url).body(body)).await.is(200, 1_901_403);
    bk.ssm_refresh(&token).await.is(200, 0);
}

#[tokio::test]
async fn lives_are_knobs_and_so_is_the_refresh_token() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| {
        rules.blueking.ssm.tokens.access_seconds = 10;
        rules.blueking.ssm.tokens.refreshable = false;
    });
    let answer = bk.ssm_user("bk-token-alice").await;
    assert_eq!(
        (&answer.json()["data"]["expires_in"], &answer.json()["data"]["refresh_token"]),
        (&json!(10), &Value::Null)
    );
    bk.sandbox.advance(Duration::from_secs(9));
    assert_eq!(bk.ssm_verify(&answer.field("access_token")).await.json()["data"]["expires_in"], 1);
    bk.sandbox.advance(Duration::from_secs(1));
    bk.ssm_verify(&answer.field("access_token")).await.is(200, 1_901_400);
}

#[tokio::test]
async fn answers_may_name_somebody_else_or_nobody() {
    let bk = Bk::new().await;
    for (identity, said) in [
        (Identity::Absent, Value::Null),
        (Identity::Anonymous, json!("")),
        (Identity::Other { user: "mallory".to_owned() }, json!("mallory")),
        (Identity::True, json!("alice")),
    ] {
        bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.identity = identity.clone());
        let answer = bk.ssm_user("bk-token-alice").await;
        assert_eq!(answer.json()["data"]["identity"]["username"], said, "{identity:?}");
        // The token itself is alice's.
        let verified = bk.ssm_verify(&answer.field("access_token")).await.json();
        assert_eq!(verified["data"]["identity"]["username"], "alice");
    }
}

#[tokio::test]
async fn answers_may_be_odd() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.success_code = CodeForm::Text);
    assert_eq!(bk.ssm_app().await.json()["code"], "0");
    bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.success_code = CodeForm::Number);
    bk.sandbox.inject(Fault::new(FaultKind::Odd { answer: OddAnswer::NullData }));
    assert_eq!(bk.ssm_app().await.json(), json!({"code": 0, "message": "ok", "data": null}));
    bk.sandbox.inject(Fault::new(FaultKind::Html { status: 502 }).when(Operation::ClientCredentials));
    let page = bk.ssm_app().await;
    assert!(page.status == 502 && page.text.starts_with("<!DOCTYPE html>"), "{page:?}");
    bk.sandbox.inject(Fault::code(1_901_500).times(2));
    bk.ssm_app().await.is(200, 1_901_500);
    bk.ssm_user("bk-token-alice").await.is(200, 1_901_500);
    bk.ssm_app().await.is(200, 0);
}

#[tokio::test]
async fn a_session_cookie_tells_on_a_client_that_keeps_it() {
    let bk = Bk::new().await;
    assert!(bk.ssm_user("bk-token-alice").await.headers.get("set-cookie").is_none());
    bk.sandbox.rules(|rules| rules.blueking.ssm.tokens.set_cookie = true);
    assert!(bk.ssm_app().await.headers.get("set-cookie").is_none(), "an app has no session");
    let answer = bk.ssm_user("bk-token-alice").await;
    let cookie = answer.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok()).expect("a cookie");
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let url = format!("{}/api/v1/auth/access-tokens", bk.sandbox.door_url(Door::Ssm));
    let body = json!({"grant_type": "authorization_code", "id_provider": "bk_login", "bk_token": "bk-token-bob"});
    let request = proven(bk.http.post(url), "demo-secret").header("cookie", format!("a=b; {pair}"));
    send(request.body(body.to_string())).await.is(200, 0);
    let history = bk.sandbox.history();
    let last = history.iter().rev().find_map(|record| record.visit()).expect("a visit");
    assert_eq!((last.session.as_deref(), last.user.as_deref()), (Some("alice"), Some("bob")));
}

#[tokio::test]
async fn answers_may_leave_in_another_order() {
    let bk = Bk::new().await;
    bk.sandbox.inject(Fault::new(FaultKind::Overtaken { by: 1 }).when(Operation::CookieGrant));
    let (first, second) = (bk.ssm_user("bk-token-alice"), async {
        while bk.sandbox.hanging() == 0 {
            tokio::task::yield_now().await;
        }
        bk.ssm_user("bk-token-alice").await
    });
    let (first, second) = tokio::join!(first, second);
    // The first was processed first, so the second superseded it; yet its answer came last.
    assert!(!bk.sandbox.is_good(&first.field("access_token")) && bk.sandbox.is_good(&second.field("access_token")));
    assert_eq!(bk.alice.id, "alice");
    assert_eq!(bk.app.id, "demo-app");
}
