//! The port of browsers' sessions. Each call is a trip, which brings the keys as they are now: another node may have changed them.

use async_trait::async_trait;
use tokenward_core::SecretBytes;
use tokenward_core::ports::{BrowserSessions, StoreError};

use super::PostgresVault;

#[async_trait]
impl BrowserSessions for PostgresVault {
    async fn seal_session(&self, session: &SecretBytes) -> Result<Vec<u8>, StoreError> {
        let session = SecretBytes::new(session.expose().to_vec());
        self.read(move |records, _| Ok(records.seal_session(&session))).await
    }

    async fn open_session(&self, sealed: &[u8]) -> Result<Option<SecretBytes>, StoreError> {
        let sealed = sealed.to_vec();
        self.read(move |records, _| Ok(records.open_session(&sealed))).await
    }
}
