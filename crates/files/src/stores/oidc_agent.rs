//! `oidc-agent`: a file per account, sealed under a password or for a PGP key.
//!
//! The agent hands out access tokens only, never a refresh token; `oidc-add --print NAME` asks for the password (or gpg-agent)
//! and prints the account as JSON: `name`, `issuer_url`, `client_id`, `client_secret`, `refresh_token`, `scope`. That is read like any
//! token file. A sealed file begins with the ciphertext's length (an older one: `length:salt:nonce:ciphertext`), or with PGP's mark,
//! and ends with a line about its version. Source: version 5.

use std::path::Path;

use super::error::StoreError;
use super::file;

/// Whether a file's content is a sealed account.
pub(super) fn is_sealed(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let first = text.lines().next().unwrap_or_default();
    let length = first.split(':').next().unwrap_or_default();
    let counted = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let parts = if first.contains(':') { first.split(':').count() == 4 } else { text.lines().count() >= 6 };
    (counted && parts) || first.starts_with("-----BEGIN PGP MESSAGE-----")
}

/// The error that says how to get at a sealed account.
pub(super) fn sealed(path: &Path) -> StoreError {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-@".contains(c));
    let name = if plain { name } else { "NAME".to_owned() };
    StoreError::NeedsPassword { path: path.to_owned(), command: format!("oidc-add --print {name}") }
}

/// Whether a file of its folder is an account.
pub(super) fn is_account(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let other = name.starts_with('.') || name.contains(".config") || name.contains(".clientconfig");
    !other && file::read(path).is_ok_and(|content| content.is_some_and(|content| is_sealed(&content)))
}
