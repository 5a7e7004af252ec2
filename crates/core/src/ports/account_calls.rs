//! Calls about an app or a user that touch no refresh token, but for the one that withdraws it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call_error::CallError;
use crate::{AccessToken, App, AppToken, RefreshToken, Subject};

/// Whose token a call to [`Account::app_token`] fetches.
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

/// Whose a token is, and what else a provider tells about an app or a user.
#[async_trait]
pub trait Account: Send + Sync {
    /// Asks whose token it is. Does not touch the refresh token.
    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError>;

    /// Withdraws tokens at the provider (RFC 7009), the refresh token first.
    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError>;

    /// Fetches an app or tenant token (reference/feishu.md §9: any number of processes may).
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError>;

    /// Asks whether the app is accepted, and what time it is there. Spends nothing, and keeps nothing.
    async fn check_up(&self, app: &App) -> Checkup {
        Checkup { accepted: self.app_token(app, AppTokenKind::App).await.map(drop), clocks: None }
    }
}
