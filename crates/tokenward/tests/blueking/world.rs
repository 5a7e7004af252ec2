//! A sandbox that speaks BlueKing's dialects and plain OAuth, users who are logged in there, a vault folder, a clock that can be
//! moved, and as many clients on them as a test wants. A child process gets the same by its [`World::told`] text.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokenward::blueking::{AccessToken, BkApp, BkClient, Cookies, RequestParts};
use tokenward::core::ports::Clock;
use tokenward::core::{
    AbsentRefresh, App, AppSecret, ClientAuthentication, Endpoints, GrantId, Hosts, OAuth2App, OldAccess, Platform,
    ProfileName, RefreshEnd, Replay, Rules, TokenApi, UserName,
};
use tokenward::{Environment, Home, Observer, Session, SessionOptions, SystemEntropy};
use tokenward_emulator::{
    AppSpec, Brand, Door, DoorCounters, GraceAnswer, OldAccessToken, RefreshFate, Regrant, Sandbox, SandboxOptions,
    UserSpec,
};
use tokenward_testkit::{MovedClock, REDIRECT, consent};
use url::Url;

pub(crate) const CODE: &str = "demo-app";
pub(crate) const SECRET: &str = "demo-secret";
pub(crate) const REALM: &str = "blueking";

/// A dialect, with the knobs that make its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ssm {
        regrant: Regrant,
        refresh: RefreshFate,
    },
    AuthApi {
        refresh: RefreshFate,
    },
    BkAuth,
    /// A plain server that revokes families, and how long it forgives.
    Plain {
        grace: u64,
    },
}

impl Kind {
    pub(crate) const SSM: Self = Self::Ssm { regrant: Regrant::Supersede, refresh: RefreshFate::Constant };

    /// Those that take login cookies, in every combination.
    pub(crate) const BY_COOKIE: [Self; 6] = [
        Self::SSM,
        Self::Ssm { regrant: Regrant::Reuse, refresh: RefreshFate::Constant },
        Self::Ssm { regrant: Regrant::Supersede, refresh: RefreshFate::Rotates },
        Self::Ssm { regrant: Regrant::Reuse, refresh: RefreshFate::Rotates },
        Self::AuthApi { refresh: RefreshFate::Constant },
        Self::AuthApi { refresh: RefreshFate::Rotates },
    ];

    pub(crate) const ALL: [Self; 9] = [
        Self::BY_COOKIE[0],
        Self::BY_COOKIE[1],
        Self::BY_COOKIE[2],
        Self::BY_COOKIE[3],
        Self::BY_COOKIE[4],
        Self::BY_COOKIE[5],
        Self::BkAuth,
        Self::Plain { grace: 0 },
        Self::Plain { grace: 30 },
    ];

    pub(crate) const fn api(self) -> TokenApi {
        match self {
            Self::Ssm { .. } => TokenApi::Ssm,
            Self::AuthApi { .. } => TokenApi::AuthApi,
            Self::BkAuth => TokenApi::BkAuth,
            Self::Plain { .. } => TokenApi::Rfc6749,
        }
    }

    pub(crate) const fn door(self) -> Door {
        match self {
            Self::Ssm { .. } => Door::Ssm,
            Self::AuthApi { .. } => Door::AuthApi,
            Self::BkAuth => Door::Bkauth,
            Self::Plain { .. } => Door::Plain,
        }
    }

    const fn cookies(self) -> bool {
        matches!(self, Self::Ssm { .. } | Self::AuthApi { .. })
    }
}

/// What a client needs to know: which app, which folder, which time it is.
pub(crate) struct Stand {
    pub(crate) app: App,
    pub(crate) home: PathBuf,
    pub(crate) clock: Arc<MovedClock>,
    cookies: Cookies,
    rules: BTreeMap<tokenward::core::AppName, Rules>,
    grace: u64,
}

impl Stand {
    fn new(app: App, home: PathBuf, ahead: i64, grace: u64) -> Self {
        let cookies = if app.token_api == TokenApi::AuthApi { Cookies::bk_ticket() } else { Cookies::bk_token() };
        let rules = match app.token_api {
            TokenApi::Rfc6749 => BTreeMap::from([(app.name.clone(), plain_rules(grace))]),
            _ => BTreeMap::new(),
        };
        Self { app, home, clock: Arc::new(MovedClock::ahead_by(ahead)), cookies, rules, grace }
    }

    pub(crate) fn told(&self) -> String {
        json!({
            "home": self.home, "open": self.app.hosts.open, "accounts": self.app.hosts.accounts,
            "api": self.app.token_api.as_str(), "ahead": self.clock.ahead(), "grace": self.grace,
        })
        .to_string()
    }

    pub(crate) fn read(told: &str) -> Self {
        let told: Value = serde_json::from_str(told).unwrap();
        let text = |key: &str| told[key].as_str().unwrap();
        let hosts = Hosts { open: text("open").parse().unwrap(), accounts: text("accounts").parse().unwrap() };
        let app = app(text("api").parse().unwrap(), hosts);
        Self::new(app, text("home").into(), told["ahead"].as_i64().unwrap(), told["grace"].as_u64().unwrap())
    }

    pub(crate) async fn session(&self, observer: Option<Arc<dyn Observer>>) -> Session {
        let home = Home::resolve(Some(&self.home), &Environment::default()).unwrap();
        let options = SessionOptions::new(&home, self.clock.clone(), Arc::new(SystemEntropy)).observer(observer);
        Session::open_under(options, self.rules.clone()).await.unwrap()
    }

    /// One more process, as far as the vault can tell.
    pub(crate) async fn client(&self) -> BkClient {
        self.client_of(&self.session(None).await)
    }

    pub(crate) fn client_of(&self, session: &Session) -> BkClient {
        BkClient::new(session, self.app.clone(), profile(), self.cookies.clone())
    }
}

/// The sandbox beside a stand.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) stand: Stand,
    pub(crate) kind: Kind,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new(kind: Kind) -> Self {
        let options = SandboxOptions { seed: Some(7), ..SandboxOptions::default() };
        Self::over(Sandbox::start(options).await.unwrap(), kind)
    }

    /// For tests without a runtime of their own.
    pub(crate) fn blocking(kind: Kind) -> Self {
        let options = SandboxOptions { seed: Some(7), ..SandboxOptions::default() };
        Self::over(Sandbox::start_blocking(options).unwrap(), kind)
    }

    fn over(sandbox: Sandbox, kind: Kind) -> Self {
        sandbox.consent_auto();
        let brand = if kind == Kind::BkAuth || kind.cookies() { Brand::BlueKing } else { Brand::OAuth2 };
        sandbox.app(AppSpec::new(brand).credentials(CODE, SECRET).redirect(REDIRECT));
        for user in ["alice", "bob"] {
            log_in_at_blueking(&sandbox, user);
        }
        sandbox.rules(|rules| match kind {
            Kind::Ssm { regrant, refresh } => {
                rules.blueking.ssm.regrant = regrant;
                rules.blueking.ssm.tokens.refresh = refresh;
            }
            Kind::AuthApi { refresh } => rules.blueking.auth_api.tokens.refresh = refresh,
            Kind::BkAuth => {}
            Kind::Plain { grace } => {
                rules.plain.grace_seconds = grace;
                rules.plain.grace_answer = GraceAnswer::SamePair;
                rules.plain.family_revocation = true;
                rules.plain.old_access_token = OldAccessToken::UntilExpiry;
            }
        });
        let url = |door| Url::parse(&sandbox.door_url(door)).unwrap();
        let hosts = Hosts { open: url(Door::Gateway), accounts: url(kind.door()) };
        let folder = tempfile::tempdir().unwrap();
        let grace = if let Kind::Plain { grace } = kind { grace } else { 0 };
        let stand = Stand::new(app(kind.api(), hosts), folder.path().to_owned(), 0, grace);
        Self { sandbox, stand, kind, _folder: folder }
    }

    /// Time passes for everyone.
    pub(crate) fn pass(&self, time: Duration) {
        self.sandbox.advance(time);
        self.stand.clock.advance(SignedDuration::try_from(time).unwrap());
    }

    /// So much time that a token of that life is due and not yet dead.
    pub(crate) fn near_expiry(&self, token: &AccessToken) {
        let left = token.expires.duration_since(self.stand.clock.now()) - SignedDuration::from_secs(20);
        self.pass(Duration::try_from(left).unwrap());
    }

    pub(crate) fn counters(&self) -> DoorCounters {
        self.sandbox.counters().doors.get(&self.kind.door()).copied().unwrap_or_default()
    }

    pub(crate) fn is_good(&self, token: &AccessToken) -> bool {
        self.sandbox.is_good(token.access_token.expose())
    }

    /// Nothing happened that should not have.
    pub(crate) fn assert_clean(&self) {
        let verdict = self.sandbox.check();
        assert!(verdict.is_clean(), "{:?}: {:#?}", self.kind, verdict.violations);
    }

    /// How many grants the vault holds.
    pub(crate) async fn grants(&self) -> usize {
        self.stand.session(None).await.keeper().list().await.unwrap().len()
    }
}

/// A user with a login cookie under every name.
pub(crate) fn log_in_at_blueking(sandbox: &Sandbox, user: &str) {
    let spec = UserSpec::new(user).id(user).cookie("bk_token", &cookie(user)).cookie("bk_ticket", &cookie(user));
    sandbox.add_user(spec.cookie("skey", &cookie(user)));
}

/// The login cookie of a user.
pub(crate) fn cookie(user: &str) -> String {
    format!("cookie-of-{user}")
}

/// A request of a user with that user's cookies.
pub(crate) fn request(user: &str) -> RequestParts {
    with_cookies_of(RequestParts::of_user(user), user)
}

pub(crate) fn with_cookies_of(request: RequestParts, user: &str) -> RequestParts {
    request.with_cookie("bk_token", &cookie(user)).with_cookie("bk_ticket", &cookie(user)).with_cookie("bk_uid", user)
}

pub(crate) fn profile() -> ProfileName {
    "demo".parse().unwrap()
}

pub(crate) fn name_of(user: &str) -> ProfileName {
    profile().of_user(&user.parse::<UserName>().unwrap())
}

pub(crate) fn app(api: TokenApi, hosts: Hosts) -> App {
    if api == TokenApi::Rfc6749 {
        return App {
            name: CODE.parse().unwrap(),
            hosts,
            client_id: CODE.to_owned(),
            secret: Some(AppSecret::parse(SECRET).unwrap()),
            token_api: api,
            platform: Platform::OAuth2(OAuth2App {
                endpoints: Endpoints::default(),
                authentication: Some(ClientAuthentication::Basic),
            }),
        };
    }
    let Hosts { open, accounts } = hosts;
    BkApp::new(CODE, SECRET, accounts).unwrap().dialect(api).realm(REALM).gateway(open).build().unwrap()
}

/// What a config says of a plain server that revokes families.
fn plain_rules(grace: u64) -> Rules {
    Rules {
        old_access: OldAccess::Stays,
        absent_refresh: AbsentRefresh::KeepsOld,
        replay: Replay::Punished { grace: Duration::from_secs(grace) },
        margin: Duration::from_secs(300),
        jitter: Duration::from_secs(60),
        assumed_access: Duration::from_secs(3600),
        assumed_refresh: None,
        refresh_end: RefreshEnd::Sliding,
        wall: None,
        send_deadline: Duration::from_secs(30),
        rate: None,
    }
}

/// A grant of a dialect with a login page, by the true path: page, redirect, code, exchange.
pub(crate) async fn log_in(world: &World, user: &str) -> GrantId {
    use tokenward::LoginRequest;
    use tokenward::core::Scopes;

    let session = world.stand.session(None).await;
    let (keeper, app) = (session.keeper(), &world.stand.app);
    let scopes = Scopes::parse("offline_access read").unwrap().0;
    let request = LoginRequest::new(scopes, REDIRECT.parse().unwrap());
    let attempt = keeper.begin_login(app, request).await.unwrap();
    let consent = consent(&attempt).await;
    let report = keeper.finish_login(app, &name_of(user), attempt, consent).await.unwrap();
    report.report.grant.id
}
