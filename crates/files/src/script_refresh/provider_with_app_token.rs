//! The provider as a script's file uses it: with an app access token that somebody gave, since no app secret stands there.
//!
//! Enters: that token. Leaves: every question as it was, and a send with that token. Nothing is kept here (I8).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, CodeExchange, Consent, DeviceLogin, Prepared,
    Provider, ProviderFacts, Sent, TokenEndpoint,
};
use tokenward_core::{
    AccessToken, App, AppName, AppToken, DeviceCode, Outcome, RawAnswer, RefreshToken, Rules, Scopes, Spend, Subject,
    TokenApi,
};
use url::Url;

/// A provider that is given the app access token instead of fetching one: a script's file holds no app secret.
pub(super) struct Bearer {
    pub(super) inner: Arc<dyn Provider>,
    pub(super) token: AppToken,
}

impl ProviderFacts for Bearer {
    fn rules(&self, app: &AppName, issuer: TokenApi) -> &Rules {
        self.inner.rules(app, issuer)
    }
}

#[async_trait]
impl TokenEndpoint for Bearer {
    async fn prepare(&self, _: &App, api: TokenApi) -> Result<Prepared, CallError> {
        Ok(Prepared { api, app_token: Some(self.token.clone()) })
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
impl Consent for Bearer {
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
impl Account for Bearer {
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        self.inner.app_token(app, kind).await
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
