//! The token endpoint: what is sent there once, and how an answer reads.
//!
//! Enters: an app and the one right to send. Leaves: what became of the request, unread; and by [`TokenEndpoint::read`] what an answer
//! means. Nothing is repeated here (I1), and nothing that came is thrown away (I3).

use std::time::Duration;

use async_trait::async_trait;

use super::call_error::CallError;
use crate::{
    App, AppName, AppToken, AuthorizationCode, CodeVerifier, DirectGrant, Outcome, RawAnswer, RedirectUri, Spend,
    TokenApi, TransportFault,
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

/// Everything a spend needs besides the refresh token, fetched before the intent is written.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The endpoint family the token will be sent to.
    pub api: TokenApi,
    /// The bearer that the v1 families want.
    pub app_token: Option<AppToken>,
}

/// Where tokens are issued.
#[async_trait]
pub trait TokenEndpoint: Send + Sync {
    /// Fetches what a call to `api` needs besides the single-use secret. Spends nothing.
    async fn prepare(&self, app: &App, api: TokenApi) -> Result<Prepared, CallError>;

    /// Sends a refresh token: once, without retry, without following redirects, on a fresh connection, and not
    /// beyond `timeout`. Whatever comes back is returned unread.
    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent;

    /// Sends an authorization code, under the same rules as [`TokenEndpoint::refresh`].
    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent;

    /// Asks for tokens without an authorization page. Once, under the same rules as [`TokenEndpoint::refresh`]; it may be
    /// repeated, because nothing that is sent is used up.
    async fn grant(&self, app: &App, grant: &DirectGrant, timeout: Duration) -> Sent {
        let _ = (app, grant, timeout);
        let reason = "this provider has no grant without an authorization page".to_owned();
        Sent::Unsent(TransportFault::failed(reason))
    }

    /// Reads an answer to a refresh, an exchange, a direct grant or a device poll. Pure: the same answer reads the same after
    /// a crash.
    fn read(&self, app: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome;
}
