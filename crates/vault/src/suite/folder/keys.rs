//! The key of a vault: one that is missing, guessed, exchanged or damaged is said, and never taken for a new vault's.

use std::fs;

use tokenward_core::SecretBytes;
use tokenward_core::ports::{StoreError, StoreFault};

use super::opened;
use crate::key_sources::{ExplicitKey, KeySources};
use crate::suite::FolderStand;
use crate::suite::fixtures::login;

async fn with_login(stand: &dyn FolderStand) {
    opened(stand).await.log_in(login("work", "1", None)).await.unwrap();
}

async fn has_login(stand: &dyn FolderStand) -> Result<bool, StoreError> {
    let vault = stand.open_by(KeySources::default()).await?;
    Ok(vault.grant_of(&"work".parse().unwrap()).await?.is_some())
}

fn key_error<T: std::fmt::Debug>(found: Result<T, StoreError>) -> String {
    match found {
        Err(StoreError { kind: StoreFault::Key { key }, reason, .. }) => format!("{key}: {reason}"),
        other => panic!("{other:?}"),
    }
}

fn unreadable(found: Result<bool, StoreError>) -> String {
    match found {
        Err(StoreError { kind: StoreFault::Unreadable, reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

/// Nothing is sealed under it.
pub async fn a_key_that_can_be_guessed_is_refused_with_the_way_out(stand: &dyn FolderStand) {
    let guessed = ExplicitKey::new("the variable TOKENWARD_KEY", &SecretBytes::new(b"hunter2".to_vec()));
    let refused = stand.open_by(KeySources { explicit: Some(guessed), keyring: None }).await;
    assert!(key_error(refused.map(drop)).contains("openssl rand"));
    assert!(!has_login(stand).await.unwrap());
}

/// The key file is neither made anew nor changed, and once it is back the vault opens.
pub async fn a_missing_or_exchanged_key_file_is_said(stand: &dyn FolderStand) {
    with_login(stand).await;
    let key = fs::read(stand.folder().key_file()).unwrap();
    fs::remove_file(stand.folder().key_file()).unwrap();
    assert!(key_error(has_login(stand).await).contains("the file is missing; put it back"));
    assert!(!stand.folder().key_file().exists());
    let mut other = key.clone();
    other[0] ^= 1;
    fs::write(stand.folder().key_file(), other).unwrap();
    assert!(key_error(has_login(stand).await).contains("it is not the key"));
    fs::write(stand.folder().key_file(), key).unwrap();
    assert!(has_login(stand).await.unwrap());
}

/// What would seal over it must not be drawn.
pub async fn a_vault_without_its_wrapped_key_is_not_created_anew(stand: &dyn FolderStand) {
    with_login(stand).await;
    let wrapped = fs::read(stand.folder().wrapped_key()).unwrap();
    fs::remove_file(stand.folder().wrapped_key()).unwrap();
    assert!(key_error(has_login(stand).await).contains("the vault is not empty"));
    fs::write(stand.folder().wrapped_key(), wrapped).unwrap();
    assert!(has_login(stand).await.unwrap());
}

/// Damage is told as damage, and not as another key.
pub async fn damaged_key_files_are_unreadable(stand: &dyn FolderStand) {
    with_login(stand).await;
    for text in ["", "{", "{\"version\":1,\"vault\":\"zz\",\"wraps\":[]}"] {
        fs::write(stand.folder().wrapped_key(), text).unwrap();
        unreadable(has_login(stand).await);
    }
}
