//! The plain provider: discovery, authorization, clients, revocation, introspection, device flow.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Client;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokenward_emulator::{
    App, AppSpec, Brand, ClientAuth, Consent, Death, Door, PlainPart, Sandbox, SandboxOptions, UserSpec,
};

use crate::world::{Answer, client, send};

const CALLBACK: &str = "http://127.0.0.1:9000/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CLIENT: [(&str, &str); 2] = [("client_id", "web"), ("client_secret", "web-secret")];
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(crate) struct Plain {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    issuer: String,
}

pub(crate) fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

impl Plain {
    pub(crate) async fn new() -> Self {
        let options = SandboxOptions { seed: Some(7), ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.expect("loopback ports");
        sandbox.app(AppSpec::new(Brand::OAuth2).credentials("web", "web-secret").redirect(CALLBACK));
        sandbox.add_user(UserSpec::new("Ada").id("ada"));
        sandbox.add_user(UserSpec::new("Grace").id("grace"));
        sandbox.consent_auto();
        sandbox.freeze_clock(true);
        let issuer = sandbox.door_url(Door::Plain);
        Self { sandbox, http: client(), issuer }
    }

    fn spec(&self, id: &str, auth: ClientAuth) -> App {
        self.sandbox.app(AppSpec::new(Brand::OAuth2).credentials(id, "s").redirect(CALLBACK).client_auth(auth))
    }

    fn authorize(&self, changes: &[(&str, &str)]) -> reqwest::Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut fields = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", "web"),
            ("redirect_uri", CALLBACK),
            ("scope", "read offline_access"),
            ("state", "xyz"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        fields.extend(changes.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        reqwest::Url::parse_with_params(&format!("{}/authorize", self.issuer), fields).expect("a URL")
    }

    async fn callback(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        send(self.http.get(self.authorize(changes))).await.location().query_pairs().into_owned().collect()
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        send(self.http.post(format!("{}/{path}", self.issuer)).form(fields)).await
    }

    /// A form with the client's id and secret.
    pub(crate) async fn ours(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.form(path, &[&CLIENT, fields].concat()).await
    }

    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = BTreeMap::from(CLIENT);
        fields.extend([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        fields.extend(changes.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        self.form("token", &fields.into_iter().collect::<Vec<_>>()).await
    }

    pub(crate) async fn login(&self) -> Answer {
        let code = self.callback(&[]).await.remove("code").expect("a code");
        let answer = self.exchange(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    pub(crate) async fn renew(&self, token: &str) -> Answer {
        self.ours("token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn userinfo(&self, token: &str) -> Answer {
        send(self.http.get(format!("{}/userinfo", self.issuer)).bearer_auth(token)).await
    }
}

#[tokio::test]
async fn discovery_names_what_is_there() {
    let plain = Plain::new().await;
    let tenant = format!("{}/tenant", plain.issuer);
    for (url, issuer) in [
        (format!("{}/.well-known/oauth-authorization-server", plain.issuer), &plain.issuer),
        (format!("{}/.well-known/openid-configuration", plain.issuer), &plain.issuer),
        // A path goes behind for RFC 8414 and before for OpenID.
        (format!("{}/.well-known/oauth-authorization-server/tenant", plain.issuer), &tenant),
        (format!("{tenant}/.well-known/openid-configuration"), &tenant),
    ] {
        let answer = send(plain.http.get(&url)).await;
        let said = answer.json();
        assert_eq!((answer.status, said["issuer"].as_str()), (200, Some(issuer.as_str())), "{url}");
        assert_eq!(said["token_endpoint"], format!("{issuer}/token"));
        assert_eq!(said["code_challenge_methods_supported"], json!(["S256"]));
        for part in ["authorization", "revocation", "introspection", "device_authorization", "userinfo"] {
            assert!(
                said[format!("{part}_endpoint")].as_str().is_some_and(|url| url.starts_with(issuer.as_str())),
                "{part}"
            );
        }
        assert_eq!(said["grant_types_supported"].as_array().map(Vec::len), Some(4));
        assert_eq!(said.get("subject_types_supported").is_some(), url.contains("openid"));
    }
    for wrong in [
        "/.well-known/oauth-authorization-server/nowhere",
        "/nowhere/.well-known/openid-configuration",
        "/nowhere/token",
    ] {
        let request = if wrong.ends_with("token") {
            plain.http.post(plain.issuer.clone() + wrong)
        } else {
            plain.http.get(plain.issuer.clone() + wrong)
        };
        assert_eq!(send(request).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_missing_is_not_named_and_not_there() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| {
        rules.plain.without = [
            PlainPart::ClientCredentials,
            PlainPart::Device,
            PlainPart::Introspection,
            PlainPart::OpenidConfiguration,
            PlainPart::Revocation,
            PlainPart::Userinfo,
        ]
        .into();
        rules.plain.names_issuer = false;
        rules.plain.takes_plain_challenge = true;
    });
    let metadata = format!("{}/.well-known/oauth-authorization-server", plain.issuer);
    let said = send(plain.http.get(&metadata)).await.json();
    for part in ["revocation", "introspection", "device_authorization", "userinfo"] {
        assert_eq!(said[format!("{part}_endpoint")], Value::Null, "{part}");
    }
    assert_eq!(said["grant_types_supported"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(said["code_challenge_methods_supported"], json!(["S256", "plain"]));
    assert!(!plain.callback(&[]).await.contains_key("iss"));
    for path in ["revoke", "introspect", "device_authorization"] {
        assert_eq!(plain.ours(path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(plain.userinfo("x").await.status, 404);
    for grant_type in ["client_credentials", DEVICE] {
        refused(&plain.ours("token", &[("grant_type", grant_type)]).await, 400, "unsupported_grant_type");
    }
    let openid = format!("{}/.well-known/openid-configuration", plain.issuer);
    assert_eq!(send(plain.http.get(openid)).await.status, 404);
    plain.sandbox.rules(|rules| rules.plain.without = [PlainPart::OauthMetadata].into());
    assert_eq!(send(plain.http.get(&metadata)).await.status, 404);
}

#[tokio::test]
async fn a_code_is_good_once_and_its_second_use_ends_the_login() {
    let plain = Plain::new().await;
    let callback = plain.callback(&[]).await;
    assert_eq!((callback["state"].as_str(), &callback["iss"]), ("xyz", &plain.issuer));
    let answer = plain.exchange(&callback["code"], &[]).await;
    let body = answer.json();
    assert_eq!((answer.status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
    assert_eq!(body["scope"], "offline_access read");
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    refused(&plain.exchange(&callback["code"], &[]).await, 400, "invalid_grant");
    refused(&plain.renew(&answer.field("refresh_token")).await, 400, "invalid_grant");
    refused(&plain.userinfo(&answer.field("access_token")).await, 401, "invalid_token");

    let code = plain.callback(&[]).await["code"].clone();
    for bad in [[("code_verifier", "")], [("redirect_uri", "http://127.0.0.1:9000/")], [("code_verifier", "short")]] {
        refused(&plain.exchange(&code, &bad).await, 400, "invalid_grant");
    }
    refused(&plain.exchange(&code, &[("code", "")]).await, 400, "invalid_request");
    // With PKCE, redirect_uri may be left out.
    assert_eq!(plain.exchange(&code, &[("redirect_uri", "")]).await.status, 200);
    let code = plain.callback(&[]).await["code"].clone();
    plain.sandbox.advance(Duration::from_secs(60));
    refused(&plain.exchange(&code, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn the_authorization_request_is_checked() {
    let plain = Plain::new().await;
    for (changes, error) in [
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("response_type", "")], "invalid_request"),
        (vec![("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge_method", "plain")], "invalid_request"),
        (vec![("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge", "short")], "invalid_request"),
        (vec![("scope", "read admin")], "invalid_scope"),
    ] {
        let callback = plain.callback(&changes).await;
        assert_eq!((callback["error"].as_str(), callback["state"].as_str()), (error, "xyz"), "{changes:?}");
    }
    for changes in [
        [("client_id", "nobody")],
        [("redirect_uri", "http://127.0.0.1:9000/callback#x")],
        [("redirect_uri", "http://evil.example/")],
    ] {
        let answer = send(plain.http.get(plain.authorize(&changes))).await;
        assert!(answer.status == 400 && answer.text.contains("<html"), "{answer:?}");
    }
    // The only registered redirect URL need not be named.
    assert!(plain.callback(&[("redirect_uri", "")]).await.contains_key("code"));
    let other = [("redirect_uri", "http://127.0.0.1:1234/callback")];
    assert!(plain.callback(&other).await.contains_key("code"));
    plain.sandbox.rules(|rules| rules.plain.loopback_any_port = false);
    assert_eq!(send(plain.http.get(plain.authorize(&other))).await.status, 400);
    plain.sandbox.rules(|rules| rules.consent = Consent::Deny);
    assert_eq!(plain.callback(&[]).await["error"], "access_denied");
}

#[tokio::test]
async fn pkce_is_a_knob_but_not_for_public_clients() {
    let plain = Plain::new().await;
    plain.spec("spa", ClientAuth::None);
    plain.sandbox.rules(|rules| {
        rules.plain.needs_pkce = false;
        rules.plain.takes_plain_challenge = true;
    });
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = plain.callback(&without).await["code"].clone();
    refused(&plain.exchange(&code, &[]).await, 400, "invalid_grant");
    refused(&plain.exchange(&code, &[("code_verifier", ""), ("redirect_uri", "")]).await, 400, "invalid_request");
    assert_eq!(plain.exchange(&code, &[("code_verifier", "")]).await.status, 200);
    let simple = [("code_challenge", VERIFIER), ("code_challenge_method", "plain")];
    let code = plain.callback(&simple).await["code"].clone();
    assert_eq!(plain.exchange(&code, &[]).await.status, 200);
    let public = [("client_id", "spa"), without[0], without[1]];
    assert_eq!(plain.callback(&public).await["error"], "invalid_request");
    let code = plain.callback(&[("client_id", "spa")]).await["code"].clone();
    assert_eq!(plain.exchange(&code, &[("client_id", "spa"), ("client_secret", "")]).await.status, 200);
}

#[tokio::test]
async fn a_person_clicks_on_the_page() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| rules.consent = Consent::Ask);
    let page = send(plain.http.get(plain.authorize(&[])).header("accept-language", "zh-CN")).await;
    assert!(
        page.text.contains("授权") && page.text.contains("offline_access") && page.text.contains("action=\"/consent\"")
    );
    let ticket =
        page.text.split("name=\"ticket\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a ticket");
    let denied = plain.form("consent", &[("ticket", ticket), ("decision", "deny")]).await.location();
    assert!(denied.as_str().contains("error=access_denied"));
    assert_eq!(plain.form("consent", &[("ticket", ticket), ("decision", "allow")]).await.status, 400);
}

#[tokio::test]
async fn clients_prove_themselves_as_they_are_registered() {
    let plain = Plain::new().await;
    plain.spec("basic", ClientAuth::Basic);
    plain.spec("body", ClientAuth::Body);
    plain.spec("none", ClientAuth::None);
    let own = [("grant_type", "client_credentials")];
    let basic = async |id: &str, secret: &str, fields: &[(&str, &str)]| {
        send(plain.http.post(format!("{}/token", plain.issuer)).basic_auth(id, Some(secret)).form(fields)).await
    };
    let body = async |id: &str, secret: &str| {
        plain.form("token", &[own[0], ("client_id", id), ("client_secret", secret)]).await
    };
    assert_eq!(basic("web", "web-secret", &own).await.status, 200);
    assert_eq!(body("web", "web-secret").await.status, 200);
    assert_eq!(basic("basic", "s", &own).await.status, 200);
    refused(&body("basic", "s").await, 401, "invalid_client");
    assert_eq!(body("body", "s").await.status, 200);
    let wrong = basic("body", "s", &own).await;
    refused(&wrong, 401, "invalid_client");
    assert!(wrong.header("www-authenticate").is_some_and(|value| value.starts_with("Basic ")));
    refused(&body("none", "s").await, 401, "invalid_client");
    refused(&plain.form("token", &[own[0], ("client_id", "none")]).await, 400, "unauthorized_client");
    refused(&plain.form("token", &[own[0], ("client_id", "web")]).await, 401, "invalid_client");
    refused(&body("web", "wrong").await, 401, "invalid_client");
    refused(&body("nobody", "s").await, 401, "invalid_client");
    refused(&plain.form("token", &own).await, 401, "invalid_client");
    refused(&basic("web", "web-secret", &[own[0], CLIENT[1]]).await, 400, "invalid_request");
    refused(&basic("web", "web-secret", &[own[0], ("client_id", "body")]).await, 400, "invalid_request");
    refused(&plain.ours("token", &[("grant_type", "password")]).await, 400, "unsupported_grant_type");
    // A repeated field makes a form that cannot be read.
    refused(&plain.ours("token", &[own[0], own[0]]).await, 400, "invalid_request");
    plain.sandbox.rules(|rules| rules.plain.client_auth = [ClientAuth::Basic].into());
    refused(&body("web", "web-secret").await, 401, "invalid_client");
    plain.sandbox.change_app("web", |app| app.enabled = false).expect("the client exists");
    refused(&basic("web", "web-secret", &own).await, 400, "unauthorized_client");
}

#[tokio::test]
async fn an_apps_own_token_has_no_refresh_token_and_no_user() {
    let plain = Plain::new().await;
    let answer = plain.ours("token", &[("grant_type", "client_credentials"), ("scope", "read")]).await;
    assert_eq!((answer.status, answer.field("scope")), (200, "read".to_owned()));
    assert_eq!(answer.json()["refresh_token"], Value::Null);
    let info = plain.userinfo(&answer.field("access_token")).await;
    refused(&info, 403, "insufficient_scope");
    let beyond = plain.ours("token", &[("grant_type", "client_credentials"), ("scope", "admin")]).await;
    refused(&beyond, 400, "invalid_scope");
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow() {
    let plain = Plain::new().await;
    let seed =
        |scopes: &[&str]| plain.sandbox.seed_login(Door::Plain, "", "web", Some("grace"), scopes).expect("all exist");
    let bare = plain.userinfo(&seed(&["read"]).access_token).await.json();
    assert_eq!(bare, json!({"sub": "grace"}));
    let full = plain.userinfo(&seed(&["profile", "email"]).access_token).await.json();
    assert_eq!((&full["name"], &full["email"]), (&json!("Grace"), &json!("grace@sandbox.invalid")));
    let none = send(plain.http.get(format!("{}/userinfo", plain.issuer))).await;
    assert_eq!((none.status, none.text.as_str()), (401, ""));
    assert_eq!(none.header("www-authenticate"), Some("Bearer realm=\"sandbox\""));
    let bad = plain.userinfo("never-issued").await;
    refused(&bad, 401, "invalid_token");
    let challenge = bad.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

#[tokio::test]
async fn issuers_on_one_host_keep_apart() {
    let plain = Plain::new().await;
    let here = plain.sandbox.seed_login(Door::Plain, "", "web", Some("ada"), &["read"]).expect("all exist");
    let there = plain.sandbox.seed_login(Door::Plain, "/tenant", "web", Some("ada"), &["read"]).expect("all exist");
    let url = |path: &str| format!("{}/tenant/{path}", plain.issuer);
    assert_eq!(send(plain.http.get(url("userinfo")).bearer_auth(&there.access_token)).await.status, 200);
    refused(&send(plain.http.get(url("userinfo")).bearer_auth(&here.access_token)).await, 401, "invalid_token");
    let refresh = there.refresh_token.expect("refreshable");
    refused(&plain.renew(&refresh).await, 400, "invalid_grant");
    let fields = [CLIENT[0], CLIENT[1], ("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(send(plain.http.post(url("token")).form(&fields)).await.status, 200);
    assert!(plain.sandbox.seed_login(Door::Plain, "/nowhere", "web", Some("ada"), &[]).is_err());
}

#[tokio::test]
async fn revocation_ends_a_login_or_a_token() {
    let plain = Plain::new().await;
    let login = plain.login().await;
    let (access, refresh) = (login.field("access_token"), login.field("refresh_token"));
    assert_eq!(plain.ours("revoke", &[("token", &access), ("token_type_hint", "access_token")]).await.status, 200);
    assert!(!plain.sandbox.is_good(&access));
    let second = plain.renew(&refresh).await;
    let answer = plain.ours("revoke", &[("token", &second.field("refresh_token"))]).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert!(!plain.sandbox.is_good(&second.field("access_token")));
    refused(&plain.renew(&second.field("refresh_token")).await, 400, "invalid_grant");
    assert_eq!(plain.sandbox.current_tokens()[0].death, Some(Death::Revoked));
    assert_eq!(plain.ours("revoke", &[("token", "never-issued")]).await.status, 200);
    refused(&plain.ours("revoke", &[]).await, 400, "invalid_request");
    refused(&plain.form("revoke", &[("token", "x")]).await, 401, "invalid_client");
    plain.sandbox.rules(|rules| rules.plain.revoking_refresh_ends_access = false);
    let login = plain.login().await;
    plain.ours("revoke", &[("token", &login.field("refresh_token"))]).await;
    assert!(plain.sandbox.is_good(&login.field("access_token")));
    assert_eq!(plain.sandbox.counters().doors[&Door::Plain].revocations, 6);
}

#[tokio::test]
async fn introspection_tells_clients_of_their_own_tokens() {
    let plain = Plain::new().await;
    plain.spec("other", ClientAuth::Any);
    plain.spec("spa", ClientAuth::None);
    let login = plain.login().await;
    let said = plain.ours("introspect", &[("token", &login.field("access_token"))]).await.json();
    assert_eq!(
        (&said["active"], &said["sub"], &said["scope"]),
        (&json!(true), &json!("ada"), &json!("offline_access read"))
    );
    assert_eq!(said["exp"].as_i64().zip(said["iat"].as_i64()).map(|(end, begin)| end - begin), Some(3600));
    let said = plain.ours("introspect", &[("token", &login.field("refresh_token"))]).await.json();
    assert_eq!((&said["active"], &said["iss"]), (&json!(true), &json!(plain.issuer)));
    let dead = json!({"active": false});
    assert_eq!(plain.ours("introspect", &[("token", "never-issued")]).await.json(), dead);
    let other = [("client_id", "other"), ("client_secret", "s"), ("token", &login.field("access_token"))];
    assert_eq!(plain.form("introspect", &other).await.json(), dead);
    refused(&plain.form("introspect", &[("client_id", "spa"), ("token", "x")]).await, 401, "invalid_client");
    plain.sandbox.advance(Duration::from_secs(3600));
    assert_eq!(plain.ours("introspect", &[("token", &login.field("access_token"))]).await.json(), dead);
}

#[tokio::test]
async fn a_device_logs_in_when_a_person_agrees() {
    let plain = Plain::new().await;
    plain.sandbox.rules(|rules| rules.device_consent = Consent::Ask);
    let started = plain.ours("device_authorization", &[("scope", "read")]).await;
    assert_eq!(started.field("verification_uri"), format!("{}/device", plain.issuer));
    let device = started.field("device_code");
    let poll = async || plain.ours("token", &[("grant_type", DEVICE), ("device_code", &device)]).await;
    refused(&poll().await, 400, "authorization_pending");
    refused(&poll().await, 400, "slow_down");
    plain.sandbox.advance(Duration::from_secs(10));
    refused(&poll().await, 400, "authorization_pending");
    let page = send(plain.http.get(started.field("verification_uri_complete"))).await;
    assert!(page.text.contains(&started.field("user_code")));
    let click =
        [("user_code", started.field("user_code")), ("decision", "allow".to_owned()), ("user", "grace".to_owned())];
    assert_eq!(send(plain.http.post(started.field("verification_uri")).form(&click)).await.status, 200);
    assert_eq!(send(plain.http.post(started.field("verification_uri")).form(&click)).await.status, 404);
    let answer = poll().await;
    assert_eq!(answer.field("scope"), "read");
    assert_eq!(plain.sandbox.current_tokens()[0].user, "grace");
    refused(&poll().await, 400, "invalid_grant");
    refused(&plain.ours("device_authorization", &[("scope", "admin")]).await, 400, "invalid_scope");
    plain.sandbox.rules(|rules| rules.device_consent = Consent::Deny);
    let started = plain.ours("device_authorization", &[]).await;
    let fields = [("grant_type", DEVICE), ("device_code", &started.field("device_code"))];
    refused(&plain.ours("token", &fields).await, 400, "access_denied");
}
