//! Whose a login is that was brought, while nobody says so: who is served what meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokenward::core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, CodeExchange, Consent, DeviceLogin, Prepared,
    Provider, ProviderFacts, Sent, TokenEndpoint,
};
use tokenward::core::{
    AccessToken, App, AppName, Code, DeviceCode, ExitClass, OldAccess, Outcome, RawAnswer, RefreshToken, Rules, Scopes,
    Spend, Subject, TokenApi, TokenWish,
};
use tokenward::{ApiClient, ApiOptions, Call, CallOptions, Caller, Calls, Identity, Keeper, KeeperOptions, Notice};
use tokenward_emulator::{Fault, Operation};
use url::Url;

use super::{Desk, env, work};

/// Two of nobody knows whom, one upon the other, and the upper one cannot be tried: what gave way is no more the profile's than that one,
/// and the profile's own serves.
#[tokio::test]
async fn i7_a_reader_is_served_while_a_second_untold_login_is_on_trial() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
    assert_eq!(desk.token().await.access.token, before.access.token);
    assert_eq!(desk.world.sandbox.counters().refreshes, 1, "the first has turned");
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::code(20050).when(Operation::Refresh).forever());
    for number in 0..3 {
        let handed = desk.token().await;
        assert_eq!((handed.grant, &handed.access.token), (desk.id, &before.access.token), "{number}");
        assert_eq!(handed.failed.unwrap().code(), Code::ProviderUnavailable, "{number}");
        let grant = desk.keeper.status(desk.id).await.unwrap().grant;
        assert!(grant.unproven && grant.on_trial, "{number}");
    }
}

/// Where a refresh ends what was there before it, what was brought has ended the profile's own token with its first rotation, as far as anybody
/// can tell: it is served to nobody, the call that rotated it included.
#[tokio::test]
async fn the_profiles_own_token_is_served_to_nobody_where_the_next_login_may_have_ended_it() {
    let desk = Desk::new().await;
    let ends = desk.ending_keeper().await;
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
    for number in 0..2 {
        let error = ends.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::UserNotTold, "{number}");
    }
    assert_eq!(desk.world.sandbox.counters().refreshes, 1);
}

/// The same while it could not be rotated: nothing has ended anything.
#[tokio::test]
async fn i7_the_profiles_own_token_is_served_until_the_next_login_has_rotated() {
    let desk = Desk::new().await;
    let ends = desk.ending_keeper().await;
    let before = desk.token().await;
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::code(20050).when(Operation::Refresh).times(2));
    for number in 0..2 {
        let handed = ends.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap();
        assert_eq!(handed.access.token, before.access.token, "{number}");
    }
}

/// A person logs in and the provider does not say as whom: that login is not used, and the one before it serves, until the provider says so,
/// or a person ends it all.
#[tokio::test]
async fn a_persons_own_login_is_not_used_until_somebody_says_whose_it_is() {
    for logs_out in [false, true] {
        let desk = Desk::unlinked().await;
        let before = desk.token().await;
        desk.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
        desk.world.log_in(&desk.keeper, "work").await;
        let grant = desk.keeper.status(desk.id).await.unwrap().grant;
        assert!(grant.unproven && !grant.on_trial, "{grant:?}");
        for number in 0..2 {
            let handed = desk.token().await;
            assert_eq!((handed.grant, &handed.access.token), (desk.id, &before.access.token), "{number}");
            assert_eq!(handed.failed.unwrap().code(), Code::UserNotTold, "{number}");
            let error = desk.keeper.renew(&desk.world.app, desk.id).await.unwrap_err();
            assert_eq!(error.code(), Code::UserNotTold, "{number}");
        }
        if logs_out {
            desk.keeper.logout(Some(&desk.world.app), desk.id, false).await.unwrap();
            let error = desk.keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
            assert_eq!(error.code().exit(), ExitClass::NeedsConsent, "{error}");
            continue;
        }
        desk.world.sandbox.clear_faults();
        let handed = desk.token().await;
        assert!(handed.failed.is_none() && handed.generation > before.generation, "{handed:?}");
        let grant = desk.keeper.status(desk.id).await.unwrap().grant;
        assert_eq!((grant.unproven, grant.subject.unwrap().name.as_deref()), (false, Some("Ada")));
        assert_eq!(desk.replays(), 0);
    }
}

/// Calls made meanwhile say once that they are made with the profile's own token. When the provider calls that one dead, nobody is handed it
/// again.
#[tokio::test]
async fn a_token_of_before_that_is_called_dead_serves_nobody() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::drop_request().to(USER_INFO).forever());
    assert_eq!(desk.token().await.access.token, before.access.token);
    let calls = Calls::feishu(desk.world.clock.clone(), CallOptions::default());
    let whose = Identity::User(desk.id);
    let client = ApiClient::new(desk.keeper.clone(), desk.world.app.clone(), whose, calls, ApiOptions::default());
    for _ in 0..3 {
        client.call(Call::get(USER_ONLY)).await.unwrap();
    }
    let told = client.take_notices();
    assert!(matches!(&told[..], [Notice::RotationFailed(error)] if error.code() == Code::UserNotTold), "{told:?}");
    desk.world.sandbox.inject(Fault::code(99_991_677).to(USER_ONLY).times(1));
    for _ in 0..2 {
        let error = client.call(Call::get(USER_ONLY)).await.unwrap_err();
        assert_eq!(error.code(), Code::UserNotTold);
        let error = desk.keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::UserNotTold);
    }
    assert_eq!(desk.world.sandbox.counters().refreshes, 1);
}

/// Whoever says that a login was read a moment ago is believed about that profile alone.
#[tokio::test]
async fn another_profiles_login_is_not_handed_out_under_this_one() {
    let desk = Desk::unlinked().await;
    let (theirs, _) = desk.world.log_in(&desk.keeper, "home").await;
    let read = desk.keeper.login(theirs).await.unwrap();
    let handed = desk.keeper.access_seen(&desk.world.app, &work(), Some(read), TokenWish::default()).await.unwrap();
    assert_eq!(handed.grant, desk.id);
}

/// Readers of one process who come at one moment ask once.
#[tokio::test]
async fn readers_ask_together_whose_a_login_is() {
    let desk = Desk::new().await;
    let mut parts = desk.world.parts().await;
    let rules = parts.provider.rules(&desk.world.app.name, desk.world.app.token_api).clone();
    let around = Around::new(Arc::clone(&parts.provider), rules);
    let most = Arc::clone(&around.most);
    parts.provider = Arc::new(around);
    let keeper = Keeper::new(parts, KeeperOptions::default());
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::drop_request().to(USER_INFO).forever());
    let before = keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap();
    desk.world.sandbox.rules(|rules| rules.latency_before_ms = 200);
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let (keeper, app) = (keeper.clone(), desk.world.app.clone());
            tokio::spawn(async move { keeper.access_as(&app, &work(), TokenWish::default()).await })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap().access.token, before.access.token);
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

impl Desk {
    /// A keeper on the same vault, by whose rules a refresh ends the access token that was there.
    async fn ending_keeper(&self) -> Keeper {
        let mut parts = self.world.parts().await;
        let rules = parts.provider.rules(&self.world.app.name, self.world.app.token_api).clone();
        let inner = Arc::clone(&parts.provider);
        parts.provider = Arc::new(Around {
            rules: Rules { old_access: OldAccess::Dies, ..rules },
            ..Around::new(inner, rules.clone())
        });
        Keeper::new(parts, KeeperOptions::default())
    }
}

const USER_INFO: &str = "/open-apis/authen/v1/user_info";
const USER_ONLY: &str = "/open-apis/sandbox/v1/user_only";

/// A provider by other rules, who counts how many ask at once whose a token is.
struct Around {
    inner: Arc<dyn Provider>,
    rules: Rules,
    asking: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Around {
    fn new(inner: Arc<dyn Provider>, rules: Rules) -> Self {
        Self { inner, rules, asking: Arc::default(), most: Arc::default() }
    }
}

impl ProviderFacts for Around {
    fn rules(&self, _: &AppName, _: TokenApi) -> &Rules {
        &self.rules
    }
}

#[async_trait]
impl TokenEndpoint for Around {
    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError> {
        self.inner.prepare(app, api).await
    }

    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent {
        self.inner.refresh(app, prepared, spend, timeout).await
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent {
        self.inner.exchange(app, prepared, exchange, timeout).await
    }

    fn read(&self, app: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome {
        self.inner.read(app, api, answer)
    }
}

#[async_trait]
impl Consent for Around {
    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError> {
        self.inner.authorization_url(app, request).await
    }

    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError> {
        self.inner.device_begin(app, scopes).await
    }

    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent {
        self.inner.device_poll(app, code, timeout).await
    }
}

#[async_trait]
impl Account for Around {
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        self.inner.app_token(app, kind).await
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        let now = self.asking.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let told = self.inner.user_info(app, token).await;
        self.asking.fetch_sub(1, Ordering::SeqCst);
        told
    }

    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError> {
        self.inner.revoke(app, refresh, access).await
    }
}
