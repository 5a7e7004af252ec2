//! Small sealed things that are no login: an app's secret, its tokens, what is known of it.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{AppName, SecretBytes};

/// Small sealed things by name.
#[async_trait]
pub trait AppData: Send + Sync {
    /// Keeps a small sealed thing, replacing the one of that name.
    async fn keep(&self, what: &AppDataKey, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), StoreError>;

    /// The small sealed things of these names, in one look: one answer for each, in their order.
    async fn recall(&self, what: &[AppDataKey]) -> Result<Vec<Option<Recalled>>, StoreError>;

    /// The same of one.
    async fn recall_one(&self, what: &AppDataKey) -> Result<Option<Recalled>, StoreError> {
        Ok(self.recall(std::slice::from_ref(what)).await?.pop().flatten())
    }

    /// Forgets it.
    async fn forget(&self, what: &AppDataKey) -> Result<(), StoreError>;
}

/// A small sealed thing, with its end if it has one.
pub type Recalled = (SecretBytes, Option<Timestamp>);

/// A small sealed thing that is not a grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AppDataKey {
    /// An app's secret.
    AppSecret(AppName),
    /// An app's ticket.
    AppTicket(AppName),
    /// An app's own token.
    AppToken(AppName),
    /// An app's token for its tenant.
    TenantToken(AppName),
    /// Which apps its name has stood for, and since when.
    Registrations(AppName),
    /// That the provider does not accept an app's id or secret.
    ClientRefused(AppName),
}
