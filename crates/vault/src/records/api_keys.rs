//! API keys as they are stored: by a keyed hash, so that nobody who reads the store can call (I4).

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::{ApiKey, ApiKeyId};

use super::rows::{json, to_json};
use super::run_statement::{Row, Transaction, all, first, run};
use super::transaction_error::{Failed, Fault};
use super::{Records, sql};

/// What a key is stored under.
pub(crate) type KeyHash = [u8; 32];

impl Records {
    pub(crate) fn hash_of(&self, secret: &tokenward_core::ApiKeySecret) -> KeyHash {
        self.sealer.keys().api_key(secret.expose())
    }
}

pub(crate) fn add(tx: &dyn Transaction, hash: &KeyHash, key: &ApiKey) -> Result<(), Failed> {
    run(tx, sql::ADD_API_KEY, params![id(key.id), hash, to_json(key)?]).map(drop)
}

pub(crate) fn find(tx: &dyn Transaction, hash: &KeyHash) -> Result<Option<ApiKey>, Failed> {
    first(tx, sql::API_KEY_OF, params![hash], record)
}

pub(crate) fn by_id(tx: &dyn Transaction, key: ApiKeyId) -> Result<Option<ApiKey>, Failed> {
    first(tx, sql::API_KEY, params![id(key)], record)
}

pub(crate) fn list(tx: &dyn Transaction) -> Result<Vec<ApiKey>, Failed> {
    all(tx, sql::API_KEYS, params![], record)
}

/// Says whether there was one that had not been revoked.
pub(crate) fn revoke(tx: &dyn Transaction, key: ApiKeyId, at: Timestamp) -> Result<bool, Failed> {
    let Some(found) = by_id(tx, key)? else { return Ok(false) };
    if found.revoked.is_some() {
        return Ok(false);
    }
    let revoked = ApiKey { revoked: Some(at), ..found };
    Ok(run(tx, sql::CHANGE_API_KEY, params![id(key), to_json(&revoked)?])? > 0)
}

fn record(row: &Row<'_>) -> Result<ApiKey, Fault> {
    json(row, "record")
}

fn id(key: ApiKeyId) -> [u8; 16] {
    *key.as_uuid().as_bytes()
}
