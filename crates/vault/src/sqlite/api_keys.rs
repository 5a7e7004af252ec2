//! The port of API keys: each call is one transaction.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{ApiKeys, StoreError};
use tokenward_core::{ApiKey, ApiKeyId, ApiKeySecret};

use crate::records::api_keys;

use super::SqliteVault;

#[async_trait]
impl ApiKeys for SqliteVault {
    async fn add_key(&self, secret: &ApiKeySecret, key: &ApiKey) -> Result<(), StoreError> {
        let (hash, key) = (self.context.hash_of(secret), key.clone());
        self.write(move |_, tx| api_keys::add(tx, &hash, &key)).await
    }

    async fn key_of(&self, secret: &ApiKeySecret) -> Result<Option<ApiKey>, StoreError> {
        // A key that was revoked in the vault that came is not good in the one that was put aside.
        self.context.opener.check_place()?;
        let hash = self.context.hash_of(secret);
        self.read(move |_, tx| api_keys::find(tx, &hash)).await
    }

    async fn key_by_id(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        // As above.
        self.context.opener.check_place()?;
        self.read(move |_, tx| api_keys::by_id(tx, id)).await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.read_all(|_, tx| api_keys::list(tx)).await
    }

    async fn revoke_key(&self, id: ApiKeyId, at: Timestamp) -> Result<bool, StoreError> {
        self.write(move |_, tx| api_keys::revoke(tx, id, at)).await
    }
}
