//! Logins that back ends open: any node may answer the browser, and each step is taken once.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{SecretBytes, WebLogin, WebLoginId};

/// The logins of back ends.
#[async_trait]
pub trait WebLogins: Send + Sync {
    /// Keeps one that was opened, durably, with what ties the browser to it, sealed. Those that ended before `forgotten` are dropped.
    async fn open_login(&self, login: &WebLogin, secret: &SecretBytes, forgotten: Timestamp) -> Result<(), StoreError>;

    /// One of them, with its secret.
    async fn web_login(&self, id: WebLoginId) -> Result<Option<(WebLogin, SecretBytes)>, StoreError>;

    /// Takes a step, durably: stores what is one step on, where the step before it is the present one. Says whether it was; of several that
    /// take one step, one is told so.
    async fn step_login(&self, login: &WebLogin, secret: &SecretBytes) -> Result<bool, StoreError>;
}
