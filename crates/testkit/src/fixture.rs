//! The library before a provider: a sandbox, an app and a user there, a vault folder, and a clock that goes with the provider's.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tempfile::TempDir;
use tokenward::core::{App, AppSecret, AuthorizationCode, Brand, FeishuApp, Hosts, ProfileName, Scopes, TokenApi};
use tokenward::{
    Consent, Environment, Error, Home, Keeper, LoginAttempt, LoginReport, LoginRequest, Session, SessionOptions,
    SystemEntropy,
};
use tokenward_emulator::{AppSpec, Sandbox};
use url::Url;

use crate::clock::MovedClock;

/// Where a browser comes back to.
pub const REDIRECT: &str = "http://127.0.0.1:9768/callback";

/// What most tests stand on.
pub struct Stand {
    /// The provider. It consents by itself, for a user called Ada.
    pub sandbox: Sandbox,
    /// Our time.
    pub clock: Arc<MovedClock>,
    /// Our app, as a config would have it.
    pub app: App,
    /// The id of the user.
    pub user: String,
    /// Our home.
    pub folder: TempDir,
}

impl Stand {
    /// Before an app of Feishu's.
    pub fn feishu(sandbox: Sandbox) -> Self {
        Self::new(sandbox, TokenApi::V3, Brand::Feishu)
    }

    /// Before an app of a brand that asks by a family of endpoints.
    pub fn new(sandbox: Sandbox, token_api: TokenApi, brand: Brand) -> Self {
        sandbox.consent_auto();
        let there = match brand {
            Brand::Lark => tokenward_emulator::Brand::Lark,
            Brand::Feishu => tokenward_emulator::Brand::Feishu,
        };
        let registered = sandbox.app(AppSpec::new(there).redirect(REDIRECT));
        let user = sandbox.user("Ada").id;
        let address = |text: String| Url::parse(&text).expect("the sandbox has an address");
        let hosts = Hosts { open: address(sandbox.open_url(there)), accounts: address(sandbox.accounts_url(there)) };
        let app = App {
            name: "work".parse().expect("a name"),
            hosts,
            client_id: registered.id,
            secret: Some(AppSecret::parse(registered.secret).expect("a secret")),
            token_api,
            platform: FeishuApp::new(brand).into(),
        };
        let folder = tempfile::tempdir().expect("a folder");
        Self { sandbox, clock: Arc::default(), app, user, folder }
    }

    /// Our home.
    pub fn home(&self) -> Home {
        Home::resolve(Some(self.folder.path()), &Environment::default()).expect("a folder is a home")
    }

    /// Another process, as far as the vault can tell: its own connections and its own locks.
    pub async fn session(
        &self,
        wishes: impl FnOnce(SessionOptions<'_>) -> SessionOptions<'_>,
    ) -> Result<Session, Error> {
        let home = self.home();
        let options = wishes(SessionOptions::new(&home, self.clock.clone(), Arc::new(SystemEntropy)));
        Session::open(options).await
    }

    /// A login by the true path: authorization page, redirect, code, exchange.
    pub async fn log_in(
        &self,
        keeper: &Keeper,
        profile: &ProfileName,
        request: LoginRequest,
    ) -> Result<LoginReport, Error> {
        let attempt = keeper.begin_login(&self.app, request).await?;
        let consent = consent(&attempt).await;
        keeper.finish_login(&self.app, profile, attempt, consent).await
    }

    /// Time passes for everyone.
    pub fn pass(&self, time: Duration) {
        self.sandbox.advance(time);
        self.clock.advance(SignedDuration::try_from(time).expect("no test takes that long"));
    }

    /// No refresh token was sent again with a known outcome, and no login was lost by the client.
    pub fn assert_clean(&self) {
        let verdict = self.sandbox.check();
        assert!(verdict.is_clean(), "{:#?}", verdict.violations);
    }
}

/// A wish for these scopes and what keeps a login alive.
pub fn login_request(scopes: &str) -> LoginRequest {
    let (scopes, _) = Scopes::parse(scopes).expect("scopes");
    LoginRequest::new(scopes.for_login().expect("scopes of a login"), REDIRECT.parse().expect("an address"))
}

/// What a browser brings back from the page of an attempt, at a provider that consents by itself.
pub async fn consent(attempt: &LoginAttempt) -> Consent {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let answer = browser.build().expect("a client").get(attempt.url().clone()).send().await.expect("a page");
    let status = answer.status();
    let location = answer.headers().get("location").map(|value| value.to_str().expect("an address").to_owned());
    let location = location.unwrap_or_else(|| panic!("the page answered {status}"));
    let back = Url::parse(&location).expect("an address");
    let value = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(value("state").as_deref(), Some(attempt.state()), "{location}");
    let code = AuthorizationCode::parse(value("code").unwrap_or_else(|| panic!("{location}"))).expect("a code");
    Consent::new(code, back.query().unwrap_or_default())
}
