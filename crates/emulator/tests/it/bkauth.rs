//! bkauth's OAuth 2.0 server (reference/blueking.md §3.3).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokenward_emulator::{AppSpec, Brand, ClientAuth, Consent, Death, Door, OldAccessToken};

use crate::bk::{Bk, CALLBACK, proven};
use crate::world::{Answer, send};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const APP: [(&str, &str); 2] = [("client_id", "demo-app"), ("client_secret", "demo-secret")];
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.text);
    assert!(answer.json()["error_description"].is_string());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

impl Bk {
    fn authorize(&self, changes: &[(&str, &str)]) -> reqwest::Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut fields = std::collections::BTreeMap::from([
            ("response_type", "code"),
            ("client_id", "demo-app"),
            ("redirect_uri", CALLBACK),
            ("state", "s t"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        fields.extend(changes.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        reqwest::Url::parse_with_params(&(self.sandbox.realm_url("blueking") + "/authorize"), fields).expect("a URL")
    }

    async fn code(&self) -> String {
        let callback = send(self.http.get(self.authorize(&[]))).await.location();
        assert!(callback.as_str().starts_with(CALLBACK) && callback.as_str().contains("state=s+t"), "{callback}");
        callback.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned()
    }

    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = std::collections::BTreeMap::from(APP);
        fields.extend([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        fields.extend(changes.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        self.bkauth("token", &fields.into_iter().collect::<Vec<_>>()).await
    }

    async fn login(&self) -> Answer {
        let answer = self.exchange(&self.code().await, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    async fn renew(&self, token: &str) -> Answer {
        self.bkauth("token", &[APP[0], APP[1], ("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn introspect(&self, token: &str) -> Answer {
        let url = self.sandbox.realm_url("blueking") + "/introspect";
        send(proven(self.http.post(url), "demo-secret").form(&[("token", token)])).await
    }
}

#[tokio::test]
async fn a_code_with_its_verifier_is_good_once() {
    let bk = Bk::new().await;
    let code = bk.code().await;
    let answer = bk.exchange(&code, &[]).await;
    let body = answer.json();
    assert_eq!((answer.status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(7200)));
    for token in [answer.field("access_token"), answer.field("refresh_token")] {
        let rest = token.strip_prefix("bk_").expect("the realm's prefix");
        assert!(token.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    }
    refused(&bk.exchange(&code, &[]).await, 400, "invalid_grant");
    // What was issued for the code ended with its second use.
    refused(&bk.renew(&answer.field("refresh_token")).await, 400, "invalid_grant");
    for bad in [
        [("code_verifier", "")],
        [("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")],
        [("redirect_uri", "http://127.0.0.1:9000/other")],
        [("code", "never-issued")],
    ] {
        refused(&bk.exchange(&bk.code().await, &bad).await, 400, "invalid_grant");
    }
    let code = bk.code().await;
    bk.sandbox.advance(Duration::from_secs(300));
    refused(&bk.exchange(&code, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn challenges_are_mandatory_and_hashed() {
    let bk = Bk::new().await;
    for (changes, error) in [
        ([("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        ([("code_challenge_method", "plain"), ("scope", "")], "invalid_request"),
        ([("response_type", "token"), ("scope", "")], "unsupported_response_type"),
    ] {
        let callback = send(bk.http.get(bk.authorize(&changes))).await.location();
        assert!(callback.as_str().contains(&format!("error={error}")), "{callback}");
    }
    // A wrong client or redirect URL never redirects.
    for changes in [[("client_id", "nobody")], [("redirect_uri", "http://evil.example/")], [("client_id", "")]] {
        assert_eq!(send(bk.http.get(bk.authorize(&changes))).await.status, 400);
    }
    // Any port of a registered loopback address is good.
    let other = "http://127.0.0.1:12345/callback";
    assert!(send(bk.http.get(bk.authorize(&[("redirect_uri", other)]))).await.location().as_str().starts_with(other));
    bk.sandbox.rules(|rules| rules.consent = Consent::Deny);
    let callback = send(bk.http.get(bk.authorize(&[]))).await.location();
    assert!(callback.as_str().contains("error=access_denied&state="), "{callback}");
}

#[tokio::test]
async fn a_person_clicks_on_the_page() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.consent = Consent::Ask);
    let page = send(bk.http.get(bk.authorize(&[("scope", "user:read")]))).await;
    assert!(page.status == 200 && page.text.contains("demo-app") && page.text.contains("user:read"), "{}", page.text);
    let ticket =
        page.text.split("name=\"ticket\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a ticket");
    let action = page.text.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
    assert_eq!(action, "/realms/blueking/oauth2/consent");
    let fields = [("ticket", ticket), ("decision", "allow"), ("user", "bob")];
    let elsewhere = bk.sandbox.realm_url("bkci") + "/consent";
    assert_eq!(send(bk.http.post(elsewhere).form(&fields)).await.status, 400);
    let callback = bk.bkauth("consent", &fields).await.location();
    let code = callback.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    bk.exchange(&code, &[]).await;
    assert_eq!(bk.sandbox.current_tokens()[0].user, "bob");
    assert_eq!(bk.bkauth("consent", &fields).await.status, 400);
}

#[tokio::test]
async fn a_refresh_rotates_both_tokens_and_never_moves_the_end() {
    let bk = Bk::new().await;
    let first = bk.login().await;
    bk.sandbox.advance(Duration::from_secs(29 * 86_400));
    let second = bk.renew(&first.field("refresh_token")).await;
    assert_eq!(second.status, 200);
    assert!(!bk.sandbox.is_good(&first.field("access_token")) && bk.sandbox.is_good(&second.field("access_token")));
    bk.sandbox.advance(Duration::from_secs(86_400));
    refused(&bk.renew(&second.field("refresh_token")).await, 400, "invalid_grant");
    assert_eq!(bk.sandbox.current_tokens()[0].realm, "blueking");
}

#[tokio::test]
async fn a_replay_within_thirty_seconds_is_a_race_and_later_a_theft() {
    let bk = Bk::new().await;
    let first = bk.login().await.field("refresh_token");
    let second = bk.renew(&first).await;
    bk.sandbox.advance(Duration::from_secs(30));
    refused(&bk.renew(&first).await, 400, "invalid_grant");
    assert!(bk.sandbox.is_good(&second.field("access_token")), "the family is kept");
    bk.sandbox.advance(Duration::from_secs(1));
    refused(&bk.renew(&first).await, 400, "invalid_grant");
    assert!(!bk.sandbox.is_good(&second.field("access_token")), "the family is gone");
    refused(&bk.renew(&second.field("refresh_token")).await, 400, "invalid_grant");
    assert_eq!(bk.sandbox.current_tokens()[0].death, Some(Death::FamilyRevoked));
    assert_eq!(bk.counters(Door::Bkauth).replays, 2);
    assert!(!bk.sandbox.check().is_clean());
}

#[tokio::test]
async fn a_used_and_expired_token_still_counts_as_a_replay() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.blueking.bkauth.refresh_seconds = 100);
    let first = bk.login().await.field("refresh_token");
    bk.renew(&first).await;
    bk.sandbox.advance(Duration::from_secs(200));
    refused(&bk.renew(&first).await, 400, "invalid_grant");
    assert_eq!(bk.sandbox.current_tokens()[0].death, Some(Death::FamilyRevoked));
}

#[tokio::test]
async fn a_wrong_caller_causes_nothing() {
    let bk = Bk::new().await;
    bk.sandbox.app(AppSpec::new(Brand::BlueKing).credentials("other", "s"));
    let first = bk.login().await.field("refresh_token");
    let second = bk.renew(&first).await.field("refresh_token");
    bk.sandbox.advance(Duration::from_secs(60));
    let foreign =
        [("client_id", "other"), ("client_secret", "s"), ("grant_type", "refresh_token"), ("refresh_token", &first)];
    refused(&bk.bkauth("token", &foreign).await, 400, "invalid_grant");
    let url = bk.sandbox.realm_url("bkci") + "/token";
    let elsewhere = [APP[0], APP[1], ("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
    refused(&send(bk.http.post(url).form(&elsewhere)).await, 400, "invalid_grant");
    let mut wrong = elsewhere;
    wrong[1].1 = "wrong";
    refused(&bk.bkauth("token", &wrong).await, 401, "invalid_client");
    assert_eq!(bk.renew(&second).await.status, 200);
}

#[tokio::test]
async fn of_many_at_once_exactly_one_wins_and_the_family_lives() {
    let bk = Bk::new().await;
    let token = bk.login().await.field("refresh_token");
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let request = bk.http.post(bk.sandbox.realm_url("blueking") + "/token");
        attempts.spawn(send(request.form(&[
            APP[0],
            APP[1],
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
        ])));
    }
    let answers = attempts.join_all().await;
    let wins: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(wins.len(), 1);
    assert!(bk.sandbox.is_good(&wins[0].field("access_token")));
    let counters = bk.counters(Door::Bkauth);
    assert_eq!((counters.refreshes, counters.replays), (16, 15));
}

#[tokio::test]
async fn refusals() {
    let bk = Bk::new().await;
    bk.sandbox.app(AppSpec::new(Brand::BlueKing).credentials("ci-only", "s").realms(&["bkci"]));
    let token = |fields: &[(&'static str, &'static str)]| fields.to_vec();
    refused(&bk.bkauth("token", &token(&APP)).await, 400, "invalid_request");
    let own = [APP[0], APP[1], ("grant_type", "client_credentials")];
    refused(&bk.bkauth("token", &own).await, 400, "unsupported_grant_type");
    refused(
        &bk.bkauth("token", &[("grant_type", "refresh_token"), ("client_id", "nobody")]).await,
        401,
        "invalid_client",
    );
    refused(&bk.bkauth("token", &[("grant_type", "refresh_token")]).await, 401, "invalid_client");
    refused(&bk.bkauth("token", &[APP[0], APP[1], ("grant_type", "refresh_token")]).await, 400, "invalid_request");
    let ci =
        [("grant_type", "refresh_token"), ("client_id", "ci-only"), ("client_secret", "s"), ("refresh_token", "x")];
    refused(&bk.bkauth("token", &ci).await, 403, "unauthorized_client");
    let nowhere = bk.sandbox.realm_url("nowhere") + "/token";
    refused(&send(bk.http.post(nowhere).form(&APP)).await, 404, "invalid_request");
    assert_eq!(send(bk.http.post(bk.sandbox.realm_url("blueking") + "/register")).await.status, 404);
    let basic = bk.http.post(bk.sandbox.realm_url("blueking") + "/token").basic_auth("demo-app", Some("wrong"));
    let answer = send(basic.form(&[("grant_type", "refresh_token"), ("refresh_token", "x")])).await;
    refused(&answer, 401, "invalid_client");
    assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"sandbox\""));
}

#[tokio::test]
async fn a_public_client_names_itself() {
    let bk = Bk::new().await;
    let spec = AppSpec::new(Brand::BlueKing).credentials("cli", "unused").redirect(CALLBACK);
    bk.sandbox.app(spec.client_auth(ClientAuth::None));
    let callback = send(bk.http.get(bk.authorize(&[("client_id", "cli")]))).await.location();
    let code = callback.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let answer = bk.exchange(&code, &[("client_id", "cli"), ("client_secret", "")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let fields =
        [("client_id", "cli"), ("client_secret", "unused"), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    refused(&bk.bkauth("token", &fields).await, 401, "invalid_client");
}

#[tokio::test]
async fn revocation_cascades_from_refresh_to_access_only() {
    let bk = Bk::new().await;
    let login = bk.login().await;
    let (access, refresh) = (login.field("access_token"), login.field("refresh_token"));
    let revoke = async |token: &str| bk.bkauth("revoke", &[APP[0], APP[1], ("token", token)]).await.status;
    assert_eq!(revoke("never-issued").await, 200);
    assert_eq!(revoke(&access).await, 200);
    assert!(!bk.sandbox.is_good(&access));
    let access = bk.renew(&refresh).await;
    assert_eq!(access.status, 200);
    assert_eq!(revoke(&access.field("refresh_token")).await, 200);
    assert!(!bk.sandbox.is_good(&access.field("access_token")));
    assert_eq!(bk.sandbox.current_tokens()[0].death, Some(Death::Revoked));
    refused(&bk.bkauth("revoke", &[("client_id", "demo-app"), ("token", "x")]).await, 401, "invalid_client");
    refused(&bk.bkauth("revoke", &APP).await, 400, "invalid_request");
    // Another client's token is left alone.
    bk.sandbox.app(AppSpec::new(Brand::BlueKing).credentials("other", "s"));
    let login = bk.login().await;
    for token in [login.field("access_token"), login.field("refresh_token")] {
        let answer = bk.bkauth("revoke", &[("client_id", "other"), ("client_secret", "s"), ("token", &token)]).await;
        assert_eq!(answer.status, 200);
    }
    assert!(bk.sandbox.is_good(&login.field("access_token")));
}

#[tokio::test]
async fn introspection_is_for_apps_that_may() {
    let bk = Bk::new().await;
    let login = bk.login().await;
    let access = login.field("access_token");
    let said = bk.introspect(&access).await.json();
    assert_eq!(
        (&said["active"], &said["bk_app_code"], &said["username"]),
        (&json!(true), &json!("demo-app"), &json!("alice"))
    );
    let said = bk.introspect("never-issued").await.json();
    assert_eq!((&said["active"], &said["error"]["code"]), (&json!(false), &json!("invalid_token")));
    let url = bk.sandbox.realm_url("blueking") + "/introspect";
    refused(&send(proven(bk.http.post(&url), "wrong").form(&[("token", &access)])).await, 401, "invalid_client");
    bk.sandbox.rules(|rules| {
        rules.blueking.bkauth.introspectors.insert("blueking".to_owned(), ["bk_apigateway".to_owned()].into());
    });
    refused(&bk.introspect(&access).await, 403, "access_denied");
}

#[tokio::test]
async fn introspection_may_repeat_itself_until_a_revocation() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.blueking.bkauth.introspection_cache_seconds = 300);
    let first = bk.login().await;
    let old = first.field("access_token");
    assert_eq!(bk.introspect(&old).await.json()["active"], true);
    let second = bk.renew(&first.field("refresh_token")).await;
    // Rotation does not evict.
    assert_eq!(bk.introspect(&old).await.json()["active"], true);
    bk.sandbox.advance(Duration::from_secs(300));
    assert_eq!(bk.introspect(&old).await.json()["active"], false);
    let new = second.field("access_token");
    assert_eq!(bk.introspect(&new).await.json()["active"], true);
    bk.bkauth("revoke", &[APP[0], APP[1], ("token", &second.field("refresh_token"))]).await;
    assert_eq!(bk.introspect(&new).await.json()["active"], false);
}

#[tokio::test]
async fn the_old_access_token_may_live_on() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.blueking.bkauth.old_access_token = OldAccessToken::Overlap { seconds: 10 });
    let first = bk.login().await;
    bk.renew(&first.field("refresh_token")).await;
    assert!(bk.sandbox.is_good(&first.field("access_token")));
    bk.sandbox.advance(Duration::from_secs(10));
    assert!(!bk.sandbox.is_good(&first.field("access_token")));
}

#[tokio::test]
async fn a_device_logs_in_when_a_person_agrees() {
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.device_consent = Consent::Ask);
    let started = bk.bkauth("device/authorize", &APP).await;
    let body = started.json();
    assert_eq!((&body["interval"], &body["expires_in"]), (&json!(5), &json!(600)));
    assert_eq!(body["verification_uri"], bk.sandbox.realm_url("blueking") + "/device");
    let device = started.field("device_code");
    let poll = async || bk.bkauth("token", &[APP[0], APP[1], ("grant_type", DEVICE), ("device_code", &device)]).await;
    refused(&poll().await, 400, "authorization_pending");
    refused(&poll().await, 400, "slow_down");
    let page = send(bk.http.get(body["verification_uri_complete"].as_str().expect("a URL"))).await;
    assert!(page.text.contains(&started.field("user_code")));
    let elsewhere = bk.sandbox.realm_url("bkci") + "/device";
    let click =
        [("user_code", started.field("user_code")), ("decision", "allow".to_owned()), ("user", "bob".to_owned())];
    assert_eq!(send(bk.http.post(elsewhere).form(&click)).await.status, 404);
    assert_eq!(send(bk.http.post(bk.sandbox.realm_url("blueking") + "/device").form(&click)).await.status, 200);
    let answer = poll().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(bk.sandbox.current_tokens()[0].user, "bob");
    refused(&poll().await, 400, "invalid_grant");

    let started = bk.bkauth("device/authorize", &APP).await;
    bk.sandbox.decide_device(&started.field("user_code"), None).expect("an open code");
    let fields = [APP[0], APP[1], ("grant_type", DEVICE), ("device_code", &started.field("device_code"))];
    refused(&bk.bkauth("token", &fields).await, 400, "access_denied");
    let started = bk.bkauth("device/authorize", &APP).await;
    bk.sandbox.advance(Duration::from_secs(600));
    let fields = [APP[0], APP[1], ("grant_type", DEVICE), ("device_code", &started.field("device_code"))];
    refused(&bk.bkauth("token", &fields).await, 400, "expired_token");
}
