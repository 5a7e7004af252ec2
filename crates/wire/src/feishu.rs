//! Feishu and Lark.
//!
//! Enters: an app with its hosts, a secret. Leaves: what became of the request, unread; [`Provider::read`] reads it.
//! The dialect differs from the RFCs where the provider does (reference §§3–11); what it sends is in `request`, how
//! it reads in `read`, what codes mean in [`codes`]. Promise kept here: one call of `refresh` or `exchange` is one
//! request on the wire at most (I1); nothing here repeats anything.

pub(crate) mod calls;
pub mod codes;
mod read;
mod request;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    AppAccess, AppTokenKind, AuthorizationRequest, CallError, Checkup, Clock, Clocks, CodeExchange, DeviceLogin,
    Explained, Prepared, Provider, Sent,
};
use tokenward_core::{
    AbsentRefresh, AccessToken, App, AppKind, AppName, AppToken, DeviceCode, OldAccess, Outcome, RawAnswer, RefreshEnd,
    RefreshToken, Replay, Rules, Scopes, Spend, Subject, TokenApi, TransportFault,
};
use url::Url;

use crate::http::{self, Options, Request, Transport};
use codes::{Call, Fact};
use request::AppTokenBody;

/// The provider behind both brands.
#[derive(Debug)]
pub struct Feishu {
    transport: Transport,
}

impl Feishu {
    /// With the usual options. Opens nothing and reads nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_options(clock, Options::default())
    }

    /// With options of one's own.
    pub fn with_options(clock: Arc<dyn Clock>, options: Options) -> Self {
        Self { transport: Transport::new(clock, options) }
    }

    /// The rules row (reference §5). The old access token stays by the newest text (2026-04; an older one gave it a
    /// minute); a replay is refused and, as far as any report goes, changes nothing else.
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
    };

    /// Sends a request that spends nothing and hands its answer on.
    async fn call(&self, request: Request) -> Result<RawAnswer, CallError> {
        match self.transport.send(request, self.transport.call_timeout()).await {
            Sent::Answered(answer) => Ok(answer),
            Sent::Unsent(fault) | Sent::InDoubt(fault) => Err(CallError::NoAnswer(fault)),
        }
    }

    async fn fetch_app_token(&self, app: &App, body: &AppTokenBody<'_>) -> Result<AppAccess, CallError> {
        let answer = self.call(request::app_token(app, body)).await?;
        let secrets = body.secrets();
        let reader = read::judge(Call::AppToken, &answer, &secrets)?;
        let token = reader.secret(body.answer_field(), AppToken::parse);
        let life = reader.seconds(&["expire", "expires_in"]).unwrap_or(Self::RULES.assumed_access);
        match token {
            Some(token) => Ok(AppAccess { token, expires: reader.end(life) }),
            None => Err(reader.lacking()),
        }
    }

    async fn revoke_one(&self, app: &App, token: &str, hint: &'static str) -> Result<(), CallError> {
        let answer = self.call(request::revoke(app, token, hint)).await?;
        let secrets = [token, app.expose_secret()];
        read::judge(Call::Revoke, &answer, &secrets).map(|_| ())
    }
}

#[async_trait]
impl Provider for Feishu {
    fn rules(&self, _: &AppName, _: TokenApi) -> &Rules {
        &Self::RULES
    }

    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError> {
        Ok(request::authorization_url(app, request))
    }

    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError> {
        let app_token =
            if api.needs_app_token() { Some(self.app_token(app, AppTokenKind::App).await?.token) } else { None };
        Ok(Prepared { api, app_token })
    }

    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent {
        // A sender that was paused past its own deadline may have been replaced by another: it must not send.
        let left = Duration::try_from(spend.deadline().duration_since(self.transport.now())).unwrap_or(Duration::ZERO);
        if left.is_zero() {
            let reason = "the deadline passed before anything was sent".to_owned();
            return Sent::Unsent(TransportFault { reason, timed_out: true });
        }
        match request::refresh(app, prepared, &spend.expose()) {
            Ok(request) => self.transport.send(request, timeout.min(left)).await,
            Err(reason) => Sent::Unsent(TransportFault { reason: reason.to_owned(), timed_out: false }),
        }
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent {
        match request::exchange(app, prepared, exchange) {
            Ok(request) => self.transport.send(request, timeout).await,
            Err(reason) => Sent::Unsent(TransportFault { reason: reason.to_owned(), timed_out: false }),
        }
    }

    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError> {
        let answer = self.call(request::device_begin(app, scopes)).await?;
        let secrets = [app.expose_secret()];
        let reader = read::judge(Call::DeviceBegin, &answer, &secrets)?;
        let url = |name: &str| reader.exact(name).and_then(|text| Url::parse(text.trim()).ok()).filter(is_web);
        let code = reader.secret("device_code", DeviceCode::parse);
        let (Some(device_code), Some(user_code)) = (code, reader.exact("user_code")) else {
            return Err(reader.lacking());
        };
        // Some answers bring the complete address alone (reference §8.4); it is as good to open.
        let complete = url("verification_uri_complete");
        let Some(verification_uri) = url("verification_uri").or_else(|| complete.clone()) else {
            return Err(reader.lacking());
        };
        Ok(DeviceLogin {
            device_code,
            user_code: user_code.chars().filter(|c| !c.is_control()).collect(),
            verification_uri,
            verification_uri_complete: complete,
            expires_in: reader.seconds(&["expires_in", "expire_in"]).unwrap_or(DEVICE_LIFE),
            // RFC 8628 §3.2: five seconds where the answer does not say.
            interval: reader.seconds(&["interval"]).unwrap_or(DEVICE_INTERVAL).max(SHORTEST_INTERVAL),
        })
    }

    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent {
        match request::device_poll(app, code) {
            Ok(request) => self.transport.send(request, timeout).await,
            Err(reason) => Sent::Unsent(TransportFault { reason: reason.to_owned(), timed_out: false }),
        }
    }

    fn read(&self, _: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome {
        read::read(api, answer, &Self::RULES)
    }

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
            _ => Err(CallError::Lacking("a kind of app that this version knows")),
        }
    }

    async fn check_up(&self, app: &App) -> Checkup {
        let body = match kind_of(app) {
            AppKind::Store { ticket: Some(ticket), .. } => AppTokenBody::store(app, ticket),
            AppKind::Store { ticket: None, .. } => {
                return Checkup { accepted: Err(CallError::Lacking("an app ticket")), clocks: None };
            }
            _ => AppTokenBody::own(app, AppTokenKind::App),
        };
        let answer = match self.call(request::app_token(app, &body)).await {
            Ok(answer) => answer,
            Err(error) => return Checkup { accepted: Err(error), clocks: None },
        };
        // A refusal tells the time as well as a success does.
        let theirs = answer.date.as_deref().and_then(http::date);
        let clocks = theirs.map(|theirs| Clocks { ours: answer.received, theirs });
        Checkup { accepted: read::judge(Call::AppToken, &answer, &body.secrets()).map(drop), clocks }
    }

    fn explain(&self, api: TokenApi, code: i64) -> Option<Explained> {
        let Fact { class, remedy, meaning } = codes::lookup(read::refresh_call(api), code)?;
        Some(Explained { class, remedy, meaning })
    }

    async fn resend_ticket(&self, app: &App) -> Result<(), CallError> {
        let answer = self.call(request::resend_ticket(app)).await?;
        let secrets = [app.expose_secret()];
        read::judge(Call::TicketResend, &answer, &secrets).map(|_| ())
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        let answer = self.call(request::user_info(app, token)).await?;
        let secrets = [token.expose()];
        let reader = read::judge(Call::UserInfo, &answer, &secrets)?;
        reader.subject().ok_or_else(|| reader.lacking())
    }

    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError> {
        // The refresh token first: it is what a thief could live on. The access token is revoked too, because the page
        // does not say that it ends with the other (reference §8.5); it is tried even if the first call failed.
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

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
}

/// The official client's own assumptions (reference §8.3).
const DEVICE_LIFE: Duration = Duration::from_mins(4);
const DEVICE_INTERVAL: Duration = Duration::from_secs(5);
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
