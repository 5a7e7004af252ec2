//! BlueKing's doors: one app, two users who are logged in, and what a client sends.

use std::collections::BTreeMap;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokenward_emulator::{App, AppSpec, Brand, Door, DoorCounters, Sandbox, SandboxOptions, User, UserSpec};

use crate::world::{Answer, client, send};

pub(crate) struct Bk {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) app: App,
    pub(crate) alice: User,
}

pub(crate) const CALLBACK: &str = "http://127.0.0.1:9000/callback";

impl Bk {
    pub(crate) async fn new() -> Self {
        let options = SandboxOptions { seed: Some(7), ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.expect("loopback ports");
        let app = sandbox.app(AppSpec::new(Brand::BlueKing).credentials("demo-app", "demo-secret").redirect(CALLBACK));
        let alice = UserSpec::new("Alice").id("alice").cookie("bk_token", "bk-token-alice");
        let alice = alice.cookie("bk_ticket", "ticket-alice").cookie("rtx", "123");
        let alice = sandbox.add_user(alice);
        sandbox.add_user(
            UserSpec::new("Bob").id("bob").cookie("bk_token", "bk-token-bob").cookie("bk_ticket", "ticket-bob"),
        );
        sandbox.consent_auto();
        sandbox.freeze_clock(true);
        Self { sandbox, http: client(), app, alice }
    }

    pub(crate) fn counters(&self, door: Door) -> DoorCounters {
        self.sandbox.counters().doors.get(&door).copied().unwrap_or_default()
    }

    /// A POST to SSM with the app's headers.
    pub(crate) async fn ssm(&self, path: &str, body: &Value) -> Answer {
        let url = format!("{}/api/v1/auth/access-tokens{path}", self.sandbox.door_url(Door::Ssm));
        send(proven(self.http.post(url), "demo-secret").body(body.to_string())).await
    }

    pub(crate) async fn ssm_user(&self, cookie: &str) -> Answer {
        let body = json!({"grant_type": "authorization_code", "id_provider": "bk_login", "bk_token": cookie});
        self.ssm("", &body).await
    }

    pub(crate) async fn ssm_app(&self) -> Answer {
        self.ssm("", &json!({"grant_type": "client_credentials", "id_provider": "client"})).await
    }

    pub(crate) async fn ssm_refresh(&self, token: &str) -> Answer {
        self.ssm("/refresh", &json!({"refresh_token": token})).await
    }

    pub(crate) async fn ssm_verify(&self, token: &str) -> Answer {
        self.ssm("/verify", &json!({"access_token": token})).await
    }

    /// A GET of `auth_api`: the app's fields unless they are given, empty ones left out.
    pub(crate) async fn auth_api(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut query = BTreeMap::from([("app_code", "demo-app"), ("app_secret", "demo-secret"), ("env_name", "prod")]);
        query.extend(fields.iter().copied());
        query.retain(|_, value| !value.is_empty());
        let url = format!("{}/auth_api/{path}/", self.sandbox.door_url(Door::AuthApi));
        let url = reqwest::Url::parse_with_params(&url, query).expect("a URL");
        send(self.http.get(url)).await
    }

    pub(crate) async fn auth_api_user(&self, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("grant_type", "authorization_code"), ("bk_ticket", "ticket-alice"), ("rtx", "123")];
        fields.extend(more);
        self.auth_api("token", &fields).await
    }

    /// A call through the gateway with this in its header.
    pub(crate) async fn gateway(&self, path: &str, header: &Value) -> Answer {
        let url = self.sandbox.door_url(Door::Gateway) + path;
        send(self.http.get(url).header("X-Bkapi-Authorization", header.to_string())).await
    }

    pub(crate) async fn gateway_by_token(&self, token: &str) -> Answer {
        self.gateway("/api/demo/prod/users/", &json!({"access_token": token})).await
    }

    /// A form to bkauth's default realm.
    pub(crate) async fn bkauth(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        send(self.http.post(format!("{}/{path}", self.sandbox.realm_url("blueking"))).form(fields)).await
    }
}

pub(crate) fn proven(request: RequestBuilder, secret: &str) -> RequestBuilder {
    request.header("X-Bk-App-Code", "demo-app").header("X-Bk-App-Secret", secret)
}
