//! The consent of a person: the authorization page, and the device authorization (RFC 8628).

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use super::call_error::CallError;
use super::token_endpoint::Sent;
use crate::{App, DeviceCode, ExpectedIssuer, RedirectUri, Scopes};

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

/// Where a person gives consent.
#[async_trait]
pub trait Consent: Send + Sync {
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

    /// Starts a device authorization.
    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError>;

    /// Asks once whether the person has finished; pending and slow-down answers read as
    /// [`crate::RefusalClass::Pending`].
    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent;
}
