//! Whose a login is that was brought, while nobody says so: who is served what meanwhile.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward::core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, CodeExchange, Consent, DeviceLogin, Known,
    Prepared, Provider, Sent, TokenEndpoint,
};
use tokenward::core::{
    AccessToken, App, AppName, Ask, Code, DeviceCode, OldAccess, Outcome, RawAnswer, RefreshToken, Rules, Scopes,
    Spend, Subject, TokenApi,
};
use tokenward::{Keeper, KeeperOptions};
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

/// Where a refresh ends what was there before it, what was brought has ended the profile's own token with its first turn, as far as anybody
/// can tell: it is served to nobody, the call that turned it included.
#[tokio::test]
async fn the_profiles_own_token_is_served_to_nobody_where_the_next_login_may_have_ended_it() {
    let desk = Desk::new().await;
    let ends = desk.ending_keeper().await;
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
    for number in 0..2 {
        let error = ends.access_as(&desk.world.app, &work(), Ask::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::UserNotTold, "{number}");
    }
    assert_eq!(desk.world.sandbox.counters().refreshes, 1);
}

/// The same while it could not be turned: nothing has ended anything.
#[tokio::test]
async fn i7_the_profiles_own_token_is_served_until_the_next_login_has_turned() {
    let desk = Desk::new().await;
    let ends = desk.ending_keeper().await;
    let before = desk.token().await;
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::code(20050).when(Operation::Refresh).times(2));
    for number in 0..2 {
        let handed = ends.access_as(&desk.world.app, &work(), Ask::default()).await.unwrap();
        assert_eq!(handed.access.token, before.access.token, "{number}");
    }
}

impl Desk {
    /// A keeper on the same vault, by whose rules a refresh ends the access token that was there.
    async fn ending_keeper(&self) -> Keeper {
        let mut parts = self.world.parts().await;
        let rules = parts.provider.rules(&self.world.app.name, self.world.app.token_api).clone();
        let inner = Arc::clone(&parts.provider);
        parts.provider = Arc::new(Ending { inner, rules: Rules { old_access: OldAccess::Dies, ..rules } });
        Keeper::new(parts, KeeperOptions::default())
    }
}

/// A provider by other rules.
struct Ending {
    inner: Arc<dyn Provider>,
    rules: Rules,
}

impl Known for Ending {
    fn rules(&self, _: &AppName, _: TokenApi) -> &Rules {
        &self.rules
    }
}

#[async_trait]
impl TokenEndpoint for Ending {
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
impl Consent for Ending {
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
impl Account for Ending {
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        self.inner.app_token(app, kind).await
    }

    async fn resend_ticket(&self, app: &App) -> Result<(), CallError> {
        self.inner.resend_ticket(app).await
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        self.inner.user_info(app, token).await
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
