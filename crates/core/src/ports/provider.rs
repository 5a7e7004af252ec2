//! The provider: a dialect together with its rules, and what may come of a request.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::{
    AccessToken, App, AppName, AppToken, AuthorizationCode, CodeVerifier, DeviceCode, DirectGrant, ExpectedIssuer,
    Outcome, RawAnswer, RedirectUri, RefreshToken, Refusal, RefusalClass, Remedy, Rules, Scopes, Spend, Subject,
    TokenApi, TransportFault, Words,
};

/// What became of one request.
#[derive(Debug)]
pub enum Sent {
    /// An answer came, whole or in part.
    Answered(RawAnswer),
    /// No byte of the request left this process: nothing is spent.
    Unsent(TransportFault),
    /// Bytes left and no answer came.
    InDoubt(TransportFault),
}

/// Why a call that spends nothing failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// The provider said no, or its answer could not be read (class `InDoubt`).
    #[error("the provider refused the call")]
    Refused(Refusal),
    /// The provider could not be reached, or did not answer.
    #[error("the provider did not answer: {}", .0.reason)]
    NoAnswer(TransportFault),
    /// The app lacks what the call needs.
    #[error("the app's settings lack {0}")]
    Lacking(&'static str),
}

/// What the authorization page is asked for.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// Where the browser goes afterwards; sent as it was written.
    pub redirect_uri: RedirectUri,
    /// The scopes to ask for.
    pub scopes: Scopes,
    /// Echoed back; compared by the login (RFC 6749 §10.12).
    pub state: String,
    /// `BASE64URL(SHA256(verifier))` (RFC 7636 §4.2); `None` for a family whose exchange takes no verifier.
    pub code_challenge: Option<String>,
    /// Whether the consent page is shown even where the provider would skip it.
    pub force_consent: bool,
}

/// A code to be exchanged.
#[derive(Debug)]
pub struct CodeExchange {
    /// The code.
    pub code: AuthorizationCode,
    /// The verifier of the challenge.
    pub verifier: CodeVerifier,
    /// The redirect URL of the authorization request, to the letter (RFC 6749 §4.1.3).
    pub redirect_uri: RedirectUri,
}

/// A device authorization under way (RFC 8628 §3.2).
#[derive(Debug)]
pub struct DeviceLogin {
    /// Polled with.
    pub device_code: DeviceCode,
    /// Typed by the person.
    pub user_code: String,
    /// Where the person types it.
    pub verification_uri: Url,
    /// The same with the code in it, for QR codes.
    pub verification_uri_complete: Option<Url>,
    /// How long it lasts, or is taken to last.
    pub expires_in: Duration,
    /// Whether the answer says how long.
    pub tells_life: bool,
    /// The least pause between polls.
    pub interval: Duration,
}

/// Whose token a call to [`Provider::app_token`] fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppTokenKind {
    /// The app's.
    App,
    /// The tenant's.
    Tenant,
}

/// An app or tenant token with its end.
#[derive(Debug, Clone)]
pub struct AppAccess {
    /// The token.
    pub token: AppToken,
    /// When it ends.
    pub expires: Timestamp,
}

/// What a call that spends nothing showed about an app and about the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// Whether the provider accepts the app's id and secret.
    pub accepted: Result<(), CallError>,
    /// Both clocks at one moment, if the answer told the provider's.
    pub clocks: Option<Clocks>,
}

/// The provider's clock beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Ours when the answer arrived.
    pub ours: Timestamp,
    /// The provider's, by the `Date` of its answer; whole seconds (RFC 9110 §6.6.1).
    pub theirs: Timestamp,
}

/// What the provider's own code means, by its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// What the caller can do.
    pub class: RefusalClass,
    /// What a person can do.
    pub remedy: Remedy,
    /// What it means.
    pub meaning: Words,
}

/// Everything a spend needs besides the refresh token, fetched before the intent is written.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The endpoint family the token will be sent to.
    pub api: TokenApi,
    /// The bearer that the v1 families want.
    pub app_token: Option<AppToken>,
}

/// A dialect together with its rules.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The rules row for what a family issued to an app.
    fn rules(&self, app: &AppName, issuer: TokenApi) -> &Rules;

    /// The address of the authorization page. Spends nothing; may have to ask the provider where it is.
    ///
    /// # Errors
    /// [`CallError::Lacking`] for a family without one; what came of asking.
    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError>;

    /// Whom the answer to an authorization request must come from (RFC 9207). Spends nothing; may have to ask the provider. A
    /// platform without an issuer is known by its hosts.
    async fn issuer(&self, app: &App) -> ExpectedIssuer {
        let by_settings = ExpectedIssuer::by_settings(&app.hosts.accounts);
        ExpectedIssuer { hosts: vec![app.hosts.accounts.clone(), app.hosts.open.clone()], ..by_settings }
    }

    /// Fetches what a call to `api` needs besides the single-use secret. Spends nothing.
    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError>;

    /// Sends a refresh token: once, without retry, without following redirects, on a fresh connection, and not
    /// beyond `timeout`. Whatever comes back is returned unread.
    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent;

    /// Sends an authorization code, under the same rules as [`Provider::refresh`].
    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent;

    /// Asks for tokens without an authorization page. Once, under the same rules as [`Provider::refresh`]; it may be
    /// repeated, because nothing that is sent is used up.
    async fn grant(&self, app: &App, grant: &DirectGrant, timeout: Duration) -> Sent {
        let _ = (app, grant, timeout);
        let reason = "this provider has no grant without an authorization page".to_owned();
        Sent::Unsent(TransportFault::failed(reason))
    }

    /// Starts a device authorization.
    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError>;

    /// Asks once whether the person has finished; pending and slow-down answers read as
    /// [`crate::RefusalClass::Pending`].
    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent;

    /// Reads an answer to a refresh, an exchange, a direct grant or a device poll. Pure: the same answer reads the same after
    /// a crash.
    fn read(&self, app: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome;

    /// Fetches an app or tenant token (reference/feishu.md §9: any number of processes may).
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError>;

    /// Asks whether the app is accepted, and what time it is there. Spends nothing, and keeps nothing.
    async fn check_up(&self, app: &App) -> Checkup {
        Checkup { accepted: self.app_token(app, AppTokenKind::App).await.map(drop), clocks: None }
    }

    /// What a code means in the answer to a refresh, for records that hold the code alone.
    fn explain(&self, _api: TokenApi, _code: i64) -> Option<Explained> {
        None
    }

    /// Asks for a new app ticket to be pushed (store apps).
    async fn resend_ticket(&self, app: &App) -> Result<(), CallError>;

    /// Asks whose token it is. Does not touch the refresh token.
    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError>;

    /// Withdraws tokens at the provider (RFC 7009), the refresh token first.
    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError>;
}
