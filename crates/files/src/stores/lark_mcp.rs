//! `lark-mcp`: one file, sealed with AES-256-CBC under a key in the desktop's keyring.
//!
//! The file is `IV:CIPHERTEXT` in hexadecimal; the key is 64 hexadecimal digits (keytar: service `lark-mcp`, account
//! `encryption-key`). Inside: `tokens` by access token, each with `clientId`, `scopes`, `expiresAt` (seconds, with a fraction) and
//! `extra` (`refreshToken`, `appId`, `appSecret`, `token`: the provider's answer), and `localTokens`: the access token by app
//! that its own `login` made. Without a working keyring it keeps nothing on disk. Source: version 0.5.1.

use std::collections::BTreeMap;
use std::path::Path;

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use jiff::SignedDuration;
use serde::Deserialize;
use tokenward_core::{AccessToken, AppSecret, RefreshToken, Scopes, SecretBytes, TokenApi, hex};
use zeroize::Zeroizing;

use super::error::{StoreError, json_fault};
use super::login::FoundLogin;
use super::tool::Tool;
use super::wiped_text::Hidden;
use crate::links::Value;

/// The keyring's name for the key.
pub(super) const SERVICE: &str = "lark-mcp";
/// The keyring's account of the key.
pub(super) const ACCOUNT: &str = "encryption-key";

#[derive(Deserialize)]
struct Storage {
    /// By access token.
    #[serde(default)]
    tokens: BTreeMap<Hidden, Entry>,
    /// Access tokens, by app.
    #[serde(default, rename = "localTokens")]
    local: BTreeMap<String, Hidden>,
}

#[derive(Deserialize)]
struct Entry {
    token: Hidden,
    #[serde(default, rename = "clientId")]
    client: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default, rename = "expiresAt")]
    expires_at: Option<f64>,
    #[serde(default)]
    extra: Extra,
}

#[derive(Default, Deserialize)]
struct Extra {
    #[serde(default, rename = "refreshToken")]
    refresh: Option<Hidden>,
    #[serde(default, rename = "appId")]
    app_id: Option<String>,
    #[serde(default, rename = "appSecret")]
    app_secret: Option<Hidden>,
    #[serde(default, rename = "token")]
    answer: Option<Answer>,
}

/// The provider's answer, as far as it tells more: lives in seconds, in the OIDC family inside a wrapper.
#[derive(Default, Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<Box<Answer>>,
    #[serde(default)]
    expires_in: Option<i64>,
    #[serde(default, alias = "refresh_expires_in")]
    refresh_token_expires_in: Option<i64>,
}

/// The logins in a store.
pub(super) fn logins(place: &Path, sealed: &[u8], key: &SecretBytes) -> Result<Vec<FoundLogin>, StoreError> {
    let text = open(place, sealed, key)?;
    let storage: Storage = serde_json::from_slice(&text).map_err(|error| {
        // Without a checksum, a foreign key gives noise, or by luck a good padding.
        let noise = std::str::from_utf8(&text).is_err() || !text.starts_with(b"{");
        if noise { StoreError::WrongKey { path: place.to_owned() } } else { json_fault(Tool::LarkMcp, &error) }
    })?;
    let Storage { tokens, local } = storage;
    let mut found = Vec::new();
    for entry in tokens.into_values() {
        let own = local.iter().find(|(_, token)| **token == entry.token).map(|(app, _)| app.as_str());
        found.push(login(place, entry, own)?);
    }
    found.sort_by(|a, b| a.account.cmp(&b.account));
    if found.is_empty() {
        return Err(StoreError::Empty { tool: Tool::LarkMcp, path: place.to_owned() });
    }
    Ok(found)
}

fn login(place: &Path, entry: Entry, own: Option<&str>) -> Result<FoundLogin, StoreError> {
    let bad = |what: &str| {
        let what = what.to_owned();
        move |reason| StoreError::BadToken { what, reason }
    };
    let Extra { refresh, app_id, app_secret, answer } = entry.extra;
    let app_id = app_id.or(own.map(str::to_owned));
    // Its way without scopes is the OIDC family (`provider/oidc.ts`).
    let mut answer = answer.unwrap_or_default();
    let (issued_by, lives) = match answer.data.take() {
        Some(wrapped) => (TokenApi::OidcV1, *wrapped),
        None => (TokenApi::V2, answer),
    };
    let expires = entry.expires_at.and_then(|at| Value::Fraction(at).as_time());
    let issued = expires.and_then(|at| at.checked_sub(SignedDuration::from_secs(lives.expires_in?)).ok());
    let refresh_life = lives.refresh_token_expires_in.map(SignedDuration::from_secs);
    let scopes = Scopes::parse(&entry.scopes.join(" ")).ok().map(|(scopes, _)| scopes);
    let there = |text: Option<Hidden>| text.filter(|text| !text.is_empty()).map(Hidden::take);
    let client = if own.is_some() { "" } else { entry.client.as_str() };
    let mut login =
        FoundLogin::of(Tool::LarkMcp, place.to_owned()).named([app_id.as_deref().unwrap_or_default(), client]);
    login.access = Some(AccessToken::parse(entry.token.take()).map_err(bad("the access token"))?);
    login.refresh = there(refresh).map(RefreshToken::parse).transpose().map_err(bad("the refresh token"))?;
    login.app_secret = there(app_secret).map(AppSecret::parse).transpose().map_err(bad("the app's secret"))?;
    login.issued_by = login.refresh.is_some().then_some(issued_by);
    login.app_id = app_id;
    login.access_expires = expires;
    login.refresh_expires = issued.zip(refresh_life).and_then(|(at, life)| at.checked_add(life).ok());
    login.scopes = scopes.filter(|scopes| !scopes.is_empty());
    Ok(login)
}

/// The text of a store.
fn open(place: &Path, sealed: &[u8], key: &SecretBytes) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let bad_key = || StoreError::BadKey { tool: Tool::LarkMcp, form: "a line of 64 hexadecimal digits" };
    let malformed = |reason: &str| StoreError::Malformed { tool: Tool::LarkMcp, reason: reason.to_owned() };
    let key = secret_bytes(key.expose().trim_ascii()).filter(|key| key.len() == 32).ok_or_else(bad_key)?;
    let sealed = sealed.trim_ascii();
    let colon = sealed.iter().position(|&byte| byte == b':');
    let (iv, text) =
        colon.map(|at| (&sealed[..at], &sealed[at + 1..])).ok_or_else(|| malformed("the colon is missing"))?;
    let iv = secret_bytes(iv)
        .filter(|iv| iv.len() == 16)
        .ok_or_else(|| malformed("no 32 hexadecimal digits before the colon"))?;
    let mut text =
        secret_bytes(text).ok_or_else(|| malformed("something else than hexadecimal digits behind the colon"))?;
    if text.is_empty() || text.len() % 16 != 0 {
        return Err(malformed("it ends within a block; was it cut off?"));
    }
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&key, &iv).map_err(|_| bad_key())?;
    let wrong = |_| StoreError::WrongKey { path: place.to_owned() };
    let length = cipher.decrypt_padded::<Pkcs7>(&mut text).map_err(wrong)?.len();
    text.truncate(length);
    Ok(text)
}

/// Bytes from hexadecimal digits.
fn secret_bytes(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    hex::decode(digits).map(Zeroizing::new)
}
