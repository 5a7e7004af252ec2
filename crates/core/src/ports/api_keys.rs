//! The keys of those who call the server.
//!
//! Enters: a key once, when it is made, and again with each call. Leaves: what its bearer may do. A key is stored as a keyed hash, so that
//! nobody who reads the store can call (I4).

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{ApiKey, ApiKeyId, ApiKeySecret};

/// The API keys of a store.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Stores a key, durably.
    async fn add_key(&self, secret: &ApiKeySecret, key: &ApiKey) -> Result<(), StoreError>;

    /// What the bearer of this key may do; also of one that has ended or was revoked, which the caller of this looks at.
    async fn key_of(&self, secret: &ApiKeySecret) -> Result<Option<ApiKey>, StoreError>;

    /// The key of this id, for whoever has shown it before; also one that has ended or was revoked.
    async fn key_by_id(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// Every key, oldest first.
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// Revokes a key, durably. Says whether there was one that had not been revoked.
    async fn revoke_key(&self, id: ApiKeyId, at: Timestamp) -> Result<bool, StoreError>;
}
