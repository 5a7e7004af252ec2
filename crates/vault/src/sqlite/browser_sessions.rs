//! The port of browsers' sessions: sealed and opened with the keys as they are now, without the database.

use async_trait::async_trait;
use tokenward_core::SecretBytes;
use tokenward_core::ports::{BrowserSessions, StoreError};

use super::SqliteVault;

#[async_trait]
impl BrowserSessions for SqliteVault {
    async fn seal_session(&self, session: &SecretBytes) -> Result<Vec<u8>, StoreError> {
        self.context.refresh_keys();
        Ok(self.context.seal_session(session))
    }

    async fn open_session(&self, sealed: &[u8]) -> Result<Option<SecretBytes>, StoreError> {
        self.context.refresh_keys();
        Ok(self.context.open_session(sealed))
    }
}
