//! The plain provider's refresh, and every knob of it.

use std::time::Duration;

use serde_json::Value;
use tokenward_emulator::{
    Death, Door, ErrorShape, Fault, FaultKind, GraceAnswer, OldAccessToken, Operation, Stage, Violation,
};

use crate::plain::{Plain, refused};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_used_refresh_token_ends_the_login() {
    let plain = Plain::new().await;
    let first = plain.login().await;
    let second = plain.renew(&first.field("refresh_token")).await;
    assert_ne!(second.field("refresh_token"), first.field("refresh_token"));
    // Nothing was said about the old access token, so it stays.
    assert!(plain.sandbox.is_good(&first.field("access_token")));
    refused(&plain.renew(&first.field("refresh_token")).await, 400, "invalid_grant");
    refused(&plain.renew(&second.field("refresh_token")).await, 400, "invalid_grant");
    assert!(!plain.sandbox.is_good(&second.field("access_token")));
    let verdict = plain.sandbox.check();
    assert!(verdict.violations.iter().any(|found| matches!(found, Violation::KnownReplay(_))), "{verdict:?}");
    assert!(verdict.violations.iter().any(|found| matches!(found, Violation::LoginLost { .. })), "{verdict:?}");
    let counters = plain.sandbox.counters();
    assert_eq!((counters.refreshes, counters.rotations, counters.replays), (3, 1, 1));
}

#[tokio::test]
async fn or_only_itself() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| rules.plain.family_revocation = false);
    let first = plain.login().await.field("refresh_token");
    let second = plain.renew(&first).await;
    refused(&plain.renew(&first).await, 400, "invalid_grant");
    assert_eq!(plain.renew(&second.field("refresh_token")).await.status, 200);
}

#[tokio::test]
async fn without_rotation_the_token_stays_and_need_not_be_repeated() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| rules.plain.rotation = false);
    let first = plain.login().await.field("refresh_token");
    for _ in 0..2 {
        assert_eq!(plain.renew(&first).await.json()["refresh_token"], Value::Null);
    }
    plain.sandbox.rules(|rules| rules.plain.repeats_refresh_token = true);
    assert_eq!(plain.renew(&first).await.field("refresh_token"), first);
    assert!(plain.sandbox.check().is_clean());
    assert_eq!(plain.sandbox.counters().replays, 0);
    // The end of a token that does not rotate does not slide.
    plain.sandbox.advance(DAY * 30);
    refused(&plain.renew(&first).await, 400, "invalid_grant");
}

#[tokio::test]
async fn the_end_slides_or_stands() {
    for (sliding, alive) in [(true, true), (false, false)] {
        let plain = Plain::new().await;
        plain.sandbox.rules(|rules| rules.plain.sliding = sliding);
        let mut token = plain.login().await.field("refresh_token");
        plain.sandbox.advance(DAY * 20);
        token = plain.renew(&token).await.field("refresh_token");
        plain.sandbox.advance(DAY * 20);
        assert_eq!(plain.renew(&token).await.status == 200, alive, "sliding: {sliding}");
    }
}

#[tokio::test]
async fn a_grace_window_forgives() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| rules.plain.grace_seconds = 10);
    let first = plain.login().await.field("refresh_token");
    let answer = plain.renew(&first).await;
    let again = plain.renew(&first).await;
    assert_eq!(again.field("refresh_token"), answer.field("refresh_token"));
    assert_eq!(again.field("access_token"), answer.field("access_token"));

    plain.sandbox.rules(|rules| rules.plain.grace_answer = GraceAnswer::NewPair);
    let further = plain.renew(&first).await.field("refresh_token");
    assert_ne!(further, answer.field("refresh_token"));
    refused(&plain.renew(&answer.field("refresh_token")).await, 400, "invalid_grant");
    assert_eq!(plain.renew(&further).await.status, 200);
    // Its successor was used: nothing is forgiven any more.
    refused(&plain.renew(&first).await, 400, "invalid_grant");
    assert_eq!(plain.sandbox.current_tokens()[0].death, Some(Death::FamilyRevoked));
}

#[tokio::test]
async fn the_window_closes() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| {
        rules.plain.grace_seconds = 10;
        rules.plain.grace_answer = GraceAnswer::NewPair;
    });
    let first = plain.login().await.field("refresh_token");
    // A forgiven replay does not prolong it.
    for (wait, status) in [(0, 200), (8, 200), (4, 400)] {
        plain.sandbox.advance(Duration::from_secs(wait));
        assert_eq!(plain.renew(&first).await.status, status);
    }
}

#[tokio::test]
async fn the_old_access_token_meets_the_chosen_fate() {
    for (fate, at_once, later) in [
        (OldAccessToken::Dies, false, false),
        (OldAccessToken::Overlap { seconds: 60 }, true, false),
        (OldAccessToken::UntilExpiry, true, true),
    ] {
        let plain = Plain::new().await;
        plain.sandbox.rules(|rules| rules.plain.old_access_token = fate);
        let first = plain.login().await;
        plain.renew(&first.field("refresh_token")).await;
        assert_eq!(plain.sandbox.is_good(&first.field("access_token")), at_once, "{fate:?}");
        plain.sandbox.advance(Duration::from_secs(60));
        assert_eq!(plain.sandbox.is_good(&first.field("access_token")), later, "{fate:?}");
    }
}

#[tokio::test]
async fn answers_may_tell_less() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| {
        rules.plain.tells_expiry = false;
        rules.plain.tells_scope = false;
    });
    let body = plain.login().await.json();
    assert_eq!((&body["expires_in"], &body["scope"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn offline_access_may_be_needed() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| rules.plain.needs_offline_access = true);
    let seed =
        |scopes: &[&str]| plain.sandbox.seed_login(Door::Plain, "", "web", Some("ada"), scopes).expect("all exist");
    assert!(seed(&["read"]).refresh_token.is_none());
    let token = seed(&["read", "offline_access"]).refresh_token.expect("refreshable");
    assert!(plain.renew(&token).await.json()["refresh_token"].is_string());
    assert!(plain.login().await.json()["refresh_token"].is_string(), "it asks for offline_access");
}

#[tokio::test]
async fn scopes_narrow_and_never_widen() {
    let plain = Plain::new().await;
    let token = plain.login().await.field("refresh_token");
    let renew = async |token: &str, scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        plain.ours("token", &fields).await
    };
    refused(&renew(&token, "read write").await, 400, "invalid_scope");
    let narrowed = renew(&token, "read").await;
    assert_eq!(narrowed.field("scope"), "read");
    // The login itself has lost nothing.
    assert_eq!(renew(&narrowed.field("refresh_token"), "").await.field("scope"), "offline_access read");
    refused(&renew("never-issued", "").await, 400, "invalid_grant");
    refused(&renew("", "").await, 400, "invalid_request");
}

#[tokio::test]
async fn a_lost_answer_leaves_an_honest_doubt() {
    let plain = Plain::new().await;
    let token = plain.login().await.field("refresh_token");
    plain.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    let request = plain.http.post(plain.sandbox.door_url(Door::Plain) + "/token");
    let fields = [
        ("client_id", "web"),
        ("client_secret", "web-secret"),
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
    ];
    assert!(request.form(&fields).send().await.is_err());
    refused(&plain.renew(&token).await, 400, "invalid_grant");
    let verdict = plain.sandbox.check();
    assert!(verdict.is_clean() && verdict.doubtful_replays.len() == 1, "{verdict:?}");
}

#[tokio::test]
async fn errors_can_be_written_in_other_shapes_and_with_a_status_of_success() {
    let plain = Plain::new().await;
    let token = plain.login().await.field("refresh_token");
    let order = |shape, status| {
        let kind = FaultKind::Error { error: "invalid_grant".to_owned(), status, shape };
        plain.sandbox.inject(Fault::new(kind).when(Operation::Refresh));
    };
    order(ErrorShape::Nested, None);
    let said = plain.renew(&token).await;
    assert_eq!((said.status, &said.json()["error"]["type"]), (400, &"invalid_grant".into()));
    order(ErrorShape::List, None);
    let said = plain.renew(&token).await;
    assert_eq!((said.status, &said.json()["errors"][0]["errorType"]), (400, &"invalid_grant".into()));
    order(ErrorShape::Flat, Some(200));
    let said = plain.renew(&token).await;
    assert_eq!((said.status, &said.json()["error"]), (200, &"invalid_grant".into()));
    order(ErrorShape::Form, Some(200));
    let said = plain.renew(&token).await;
    assert_eq!((said.status, said.text.as_str()), (200, "error=invalid_grant&error_description=injected"));
    // Nothing rotated.
    plain.renew(&token).await.field("refresh_token");
}

#[tokio::test]
async fn errors_can_be_ordered_by_word_or_number() {
    let plain = Plain::new().await;
    let token = plain.login().await.field("refresh_token");
    plain.sandbox.inject(Fault::error("temporarily_unavailable").when(Operation::Refresh));
    refused(&plain.renew(&token).await, 400, "temporarily_unavailable");
    let kind = FaultKind::Error { error: "server_error".to_owned(), status: Some(500), shape: ErrorShape::Flat };
    plain.sandbox.inject(Fault::new(kind).at(Stage::Before));
    refused(&plain.renew(&token).await, 500, "server_error");
    for (code, status, error) in [
        (503, 503, "temporarily_unavailable"),
        (400, 400, "invalid_grant"),
        (401, 401, "invalid_client"),
        (1, 500, "server_error"),
        (429, 429, "slow_down"),
    ] {
        plain.sandbox.inject(Fault::code(code));
        refused(&plain.renew(&token).await, status, error);
    }
    plain.sandbox.inject(Fault::new(FaultKind::RateLimit { reset_seconds: 7 }));
    let limited = plain.renew(&token).await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("7")));
    assert_eq!(plain.renew(&token).await.status, 200);
}
