//! Every provider behind one port.
//!
//! Enters: an app, or the name of one with the dialect that an answer is in. Leaves: whatever that platform's provider says. Which
//! one is asked is read off the app's platform, or off the dialect where there is no app: it is stored with every grant, so that an
//! answer reads the same after a crash. All of them share one transport.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, Checkup, Clock, CodeExchange, Consent,
    DeviceLogin, Explained, Prepared, Provider, ProviderFacts, Sent, TokenEndpoint,
};
use tokenward_core::{
    AccessToken, App, AppName, DeviceCode, DirectGrant, ExpectedIssuer, Outcome, Platform, RawAnswer, RefreshToken,
    Rules, Scopes, Spend, Subject, TokenApi,
};
use url::Url;

use crate::blueking::AuthApiOptions;
use crate::http::{Options, Transport};
use crate::{BlueKing, Feishu, OAuth2};

/// Feishu and Lark, BlueKing, and any server that follows RFC 6749.
#[derive(Debug)]
pub struct Providers {
    feishu: Feishu,
    blueking: BlueKing,
    oauth2: OAuth2,
}

impl Providers {
    /// Opens nothing and reads nothing yet.
    pub fn new(clock: Arc<dyn Clock>, options: Options) -> Self {
        let transport = Arc::new(Transport::new(clock, options));
        Self {
            feishu: Feishu::over(Arc::clone(&transport)),
            blueking: BlueKing::over(Arc::clone(&transport)),
            oauth2: OAuth2::over(transport),
        }
    }

    /// With rules of an `oauth2` app's own, in place of [`OAuth2::RULES`]. Those of the other platforms are what those
    /// platforms do.
    pub fn with_rules(mut self, app: AppName, rules: Rules) -> Self {
        self.oauth2 = self.oauth2.with_rules(app, rules);
        self
    }

    /// With what is known of the auth api that a BlueKing app uses.
    pub fn with_auth_api(mut self, app: AppName, options: AuthApiOptions) -> Self {
        self.blueking = self.blueking.with_auth_api(app, options);
        self
    }

    fn of(&self, app: &App) -> &dyn Provider {
        match &app.platform {
            Platform::BlueKing(_) => &self.blueking,
            Platform::OAuth2(_) => &self.oauth2,
            Platform::Feishu(_) => &self.feishu,
        }
    }

    fn speaking(&self, api: TokenApi) -> &dyn Provider {
        match api {
            TokenApi::Ssm | TokenApi::AuthApi | TokenApi::BkAuth => &self.blueking,
            TokenApi::Rfc6749 => &self.oauth2,
            TokenApi::V3 | TokenApi::V2 | TokenApi::OidcV1 | TokenApi::LegacyV1 => &self.feishu,
        }
    }
}

impl ProviderFacts for Providers {
    fn rules(&self, app: &AppName, issuer: TokenApi) -> &Rules {
        self.speaking(issuer).rules(app, issuer)
    }

    fn explain(&self, api: TokenApi, code: i64) -> Option<Explained> {
        self.speaking(api).explain(api, code)
    }
}

#[async_trait]
impl TokenEndpoint for Providers {
    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError> {
        self.of(app).prepare(app, api).await
    }

    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent {
        self.of(app).refresh(app, prepared, spend, timeout).await
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent {
        self.of(app).exchange(app, prepared, exchange, timeout).await
    }

    async fn grant(&self, app: &App, grant: &DirectGrant, timeout: Duration) -> Sent {
        self.of(app).grant(app, grant, timeout).await
    }

    fn read(&self, app: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome {
        self.speaking(api).read(app, api, answer)
    }
}

#[async_trait]
impl Consent for Providers {
    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError> {
        self.of(app).authorization_url(app, request).await
    }

    async fn issuer(&self, app: &App) -> ExpectedIssuer {
        self.of(app).issuer(app).await
    }

    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError> {
        self.of(app).device_begin(app, scopes).await
    }

    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent {
        self.of(app).device_poll(app, code, timeout).await
    }
}

#[async_trait]
impl Account for Providers {
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        self.of(app).app_token(app, kind).await
    }

    async fn check_up(&self, app: &App) -> Checkup {
        self.of(app).check_up(app).await
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        self.of(app).user_info(app, token).await
    }

    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError> {
        self.of(app).revoke(app, refresh, access).await
    }
}
