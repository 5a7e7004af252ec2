//! Any server that keeps to RFC 6749 and its family.
//!
//! Enters: an app with its issuer or its endpoints, a secret. Leaves: what became of the request, unread; [`TokenEndpoint::read`]
//! reads it. What is sent is in `request`, where to in `discovery`, what words mean in [`error_codes`]. Promise kept here: one
//! call of `refresh` or `exchange` is one request to the token endpoint at most (I1); a document that tells where that is
//! is fetched before the secret is in hand. A crash loses what was discovered, and nothing else.

#![expect(clippy::result_large_err, reason = "the port's error; made once a call that took milliseconds")]

pub(crate) mod api_call_outcome;
mod discovery;
pub mod error_codes;
pub(crate) mod request;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, Checkup, Clock, CodeExchange, Consent,
    DeviceLogin, Prepared, ProviderFacts, Sent, TokenEndpoint,
};
use tokenward_core::{
    AbsentRefresh, AccessToken, App, AppName, AppToken, ClientAuthentication, DeviceCode, DirectGrant, Endpoints,
    ExpectedIssuer, OldAccess, Outcome, Platform, RawAnswer, RefreshEnd, RefreshToken, Refusal, RefusalClass, Remedy,
    Replay, Rules, Scopes, Spend, Subject, TokenApi, Words,
};
use url::Url;

use crate::http::{Options, Transport};
use crate::response_outcome::{self, Dialect as _};
use crate::send_request::{clocks, unsent};
use discovery::Documents;
use error_codes::Call;
use request::Client;

pub use discovery::Discovered;

/// A provider that is known by its issuer or its endpoints alone.
#[derive(Debug)]
pub struct OAuth2 {
    transport: Arc<Transport>,
    documents: Documents,
    rules: HashMap<AppName, Rules>,
}

impl OAuth2 {
    /// With the usual options. Opens nothing and reads nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_options(clock, Options::default())
    }

    /// With options of one's own.
    pub fn with_options(clock: Arc<dyn Clock>, options: Options) -> Self {
        Self::over(Arc::new(Transport::new(clock, options)))
    }

    pub(crate) fn over(transport: Arc<Transport>) -> Self {
        Self { transport, documents: Documents::default(), rules: HashMap::new() }
    }

    /// With rules of an app's own: nobody but its operator knows what its server does.
    pub fn with_rules(mut self, app: AppName, rules: Rules) -> Self {
        self.rules.insert(app, rules);
        self
    }

    /// The rules row of a server of which no more is known. The old access token stays, because RFC 6749 does not end it; a
    /// missing refresh token keeps the old one (RFC 6749 §6); a replay may end the login (RFC 9700 §4.14.2). An hour is
    /// what most servers give an access token and what clients of servers that do not say assume.
    pub const RULES: Rules = Rules {
        old_access: OldAccess::Stays,
        absent_refresh: AbsentRefresh::KeepsOld,
        replay: Replay::Punished { grace: Duration::ZERO },
        margin: Duration::from_mins(5),
        jitter: Duration::from_mins(1),
        assumed_access: Duration::from_hours(1),
        assumed_refresh: None,
        refresh_end: RefreshEnd::Sliding,
        wall: None,
        send_deadline: Duration::from_secs(30),
        rate: None,
    };

    /// An endpoint that a call cannot do without: the settings' own, or else the issuer's document's.
    async fn endpoint(&self, app: &App, wanted: Wanted) -> Result<Url, CallError> {
        Ok(self.place(app, wanted).await?.0)
    }

    /// An endpoint, and how the client proves itself there.
    async fn place<'a>(&self, app: &'a App, wanted: Wanted) -> Result<(Url, Client<'a>), CallError> {
        if let Some(url) = settings(app).and_then(|endpoints| (wanted.of)(endpoints)) {
            return Ok((url.clone(), client(app, None)));
        }
        let issuer = &app.hosts.accounts;
        let known = if wanted.for_spending {
            self.documents.any(&self.transport, issuer).await?
        } else {
            self.documents.fresh(&self.transport, issuer).await?
        };
        let url = (wanted.of)(&known.endpoints).cloned().ok_or(CallError::Lacking(wanted.name))?;
        if known.authentication.is_none() && chosen(app).is_none() && app.secret.is_some() && wanted.is_client_asked {
            return Err(CallError::Refused(takes_no_secret(&known.methods)));
        }
        Ok((url, client(app, known.authentication)))
    }

    /// An endpoint that not every server has. A server whose endpoints are all in the settings need not publish a document.
    async fn optional<'a>(&self, app: &'a App, wanted: Wanted) -> Result<Option<(Url, Client<'a>)>, CallError> {
        match self.place(app, wanted).await {
            Ok(place) => Ok(Some(place)),
            Err(CallError::Lacking(_)) => Ok(None),
            Err(CallError::Refused(_)) if settings(app).is_some_and(|endpoints| endpoints.token.is_some()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn introspect(&self, app: &App, place: (Url, Client<'_>), token: &AccessToken) -> Result<Subject, CallError> {
        let answer = self.transport.call(request::introspect(place.0, place.1, token.expose())).await?;
        let secrets = [token.expose(), app.expose_secret()];
        let reader = response_outcome::judge(Call::Introspect, &answer, &secrets)?;
        match reader.flag("active") {
            Some(true) => Call::Introspect.subject(&reader).ok_or_else(|| reader.lacking()),
            Some(false) => Err(reader.refused_as(error_codes::INACTIVE)),
            None => Err(reader.lacking()),
        }
    }
}

impl ProviderFacts for OAuth2 {
    fn rules(&self, app: &AppName, _: TokenApi) -> &Rules {
        self.rules.get(app).unwrap_or(&Self::RULES)
    }
}

#[async_trait]
impl TokenEndpoint for OAuth2 {
    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError> {
        self.endpoint(app, TOKEN).await?;
        Ok(Prepared { api, app_token: None })
    }

    async fn refresh(&self, app: &App, _: &Prepared, spend: Spend, timeout: Duration) -> Sent {
        match self.place(app, TOKEN_NOW).await {
            Ok((url, client)) => {
                let build = |token: &RefreshToken| Ok(request::refresh(url, client, token, &[]));
                self.transport.spend(spend, timeout, build).await
            }
            Err(error) => unsent(error),
        }
    }

    async fn exchange(&self, app: &App, _: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent {
        match self.place(app, TOKEN_NOW).await {
            Ok((url, client)) => self.transport.send(request::exchange(url, client, exchange, &[]), timeout).await,
            Err(error) => unsent(error),
        }
    }

    async fn grant(&self, app: &App, grant: &DirectGrant, timeout: Duration) -> Sent {
        match (grant, self.place(app, TOKEN_NOW).await) {
            (DirectGrant::Ticket(_), _) => unsent(CallError::Lacking("a provider that takes login cookies")),
            (DirectGrant::ClientCredentials, Ok((url, client))) => {
                self.transport.send(request::client_credentials(url, client), timeout).await
            }
            (DirectGrant::ClientCredentials, Err(error)) => unsent(error),
        }
    }

    fn read(&self, app: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome {
        response_outcome::read(Call::Token, answer, self.rules(app, api))
    }
}

#[async_trait]
impl Consent for OAuth2 {
    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError> {
        let endpoint = self.endpoint(app, AUTHORIZATION).await?;
        Ok(request::authorization_url(&endpoint, app, request, &[]))
    }

    /// By the issuer's document, if there is one; the settings' spelling does where there is none, or it cannot be had.
    async fn issuer(&self, app: &App) -> ExpectedIssuer {
        let by_settings = ExpectedIssuer::by_settings(&app.hosts.accounts);
        match self.documents.fresh(&self.transport, &app.hosts.accounts).await {
            Ok(known) => ExpectedIssuer {
                name: known.issuer,
                spelled_by_server: true,
                announced: known.names_issuer,
                ..by_settings
            },
            Err(error) => {
                tracing::debug!(%error, "the issuer's document cannot be had");
                by_settings
            }
        }
    }

    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError> {
        let (url, client) = self.place(app, DEVICE).await?;
        let answer = self.transport.call(request::device_begin(url, client, scopes, &[])).await?;
        let secrets = [app.expose_secret()];
        response_outcome::judge(Call::DeviceBegin, &answer, &secrets)?.device_login()
    }

    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent {
        match self.place(app, TOKEN_NOW).await {
            Ok((url, client)) => self.transport.send(request::device_poll(url, client, code, &[]), timeout).await,
            Err(error) => unsent(error),
        }
    }
}

#[async_trait]
impl Account for OAuth2 {
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        if kind == AppTokenKind::Tenant {
            return Err(CallError::Lacking("a tenant: only Feishu and Lark know tenant tokens"));
        }
        let (url, client) = self.place(app, TOKEN).await?;
        let answer = self.transport.call(request::client_credentials(url, client)).await?;
        let secrets = [app.expose_secret()];
        let reader = response_outcome::judge(Call::Token, &answer, &secrets)?;
        let life = reader.seconds(&["expires_in"]).unwrap_or(self.rules(&app.name, TokenApi::Rfc6749).assumed_access);
        match reader.secret("access_token", AppToken::parse) {
            Some(token) => Ok(AppAccess { token, expires: reader.end(life) }),
            None => Err(reader.lacking()),
        }
    }

    /// Asks for something that is nobody's token to be withdrawn, or looked up where nothing can be withdrawn: the client is
    /// authenticated first (RFC 7009 §2.1, RFC 7662 §2.1), and there is nothing that this could change.
    async fn check_up(&self, app: &App) -> Checkup {
        let found = match self.optional(app, REVOCATION).await {
            Ok(Some((url, client))) => Ok(request::revoke(url, client, NOBODYS, "access_token")),
            Ok(None) => match self.optional(app, INTROSPECTION).await {
                Ok(Some((url, client))) => Ok(request::introspect(url, client, NOBODYS)),
                Ok(None) => Err(CallError::Lacking("an endpoint that tells a wrong secret without spending anything")),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let answer = match found {
            Ok(request) => self.transport.call(request).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => Checkup { accepted: is_client_accepted(app, &answer), clocks: clocks(&answer) },
            Err(error) => Checkup { accepted: Err(error), clocks: None },
        }
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        if let Some((url, _)) = self.optional(app, USER_INFO).await? {
            let answer = self.transport.call(request::user_info(url, token)).await?;
            let secrets = [token.expose()];
            let reader = response_outcome::judge(Call::UserInfo, &answer, &secrets)?;
            return Call::UserInfo.subject(&reader).ok_or_else(|| reader.lacking());
        }
        match self.optional(app, INTROSPECTION).await? {
            Some(place) => self.introspect(app, place, token).await,
            None => Err(CallError::Lacking("a user info or introspection endpoint")),
        }
    }

    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError> {
        let (url, client) = self.optional(app, REVOCATION).await?.ok_or(CallError::Lacking(REVOCATION.name))?;
        revoke(&self.transport, app, &url, client, refresh, access).await
    }
}

/// Withdraws both tokens (RFC 7009), the refresh token first: it is what a thief could live on. The second is tried even if
/// the first failed. A server may be unable to withdraw access tokens (RFC 7009 §2.2.1); that is no failure where it
/// has withdrawn the refresh token.
pub(crate) async fn revoke(
    transport: &Transport,
    app: &App,
    url: &Url,
    client: Client<'_>,
    refresh: Option<&RefreshToken>,
    access: Option<&AccessToken>,
) -> Result<(), CallError> {
    let one = async |token: &str, hint: &str| {
        let answer = transport.call(request::revoke(url.clone(), client, token, hint).permitted_by(app)).await?;
        let secrets = [token, app.expose_secret()];
        match response_outcome::judge(Call::Revoke, &answer, &secrets) {
            Ok(_) => Ok(true),
            Err(CallError::Refused(refusal)) if cannot_be_revoked(&refusal) => Ok(false),
            Err(error) => Err(error),
        }
    };
    let first = match refresh {
        Some(token) => one(token.expose(), "refresh_token").await,
        None => Ok(false),
    };
    let second = match access {
        Some(token) => one(token.expose(), "access_token").await,
        None => Ok(true),
    };
    match (first?, second?) {
        (false, false) => Err(CallError::Lacking("a server that withdraws tokens of this kind")),
        _ => Ok(()),
    }
}

/// Reads an issuer's document: for whoever writes settings.
///
/// # Errors
/// [`CallError::Refused`] for an issuer without a document, or with one that names another issuer or an endpoint to
/// which no secret may go; [`CallError::NoAnswer`].
pub async fn discover(clock: Arc<dyn Clock>, options: Options, issuer: &Url) -> Result<Discovered, CallError> {
    discovery::discover(&Transport::new(clock, options), issuer).await
}

/// What an answer about [`NOBODYS`] token says of the client that asked. A no that is about the token is a yes to the client.
pub(crate) fn is_client_accepted(app: &App, answer: &RawAnswer) -> Result<(), CallError> {
    match response_outcome::judge(Call::Revoke, answer, &[app.expose_secret()]) {
        Ok(_) => Ok(()),
        Err(CallError::Refused(refusal)) if is_about_the_token(&refusal) => Ok(()),
        Err(error) => Err(error),
    }
}

fn is_about_the_token(refusal: &Refusal) -> bool {
    let known =
        refusal.meaning.is_some() && matches!(refusal.class, RefusalClass::AccessDead | RefusalClass::NeedsConsent);
    known || cannot_be_revoked(refusal)
}

fn cannot_be_revoked(refusal: &Refusal) -> bool {
    let unsupported = error_codes::lookup(Call::Revoke, "unsupported_token_type", "");
    unsupported.is_some_and(|fact| refusal.meaning == Some(fact.meaning))
}

/// One of an app's endpoints.
#[derive(Clone, Copy)]
struct Wanted {
    of: fn(&Endpoints) -> Option<&Url>,
    name: &'static str,
    /// Whether a secret is in hand that should not wait for a document.
    for_spending: bool,
    /// Whether the client proves itself there.
    is_client_asked: bool,
}

impl Wanted {
    const fn new(of: fn(&Endpoints) -> Option<&Url>, name: &'static str) -> Self {
        Self { of, name, for_spending: false, is_client_asked: true }
    }
}

const AUTHORIZATION: Wanted =
    Wanted { is_client_asked: false, ..Wanted::new(|known| known.authorization.as_ref(), "an authorization endpoint") };
const TOKEN: Wanted = Wanted::new(|known| known.token.as_ref(), "a token endpoint");
const TOKEN_NOW: Wanted = Wanted { for_spending: true, ..TOKEN };
const DEVICE: Wanted = Wanted::new(|known| known.device_authorization.as_ref(), "a device authorization endpoint");
const REVOCATION: Wanted = Wanted::new(|known| known.revocation.as_ref(), "a revocation endpoint");
const INTROSPECTION: Wanted = Wanted::new(|known| known.introspection.as_ref(), "an introspection endpoint");
const USER_INFO: Wanted =
    Wanted { is_client_asked: false, ..Wanted::new(|known| known.userinfo.as_ref(), "a user info endpoint") };

fn settings(app: &App) -> Option<&Endpoints> {
    match &app.platform {
        Platform::OAuth2(oauth2) => Some(&oauth2.endpoints),
        Platform::Feishu(_) | Platform::BlueKing(_) => None,
    }
}

/// How the client proves itself by the settings.
const fn chosen(app: &App) -> Option<ClientAuthentication> {
    match &app.platform {
        Platform::OAuth2(oauth2) => oauth2.authentication,
        Platform::Feishu(_) | Platform::BlueKing(_) => None,
    }
}

/// What the settings say has the last word; then the server's document.
fn client(app: &App, by_document: Option<ClientAuthentication>) -> Client<'_> {
    Client::new(app, chosen(app).or(by_document).unwrap_or_default())
}

/// A server that lets no client prove itself in a way that is known here: told before anything is sent.
fn takes_no_secret(methods: &[String]) -> Refusal {
    let text = format!("token_endpoint_auth_methods_supported of the document: {}", methods.join(", "));
    Refusal {
        class: RefusalClass::Configuration,
        remedy: Remedy::AllowSecret,
        provider_code: None,
        provider_word: None,
        meaning: Some(Words {
            en: "the server takes no client secret in a header or a body",
            zh: "服务器不接受以请求头或请求体发送的客户端密钥",
        }),
        status: 0,
        description: Some(text),
        log_id: None,
        retry_after: None,
        missing_scopes: Vec::new(),
    }
}

/// What nobody's token looks like: thirty characters, as BlueKing's have.
pub(crate) const NOBODYS: &str = "tokenward0check0of0credentials";
