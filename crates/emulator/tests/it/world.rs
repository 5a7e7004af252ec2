//! A sandbox with one app and one user, and a client that follows nothing and retries nothing.

use std::collections::BTreeMap;
use std::sync::Once;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokenward_emulator::{
    ApiLimits, App, AppSpec, Brand, DEFAULT_SCOPES, Endpoint, Sandbox, SandboxOptions, SeededTokens, TokenApi, User,
};
use url::Url;

pub(crate) const CALLBACK: &str = "http://127.0.0.1:9000/callback";
pub(crate) const OFFLINE: &[&str] = &["offline_access", "auth:user.id:read", "wiki:wiki"];

/// Turns a switch of an app, and the code that follows when it is off.
pub(crate) type Switch = (fn(&mut App, bool), u64);

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) app: App,
    pub(crate) user: User,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn code(&self) -> u64 {
        self.json()["code"].as_u64().unwrap_or_else(|| panic!("no code: {}", self.text))
    }

    pub(crate) fn field(&self, name: &str) -> String {
        let body = self.json();
        let found = body["data"].get(name).or_else(|| body.get(name)).and_then(Value::as_str).map(str::to_owned);
        found.unwrap_or_else(|| panic!("no {name}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn location(&self) -> Url {
        let value = self.headers.get(LOCATION).unwrap_or_else(|| panic!("no redirect: {self:?}"));
        Url::parse(value.to_str().expect("ASCII")).expect("a URL")
    }

    pub(crate) fn is(&self, status: u16, code: u64) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("a whole body") }
}

pub(crate) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("installed once");
    });
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()
        .expect("a client")
}

/// The body that inserts what was converted: without `merge_info`.
pub(crate) fn insertion(converted: &Value) -> Value {
    let mut blocks = converted["blocks"].clone();
    for block in blocks.as_array_mut().expect("blocks") {
        if let Some(property) = block.pointer_mut("/table/property").and_then(Value::as_object_mut) {
            property.remove("merge_info");
        }
    }
    json!({"children_id": converted["first_level_block_ids"], "descendants": blocks})
}

impl World {
    pub(crate) async fn new() -> Self {
        let options = SandboxOptions { seed: Some(7), ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.expect("loopback ports");
        let app = sandbox.app(AppSpec::new(Brand::Feishu).credentials("cli_main", "main-secret").redirect(CALLBACK));
        let user = sandbox.user("Ada");
        sandbox.consent_auto();
        Self { sandbox, http: client(), app, user }
    }

    pub(crate) fn open(&self, path: &str) -> String {
        self.sandbox.open_url(Brand::Feishu) + path
    }

    pub(crate) fn accounts(&self, path: &str) -> String {
        self.sandbox.accounts_url(Brand::Feishu) + path
    }

    pub(crate) fn url(&self, endpoint: Endpoint) -> String {
        let (door, _, path) = endpoint.address();
        match door {
            tokenward_emulator::Door::Accounts => self.accounts(path),
            tokenward_emulator::Door::Open => self.open(path),
            door => self.sandbox.door_url(door) + path,
        }
    }

    pub(crate) async fn get(&self, url: &str, bearer: &str) -> Answer {
        send(self.http.get(url).bearer_auth(bearer)).await
    }

    /// A business call.
    pub(crate) async fn call(&self, method: &str, path: &str, bearer: &str, body: &Value) -> Answer {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, self.open(path)).bearer_auth(bearer);
        let request = if body.is_null() {
            request
        } else {
            request.header(CONTENT_TYPE, "application/json; charset=utf-8").body(body.to_string())
        };
        send(request).await
    }

    /// A business call that must succeed; its data.
    pub(crate) async fn good(&self, method: &str, path: &str, bearer: &str, body: &Value) -> Value {
        let answer = self.call(method, path, bearer, body).await;
        answer.is(200, 0);
        answer.json()["data"].take()
    }

    /// A user token with every scope of the app, and no limits by rate.
    pub(crate) fn writer(&self) -> String {
        self.sandbox.rules(|rules| rules.api_limits = ApiLimits::NONE);
        let tokens = self.sandbox.seed_grant(&self.app.id, &self.user.id, &DEFAULT_SCOPES).expect("app and user exist");
        tokens.access_token
    }

    /// One more token of the same user.
    pub(crate) fn seed_all(&self) -> String {
        self.sandbox.seed_grant(&self.app.id, &self.user.id, &DEFAULT_SCOPES).expect("app and user exist").access_token
    }

    /// The app's tenant token.
    pub(crate) async fn tenant_token(&self) -> String {
        let body = json!({"app_id": self.app.id, "app_secret": self.app.secret});
        self.json(&self.url(Endpoint::TenantTokenInternal), &body).await.field("tenant_access_token")
    }

    /// An empty document in the caller's personal library; its id.
    pub(crate) async fn page(&self, bearer: &str, title: &str) -> String {
        let space = self.good("GET", "/open-apis/wiki/v2/spaces/my_library", bearer, &Value::Null).await;
        let path = format!("/open-apis/wiki/v2/spaces/{}/nodes", space["space"]["space_id"].as_str().expect("an id"));
        let node = json!({"obj_type": "docx", "node_type": "origin", "title": title});
        let data = self.good("POST", &path, bearer, &node).await;
        data["node"]["obj_token"].as_str().expect("an id").to_owned()
    }

    /// What `blocks/convert` makes of a Markdown text.
    pub(crate) async fn convert(&self, bearer: &str, markdown: &str) -> Value {
        let body = json!({"content_type": "markdown", "content": markdown});
        self.good("POST", "/open-apis/docx/v1/documents/blocks/convert", bearer, &body).await
    }

    /// Converts a text and appends it to a document, as a client does; the answer of the insertion.
    pub(crate) async fn write(&self, bearer: &str, document: &str, markdown: &str) -> Value {
        let converted = self.convert(bearer, markdown).await;
        let path = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/descendant");
        self.good("POST", &path, bearer, &insertion(&converted)).await
    }

    pub(crate) async fn json(&self, url: &str, body: &Value) -> Answer {
        send(self.http.post(url).header(CONTENT_TYPE, "application/json; charset=utf-8").body(body.to_string())).await
    }

    pub(crate) async fn form(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        send(self.http.post(url).form(fields)).await
    }

    /// The authorization page's address with the usual fields, some of them replaced, added or (empty) left out.
    pub(crate) fn authorize_url(&self, changes: &[(&str, &str)]) -> Url {
        let mut fields = BTreeMap::from([
            ("client_id", self.app.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "offline_access auth:user.id:read wiki:wiki"),
            ("state", "st&te=1"),
        ]);
        fields.extend(changes.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        Url::parse_with_params(&self.accounts("/open-apis/authen/v1/authorize"), fields).expect("a URL")
    }

    /// A code by automatic consent.
    pub(crate) async fn authorization_code(&self, changes: &[(&str, &str)]) -> String {
        let answer = send(self.http.get(self.authorize_url(changes))).await;
        let callback = answer.location();
        let code = callback.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        code.unwrap_or_else(|| panic!("no code: {callback}"))
    }

    /// The body of a token request with this app's credentials.
    pub(crate) fn body(&self, grant_type: &str, fields: &[(&str, &str)]) -> Value {
        let mut body = json!({"grant_type": grant_type, "client_id": self.app.id, "client_secret": self.app.secret});
        for (name, value) in fields {
            body[*name] = json!(value);
        }
        body
    }

    pub(crate) async fn exchange(&self, endpoint: Endpoint, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("code", code)];
        fields.extend(more);
        self.json(&self.url(endpoint), &self.body("authorization_code", &fields)).await
    }

    pub(crate) async fn refresh(&self, endpoint: Endpoint, token: &str) -> Answer {
        self.json(&self.url(endpoint), &self.body("refresh_token", &[("refresh_token", token)])).await
    }

    /// An app access token for the v1 endpoints.
    pub(crate) async fn app_token(&self) -> String {
        let body = json!({"app_id": self.app.id, "app_secret": self.app.secret});
        self.json(&self.url(Endpoint::AppTokenInternal), &body).await.field("app_access_token")
    }

    pub(crate) async fn v1(&self, endpoint: Endpoint, bearer: &str, body: &Value) -> Answer {
        let request = self.http.post(self.url(endpoint)).bearer_auth(bearer);
        send(request.header(CONTENT_TYPE, "application/json").body(body.to_string())).await
    }

    pub(crate) async fn v1_refresh(&self, endpoint: Endpoint, bearer: &str, token: &str) -> Answer {
        self.v1(endpoint, bearer, &json!({"grant_type": "refresh_token", "refresh_token": token})).await
    }

    pub(crate) fn seed(&self, api: TokenApi) -> SeededTokens {
        self.sandbox.seed_grant_by(api, &self.app.id, &self.user.id, OFFLINE).expect("app and user exist")
    }

    /// A seeded v3 refresh token.
    pub(crate) fn seed_refresh(&self) -> String {
        self.seed(TokenApi::V3).refresh_token.expect("offline_access was granted")
    }
}
