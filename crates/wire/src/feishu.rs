//! Feishu and Lark.
//!
//! Enters: an app with its hosts, a secret. Leaves: what became of the request, unread; [`TokenEndpoint::read`] reads it.
//! The dialect differs from the RFCs where the provider does (reference/feishu.md §3 to §11); what it sends is in
//! `request`, how it reads in `read`, what codes mean in [`codes`]. Promise kept here: one call of `refresh` or
//! `exchange` is one request on the wire at most (I1); nothing here repeats anything.

pub(crate) mod api_call_outcome;
pub mod codes;
mod request;
mod token_response;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, Checkup, Clock, CodeExchange, Consent,
    DeviceLogin, Explained, Prepared, ProviderFacts, Sent, TokenEndpoint,
};
use tokenward_core::{
    AbsentRefresh, AccessToken, App, AppKind, AppName, AppToken, DeviceCode, OldAccess, Outcome, RateLimit, RawAnswer,
    RefreshEnd, RefreshToken, Replay, Rules, Scopes, Spend, Subject, TokenApi,
};
use url::Url;

use crate::http::{Options, Transport};
use crate::response_outcome::{self, Dialect as _};
use crate::send_request::clocks;
use codes::{Call, CodeMeaning};
use request::AppTokenBody;

/// The provider behind both brands.
#[derive(Debug)]
pub struct Feishu {
    transport: Arc<Transport>,
}

impl Feishu {
    /// With the usual options. Opens nothing and reads nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_options(clock, Options::default())
    }

    /// With options of one's own.
    pub fn with_options(clock: Arc<dyn Clock>, options: Options) -> Self {
        Self::over(Arc::new(Transport::new(clock, options)))
    }

    pub(crate) const fn over(transport: Arc<Transport>) -> Self {
        Self { transport }
    }

    /// The rules row (reference/feishu.md §5). The old access token stays by the newest text (2026-04; an older one
    /// gave it a minute); a replay is refused and, as far as any report goes, changes nothing else.
    pub const RULES: Rules = Rules {
        old_access: OldAccess::Stays,
        absent_refresh: AbsentRefresh::Ends,
        replay: Replay::Harmless,
        margin: Duration::from_mins(5),
        jitter: Duration::from_mins(1),
        assumed_access: Duration::from_mins(115),
        assumed_refresh: Some(Duration::from_hours(7 * 24)),
        refresh_end: RefreshEnd::Sliding,
        wall: Some(Duration::from_hours(365 * 24)),
        send_deadline: Duration::from_secs(30),
        rate: Some(RateLimit { per_minute: 1000, per_second: 50 }),
    };

    async fn fetch_app_token(&self, app: &App, body: &AppTokenBody<'_>) -> Result<AppAccess, CallError> {
        let answer = self.transport.call(request::app_token(app, body)).await?;
        let secrets = body.secrets();
        let reader = response_outcome::judge(Call::AppToken, &answer, &secrets)?;
        let token = reader.secret(body.answer_field(), AppToken::parse);
        let life = reader.seconds(&["expire", "expires_in"]).unwrap_or(Self::RULES.assumed_access);
        match token {
            Some(token) => Ok(AppAccess { token, expires: reader.end(life) }),
            None => Err(reader.lacking()),
        }
    }

    async fn revoke_one(&self, app: &App, token: &str, hint: &'static str) -> Result<(), CallError> {
        let answer = self.transport.call(request::revoke(app, token, hint)).await?;
        let secrets = [token, app.expose_secret()];
        response_outcome::judge(Call::Revoke, &answer, &secrets).map(|_| ())
    }
}

impl ProviderFacts for Feishu {
    fn rules(&self, _: &AppName, _: TokenApi) -> &Rules {
        &Self::RULES
    }

    fn explain(&self, api: TokenApi, code: i64) -> Option<Explained> {
        let CodeMeaning { class, remedy, meaning } = codes::lookup(token_response::refresh_call(api), code)?;
        Some(Explained { class, remedy, meaning })
    }
}

#[async_trait]
impl TokenEndpoint for Feishu {
    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError> {
        let app_token =
            if api.needs_app_token() { Some(self.app_token(app, AppTokenKind::App).await?.token) } else { None };
        Ok(Prepared { api, app_token })
    }

    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent {
        let build = |token: &RefreshToken| request::refresh(app, prepared, token).map_err(str::to_owned);
        self.transport.spend(spend, timeout, build).await
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent {
        self.transport.send_built(request::exchange(app, prepared, exchange).map_err(str::to_owned), timeout).await
    }

    fn read(&self, _: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome {
        response_outcome::read(token_response::refresh_call(api), answer, &Self::RULES)
    }
}

#[async_trait]
impl Consent for Feishu {
    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError> {
        Ok(request::authorization_url(app, request))
    }

    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError> {
        let answer = self.transport.call(request::device_begin(app, scopes)).await?;
        let secrets = [app.expose_secret()];
        response_outcome::judge(Call::DeviceBegin, &answer, &secrets)?.device_login()
    }

    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent {
        self.transport.send_built(request::device_poll(app, code).map_err(str::to_owned), timeout).await
    }
}

#[async_trait]
impl Account for Feishu {
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        match (kind_of(app), kind) {
            (AppKind::SelfBuilt, _) => self.fetch_app_token(app, &AppTokenBody::own(app, kind)).await,
            (AppKind::Store { ticket: None, .. }, _) => Err(CallError::Lacking("an app ticket")),
            (AppKind::Store { tenant_key: None, .. }, AppTokenKind::Tenant) => Err(CallError::Lacking("a tenant key")),
            (AppKind::Store { ticket: Some(ticket), tenant_key }, kind) => {
                let access = self.fetch_app_token(app, &AppTokenBody::store(app, ticket)).await?;
                match (kind, tenant_key) {
                    (AppTokenKind::Tenant, Some(key)) => {
                        self.fetch_app_token(app, &AppTokenBody::tenant(&access.token, key)).await
                    }
                    _ => Ok(access),
                }
            }
        }
    }

    async fn check_up(&self, app: &App) -> Checkup {
        let body = match kind_of(app) {
            AppKind::Store { ticket: Some(ticket), .. } => AppTokenBody::store(app, ticket),
            AppKind::Store { ticket: None, .. } => {
                return Checkup { accepted: Err(CallError::Lacking("an app ticket")), clocks: None };
            }
            AppKind::SelfBuilt => AppTokenBody::own(app, AppTokenKind::App),
        };
        let answer = match self.transport.call(request::app_token(app, &body)).await {
            Ok(answer) => answer,
            Err(error) => return Checkup { accepted: Err(error), clocks: None },
        };
        // A refusal tells the time as well as a success does.
        let accepted = response_outcome::judge(Call::AppToken, &answer, &body.secrets()).map(drop);
        Checkup { accepted, clocks: clocks(&answer) }
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        let answer = self.transport.call(request::user_info(app, token)).await?;
        let secrets = [token.expose()];
        let reader = response_outcome::judge(Call::UserInfo, &answer, &secrets)?;
        Call::UserInfo.subject(&reader).ok_or_else(|| reader.lacking())
    }

    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError> {
        // The refresh token first: it is what a thief could live on. The access token is revoked too, because the page
        // does not say that it ends with the other (reference/feishu.md §8.5); it is tried even if the first call
        // failed.
        let first = match refresh {
            Some(token) => self.revoke_one(app, token.expose(), "refresh_token").await,
            None => Ok(()),
        };
        let second = match access {
            Some(token) => self.revoke_one(app, token.expose(), "access_token").await,
            None => Ok(()),
        };
        first.and(second)
    }
}

/// Apps of other platforms are not brought here; one that is has nothing that Feishu would know.
fn kind_of(app: &App) -> &AppKind {
    app.feishu().map_or(&AppKind::SelfBuilt, |feishu| &feishu.kind)
}
