//! Tencent BlueKing, in three dialects.
//!
//! Enters: an app with its hosts, environment and realm, a secret. Leaves: what became of the request, unread;
//! [`TokenEndpoint::read`] reads it. What is sent is in `request`, how it reads in `read`, what codes mean in [`codes`], what is
//! not published and therefore a choice in [`AuthApiOptions`]. Promise kept here: one call of `refresh`, `exchange` or
//! `grant` is one request on the wire at most (I1). The cookies and secrets of one call are in that call's request and
//! nowhere else: nothing is kept between requests, and no answer's cookie is ever sent back (reference/blueking.md
//! §1.6, R5, D6).

#![expect(clippy::result_large_err, reason = "the port's error; made once a call that took milliseconds")]

pub(crate) mod api_call_outcome;
mod auth_api_options;
pub mod codes;
mod request;
mod token_response;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, Checkup, Clock, CodeExchange, Consent,
    DeviceLogin, Explained, Prepared, ProviderFacts, Sent, TokenEndpoint,
};
use tokenward_core::{
    AbsentRefresh, AccessToken, App, AppName, AppToken, BlueKingApp, ClientAuthentication, DeviceCode, DirectGrant,
    OldAccess, Outcome, Platform, RawAnswer, RefreshEnd, RefreshToken, Refusal, RefusalClass, Replay, Rules, Scopes,
    Spend, Subject, TokenApi,
};
use url::Url;

use crate::http::{Options, Transport};
use crate::oauth2::request::{self as rfc, Client};
use crate::oauth2::{NOBODYS, error_codes, is_client_accepted};
use crate::response_outcome::{self, Dialect as _};
use crate::send_request::{clocks, unsent};
use codes::{Call, CodeMeaning};
use token_response::Wrapped;

pub use auth_api_options::{AuthApiOptions, RefreshMethod, UserGrant};

/// The provider behind all three dialects.
#[derive(Debug)]
pub struct BlueKing {
    transport: Arc<Transport>,
    auth_api: HashMap<AppName, AuthApiOptions>,
}

impl BlueKing {
    /// With the usual options. Opens nothing and reads nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_options(clock, Options::default())
    }

    /// With options of one's own.
    pub fn with_options(clock: Arc<dyn Clock>, options: Options) -> Self {
        Self::over(Arc::new(Transport::new(clock, options)))
    }

    pub(crate) fn over(transport: Arc<Transport>) -> Self {
        Self { transport, auth_api: HashMap::new() }
    }

    /// With what is known of the auth api that an app uses.
    pub fn with_auth_api(mut self, app: AppName, options: AuthApiOptions) -> Self {
        self.auth_api.insert(app, options);
        self
    }

    /// SSM (reference/blueking.md §2.1, §2.3): a refresh ends the old access token, gives the same refresh token back,
    /// and does not move its end. Nothing is used up by being sent. The documentation's figures are the assumptions.
    pub const SSM: Rules = Rules {
        old_access: OldAccess::Dies,
        absent_refresh: AbsentRefresh::KeepsOld,
        replay: Replay::Harmless,
        margin: Duration::from_mins(5),
        jitter: Duration::from_mins(1),
        assumed_access: Duration::from_hours(12),
        assumed_refresh: Some(Duration::from_hours(30 * 24)),
        refresh_end: RefreshEnd::Fixed,
        wall: None,
        send_deadline: Duration::from_secs(30),
        rate: None,
    };

    /// The auth api (reference/blueking.md §2.2, §2.3): `need_new_token` ends the old access token at once. Whether
    /// refresh tokens rotate and how long they live is not published. The present token is given again while it has
    /// more than 300 s left, so margin and jitter together stay below that: a grant asked for earlier would bring the
    /// same token. Seven days is the shortest life seen.
    pub const AUTH_API: Rules = Rules {
        old_access: OldAccess::Dies,
        absent_refresh: AbsentRefresh::KeepsOld,
        replay: Replay::Harmless,
        margin: Duration::from_mins(3),
        jitter: Duration::from_mins(1),
        assumed_access: Duration::from_hours(7 * 24),
        assumed_refresh: None,
        refresh_end: RefreshEnd::Sliding,
        wall: None,
        send_deadline: Duration::from_secs(30),
        rate: None,
    };

    /// bkauth (reference/blueking.md §3.3): rotation, the old pair revoked in the same transaction; the new refresh
    /// token inherits the end of the first; a token that is used again after 30 s revokes the family.
    pub const BKAUTH: Rules = Rules {
        old_access: OldAccess::Dies,
        absent_refresh: AbsentRefresh::Ends,
        replay: Replay::Punished { grace: Duration::from_secs(30) },
        margin: Duration::from_mins(5),
        jitter: Duration::from_mins(1),
        assumed_access: Duration::from_hours(2),
        assumed_refresh: Some(Duration::from_hours(30 * 24)),
        refresh_end: RefreshEnd::Fixed,
        wall: None,
        send_deadline: Duration::from_secs(30),
        rate: None,
    };

    const fn row(api: TokenApi) -> &'static Rules {
        match api {
            TokenApi::AuthApi => &Self::AUTH_API,
            TokenApi::BkAuth => &Self::BKAUTH,
            // Other platforms' dialects never come here.
            TokenApi::Ssm | TokenApi::V3 | TokenApi::V2 | TokenApi::OidcV1 | TokenApi::LegacyV1 | TokenApi::Rfc6749 => {
                &Self::SSM
            }
        }
    }

    fn options(&self, app: &AppName) -> AuthApiOptions {
        self.auth_api.get(app).cloned().unwrap_or_default()
    }

    fn wrapped(&self, app: &AppName, call: Call) -> Wrapped<'_> {
        Wrapped { call, options: self.auth_api.get(app) }
    }

    async fn introspect(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        let request = request::bkauth_introspect(app, endpoint(app, "introspect")?, token.expose());
        let answer = self.transport.call(request.permitted_by(app)).await?;
        let secrets = [token.expose(), app.expose_secret()];
        let reader = response_outcome::judge(Call::BkAuthIntrospect, &answer, &secrets)?;
        match reader.flag("active") {
            Some(true) => Call::BkAuthIntrospect.subject(&reader).ok_or_else(|| reader.lacking()),
            Some(false) => Err(reader.refused_as(error_codes::INACTIVE)),
            None => Err(reader.lacking()),
        }
    }

    /// Asks for something that nobody's token can change: SSM to verify one, bkauth to revoke one, the auth api for the app's
    /// present token.
    fn question(app: &App) -> Result<crate::request::Request, CallError> {
        match app.token_api {
            TokenApi::Ssm => Ok(request::ssm_verify(app, NOBODYS)),
            TokenApi::AuthApi => Ok(request::auth_api_app(app)),
            TokenApi::BkAuth
            | TokenApi::V3
            | TokenApi::V2
            | TokenApi::OidcV1
            | TokenApi::LegacyV1
            | TokenApi::Rfc6749 => Ok(rfc::revoke(endpoint(app, "revoke")?, client(app), NOBODYS, "access_token")),
        }
    }

    fn verdict(&self, app: &App, answer: &RawAnswer) -> Result<(), CallError> {
        let secrets = [app.expose_secret()];
        match app.token_api {
            TokenApi::Ssm => match response_outcome::judge(Wrapped::ssm_verify(), answer, &secrets) {
                Ok(_) => Ok(()),
                Err(CallError::Refused(refusal)) if is_about_the_token(&refusal) => Ok(()),
                Err(error) => Err(error),
            },
            TokenApi::AuthApi => {
                response_outcome::judge(self.wrapped(&app.name, Call::AuthApi), answer, &secrets).map(drop)
            }
            TokenApi::BkAuth
            | TokenApi::V3
            | TokenApi::V2
            | TokenApi::OidcV1
            | TokenApi::LegacyV1
            | TokenApi::Rfc6749 => is_client_accepted(app, answer).map_err(told_here),
        }
    }
}

impl ProviderFacts for BlueKing {
    fn rules(&self, _: &AppName, issuer: TokenApi) -> &Rules {
        Self::row(issuer)
    }

    fn explain(&self, api: TokenApi, code: i64) -> Option<Explained> {
        let call = if api == TokenApi::Ssm { Call::Ssm } else { Call::AuthApi };
        let CodeMeaning { class, remedy, meaning } = codes::lookup(call, code)?;
        Some(Explained { class, remedy: codes::at_blueking(remedy), meaning })
    }
}

#[async_trait]
impl TokenEndpoint for BlueKing {
    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError> {
        if api == TokenApi::BkAuth {
            endpoint(app, "token")?;
        }
        Ok(Prepared { api, app_token: None })
    }

    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent {
        let build = |token: &RefreshToken| match prepared.api {
            TokenApi::Ssm => Ok(request::ssm_refresh(app, token)),
            TokenApi::AuthApi => Ok(request::auth_api_refresh(app, token, &self.options(&app.name))),
            TokenApi::BkAuth => match endpoint(app, "token") {
                Ok(url) => Ok(rfc::refresh(url, client(app), token, &for_tokens(app))),
                Err(lacking) => Err(lacking.to_string()),
            },
            TokenApi::V3 | TokenApi::V2 | TokenApi::OidcV1 | TokenApi::LegacyV1 | TokenApi::Rfc6749 => {
                Err(UNKNOWN_FAMILY.to_owned())
            }
        };
        self.transport.spend(spend, timeout, |token| Ok(build(token)?.permitted_by(app))).await
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent {
        if prepared.api != TokenApi::BkAuth {
            return unsent(CallError::Lacking(NO_PAGE));
        }
        match endpoint(app, "token") {
            Ok(url) => {
                let request = rfc::exchange(url, client(app), exchange, &for_tokens(app));
                self.transport.send(request.permitted_by(app), timeout).await
            }
            Err(error) => unsent(error),
        }
    }

    async fn grant(&self, app: &App, grant: &DirectGrant, timeout: Duration) -> Sent {
        let request = match (app.token_api, grant) {
            (TokenApi::Ssm, DirectGrant::ClientCredentials) => Ok(request::ssm_app(app)),
            (TokenApi::Ssm, DirectGrant::Ticket(ticket)) => request::ssm_ticket(app, ticket),
            (TokenApi::AuthApi, DirectGrant::ClientCredentials) => Ok(request::auth_api_app(app)),
            (TokenApi::AuthApi, DirectGrant::Ticket(ticket)) => {
                request::auth_api_ticket(app, ticket, &self.options(&app.name))
            }
            (_, DirectGrant::ClientCredentials) => return unsent(CallError::Lacking(NO_APP_GRANT)),
            (_, DirectGrant::Ticket(_)) => {
                return unsent(CallError::Lacking("a token service that takes login cookies"));
            }
        };
        self.transport.send_built(request.map(|request| request.permitted_by(app)), timeout).await
    }

    fn read(&self, app: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome {
        let rules = Self::row(api);
        match api {
            TokenApi::AuthApi => response_outcome::read(self.wrapped(app, Call::AuthApi), answer, rules),
            TokenApi::BkAuth => response_outcome::read(Call::BkAuth, answer, rules),
            TokenApi::Ssm | TokenApi::V3 | TokenApi::V2 | TokenApi::OidcV1 | TokenApi::LegacyV1 | TokenApi::Rfc6749 => {
                response_outcome::read(Wrapped::ssm(), answer, rules)
            }
        }
    }
}

#[async_trait]
impl Consent for BlueKing {
    /// bkauth knows resources instead of scopes: what to log in for, in one field and divided by commas.
    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError> {
        if app.token_api != TokenApi::BkAuth {
            return Err(CallError::Lacking(NO_PAGE));
        }
        let resource = resources(&request.scopes);
        let request = AuthorizationRequest { scopes: Scopes::default(), ..request.clone() };
        Ok(rfc::authorization_url(&endpoint(app, "authorize")?, app, &request, &asked_for(&resource)))
    }

    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError> {
        if app.token_api != TokenApi::BkAuth {
            return Err(CallError::Lacking(NO_PAGE));
        }
        let resource = resources(scopes);
        let url = endpoint(app, "device/authorize")?;
        let request = rfc::device_begin(url, client(app), &Scopes::default(), &asked_for(&resource));
        let answer = self.transport.call(request.permitted_by(app)).await?;
        let secrets = [app.expose_secret()];
        response_outcome::judge(Call::BkAuthDevice, &answer, &secrets)?.device_login()
    }

    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent {
        if app.token_api != TokenApi::BkAuth {
            return unsent(CallError::Lacking(NO_PAGE));
        }
        match endpoint(app, "token") {
            Ok(url) => {
                let request = rfc::device_poll(url, client(app), code, &for_tokens(app));
                self.transport.send(request.permitted_by(app), timeout).await
            }
            Err(error) => unsent(error),
        }
    }
}

#[async_trait]
impl Account for BlueKing {
    /// Only the auth api gives an app's token to any number of processes. SSM may end the one before with each that it gives
    /// (reference/blueking.md §2.3, disputed), so its app token is a grant like any other:
    /// [`DirectGrant::ClientCredentials`].
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        match (kind, app.token_api) {
            (AppTokenKind::Tenant, _) => Err(CallError::Lacking("a tenant: only Feishu and Lark know tenant tokens")),
            (AppTokenKind::App, TokenApi::AuthApi) => {
                let answer = self.transport.call(request::auth_api_app(app).permitted_by(app)).await?;
                let secrets = [app.expose_secret()];
                let reader = response_outcome::judge(self.wrapped(&app.name, Call::AuthApi), &answer, &secrets)?;
                let life = reader.seconds(&["expires_in"]).unwrap_or(Self::AUTH_API.assumed_access);
                match reader.secret("access_token", AppToken::parse) {
                    Some(token) => Ok(AppAccess { token, expires: reader.end(life) }),
                    None => Err(reader.lacking()),
                }
            }
            (AppTokenKind::App, TokenApi::Ssm) => {
                Err(CallError::Lacking("an app token that many may fetch: SSM's is kept as a grant of the app's own"))
            }
            (AppTokenKind::App, _) => Err(CallError::Lacking(NO_APP_GRANT)),
        }
    }

    /// What is certain: a refusal of the app (SSM 1901401, `invalid_client`) is one. At SSM any other no to nobody's token is
    /// taken for a yes to the app, though in which order it looks at the two is not published.
    async fn check_up(&self, app: &App) -> Checkup {
        let answer = match Self::question(app) {
            Ok(request) => self.transport.call(request.permitted_by(app)).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => Checkup { accepted: self.verdict(app, &answer), clocks: clocks(&answer) },
            Err(error) => Checkup { accepted: Err(error), clocks: None },
        }
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        let (request, call) = match app.token_api {
            TokenApi::Ssm => (request::ssm_verify(app, token.expose()), Wrapped::ssm_verify()),
            TokenApi::AuthApi => (request::auth_api_check(app, token), self.wrapped(&app.name, Call::AuthApiCheck)),
            TokenApi::BkAuth
            | TokenApi::V3
            | TokenApi::V2
            | TokenApi::OidcV1
            | TokenApi::LegacyV1
            | TokenApi::Rfc6749 => return self.introspect(app, token).await,
        };
        let answer = self.transport.call(request.permitted_by(app)).await?;
        let secrets = [token.expose(), app.expose_secret()];
        let reader = response_outcome::judge(call, &answer, &secrets)?;
        call.subject(&reader).ok_or_else(|| reader.lacking())
    }

    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError> {
        if app.token_api != TokenApi::BkAuth {
            return Err(CallError::Lacking("a token service that can withdraw tokens"));
        }
        let url = endpoint(app, "revoke")?;
        crate::oauth2::revoke(&self.transport, app, &url, client(app), refresh, access).await.map_err(told_here)
    }
}

/// bkauth wants the client's id in the form whichever way it proves itself, so the secret goes there too.
fn client(app: &App) -> Client<'_> {
    Client::new(app, ClientAuthentication::Body)
}

fn endpoint(app: &App, path: &str) -> Result<Url, CallError> {
    request::bkauth(app, path).ok_or(CallError::Lacking("a realm (letters, digits, '-' and '_')"))
}

/// Resources, as bkauth writes several: divided by commas. `offline_access` is none; bkauth needs no such word.
fn resources(scopes: &Scopes) -> String {
    scopes.iter().filter(|scope| *scope != Scopes::OFFLINE_ACCESS).collect::<Vec<_>>().join(",")
}

/// What a request for tokens names besides (RFC 8707 §2.2), where the settings say so.
fn for_tokens(app: &App) -> Vec<(&str, &str)> {
    match &app.platform {
        Platform::BlueKing(BlueKingApp { token_resource: Some(resource), .. }) => asked_for(resource),
        Platform::BlueKing(_) | Platform::Feishu(_) | Platform::OAuth2(_) => Vec::new(),
    }
}

fn asked_for(resource: &str) -> Vec<(&str, &str)> {
    if resource.is_empty() { Vec::new() } else { vec![("resource", resource)] }
}

/// A no that was read as any OAuth server's, with what a person can do about it at `BlueKing`.
fn told_here(error: CallError) -> CallError {
    match error {
        CallError::Refused(refusal) => {
            CallError::Refused(Refusal { remedy: codes::at_blueking(refusal.remedy), ..refusal })
        }
        error => error,
    }
}

/// Whether a no to nobody's token is about the token.
fn is_about_the_token(refusal: &Refusal) -> bool {
    refusal.class == RefusalClass::AccessDead && !matches!(refusal.status, 401 | 403)
}

const NO_PAGE: &str = "a login page: SSM and the auth api take the login cookie of a user's browser";
const NO_APP_GRANT: &str = "client credentials: bkauth has no such grant";
const UNKNOWN_FAMILY: &str = "this version does not know that token endpoint";
