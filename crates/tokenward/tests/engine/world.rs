//! A sandbox, a vault folder, a clock that can be moved, and as many keepers on them as a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokenward::core::ports::Clock;
use tokenward::core::{
    App, AppSecret, AuthorizationCode, Brand, FeishuApp, GrantId, Hosts, ProfileName, Scopes, TokenApi,
};
use tokenward::{
    Error, Home, Keeper, KeeperOptions, LoginReport, LoginRequest, NoObserver, Observer, Parts, Session,
    SessionOptions, SystemEntropy,
};
use tokenward_emulator::{AppSpec, Sandbox, SandboxOptions};
use url::Url;

pub(crate) const REDIRECT: &str = "http://127.0.0.1:9768/callback";

/// Real time plus an offset.
pub(crate) struct MovedClock(AtomicI64);

impl MovedClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    #[expect(clippy::disallowed_methods, reason = "the test's one clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Arc<MovedClock>,
    pub(crate) app: App,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(TokenApi::V3, Brand::Feishu).await
    }

    pub(crate) async fn with(token_api: TokenApi, brand: Brand) -> Self {
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(7), ..SandboxOptions::default() }).await.unwrap();
        sandbox.consent_auto();
        let there = match brand {
            Brand::Lark => tokenward_emulator::Brand::Lark,
            Brand::Feishu => tokenward_emulator::Brand::Feishu,
        };
        let registered = sandbox.app(AppSpec::new(there).redirect(REDIRECT));
        sandbox.user("Ada");
        let app = App {
            name: "work".parse().unwrap(),
            hosts: Hosts {
                open: Url::parse(&sandbox.open_url(there)).unwrap(),
                accounts: Url::parse(&sandbox.accounts_url(there)).unwrap(),
            },
            client_id: registered.id,
            secret: Some(AppSecret::parse(registered.secret).unwrap()),
            token_api,
            platform: FeishuApp::new(brand).into(),
        };
        let folder = tempfile::tempdir().unwrap();
        Self { sandbox, clock: Arc::new(MovedClock(AtomicI64::new(0))), app, folder }
    }

    pub(crate) async fn keeper(&self) -> Keeper {
        self.observed(Arc::new(NoObserver)).await.unwrap()
    }

    /// Another process, as far as the vault can tell: its own connections and its own locks.
    pub(crate) async fn observed(&self, observer: Arc<dyn Observer>) -> Result<Keeper, Error> {
        Ok(self.session(observer).await?.keeper().clone())
    }

    /// What such a keeper is made of.
    pub(crate) async fn parts(&self) -> Parts {
        self.session(Arc::new(NoObserver)).await.unwrap().parts().clone()
    }

    /// A keeper that cannot see the others' processes, and they not its own: another machine on the same folder.
    pub(crate) async fn keeper_elsewhere(&self) -> Keeper {
        let mut parts = self.parts().await;
        let blind = tokenward::Processes::new(std::path::Path::new("/no/such/table"), &SystemEntropy);
        parts.witness = std::sync::Arc::new(blind);
        Keeper::new(parts, KeeperOptions::default())
    }

    pub(crate) fn home(&self) -> Home {
        Home::resolve(Some(self.folder.path()), &tokenward::Environment::default()).unwrap()
    }

    async fn session(&self, observer: Arc<dyn Observer>) -> Result<Session, Error> {
        let home = self.home();
        Session::open(SessionOptions::new(&home, self.clock.clone(), Arc::new(SystemEntropy)).observer(Some(observer)))
            .await
    }

    /// A login by the true path: authorization page, redirect, code, exchange.
    pub(crate) async fn log_in(&self, keeper: &Keeper, profile: &str) -> (GrantId, LoginReport) {
        let report = self.try_log_in(keeper, profile).await.unwrap();
        (report.report.grant.id, report)
    }

    pub(crate) async fn try_log_in(&self, keeper: &Keeper, profile: &str) -> Result<LoginReport, Error> {
        self.log_in_by(keeper, profile, false).await
    }

    /// The same, perhaps with a yes to another user.
    pub(crate) async fn log_in_by(
        &self,
        keeper: &Keeper,
        profile: &str,
        replace_user: bool,
    ) -> Result<LoginReport, Error> {
        let (scopes, _) = Scopes::parse("contact:user.base:readonly").unwrap();
        let attempt = keeper.begin_login(
            &self.app,
            LoginRequest::new(scopes.for_login().unwrap(), REDIRECT.parse().unwrap()).replace_user(replace_user),
        );
        let attempt = attempt.await?;
        let code = self.consent(attempt.url(), attempt.state()).await;
        let profile: ProfileName = profile.parse().unwrap();
        keeper.finish_login(&self.app, &profile, attempt, code).await
    }

    async fn consent(&self, page: &Url, state: &str) -> AuthorizationCode {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client.get(page.clone()).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let back = Url::parse(&location).unwrap();
        let value = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert_eq!(value("state"), state);
        AuthorizationCode::parse(value("code")).unwrap()
    }

    /// Time passes for everyone.
    pub(crate) fn pass(&self, time: Duration) {
        self.sandbox.advance(time);
        self.clock.advance(SignedDuration::try_from(time).unwrap());
    }

    /// Past the access token's end.
    pub(crate) fn expire(&self) {
        self.pass(Duration::from_secs(7300));
    }

    /// The access token of the only login that the provider would accept now.
    pub(crate) fn live_access(&self) -> Vec<String> {
        self.sandbox
            .current_tokens()
            .into_iter()
            .flat_map(|login| login.access_tokens)
            .map(|access| access.token)
            .collect()
    }

    /// No refresh token was sent again with a known outcome, and no login was lost by the client.
    pub(crate) fn assert_clean(&self) {
        let verdict = self.sandbox.check();
        assert!(verdict.is_clean(), "{:#?}", verdict.violations);
    }
}
