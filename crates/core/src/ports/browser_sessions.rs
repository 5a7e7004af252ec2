//! Sessions of people who look at the server's pages: kept by the browser alone, sealed by the store, so that any node may answer.

use async_trait::async_trait;

use super::StoreError;
use crate::SecretBytes;

/// Seals what a browser keeps.
#[async_trait]
pub trait BrowserSessions: Send + Sync {
    /// Seals a session, with the keys that the store's own secrets are sealed with. Nothing is stored.
    async fn seal_session(&self, session: &SecretBytes) -> Result<Vec<u8>, StoreError>;

    /// Opens one. `None`: it is none that this store has sealed, it was changed, or its key is no longer used.
    async fn open_session(&self, sealed: &[u8]) -> Result<Option<SecretBytes>, StoreError>;
}
