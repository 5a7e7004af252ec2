//! `lark-cli`: a file per secret, sealed with AES-256-GCM under one key.
//!
//! On Linux the key is `master.key` beside the files, 32 bytes, mode 0600. On macOS it is in the keychain (service `lark-cli`,
//! account `master.key`, base64), or, where that is blocked, in `master.key.file`. A file is nonce (12 bytes), ciphertext, tag. A
//! login is JSON (reference/feishu.md §14) under the name `APP_ID_OPEN_ID.enc`; an app's secret is plain under
//! `appsecret_APP_ID.enc`. Brands and names of users are in `config.json`. Its newer versions keep the same files.
//! Source: 1.0.14 to 1.0.96.

use std::path::{Path, PathBuf};

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokenward_core::{AccessToken, AppSecret, Brand, RefreshToken, Scopes, SecretBytes, Subject};
use zeroize::Zeroizing;

use super::error::{StoreError, json_fault};
use super::file;
use super::login::FoundLogin;
use super::tool::Tool;
use super::wiped_text::Hidden;
use crate::links::Value;

/// The keychain's name for the key.
pub(super) const SERVICE: &str = "lark-cli";
/// The keychain's account of the key.
pub(super) const ACCOUNT: &str = "master.key";
/// The key's file on Linux, and the one that macOS falls back to.
pub(super) const KEY_FILES: [&str; 2] = ["master.key", "master.key.file"];

/// What it keeps of a login. Times in milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    app_id: String,
    #[serde(default)]
    user_open_id: String,
    #[serde(default)]
    access_token: Hidden,
    #[serde(default)]
    refresh_token: Hidden,
    #[serde(default)]
    expires_at: i64,
    #[serde(default)]
    refresh_expires_at: i64,
    #[serde(default)]
    scope: String,
}

/// Its configuration, as far as it tells something about logins.
#[derive(Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    apps: Vec<AppEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppEntry {
    #[serde(default)]
    app_id: String,
    #[serde(default)]
    brand: String,
    /// Plain, or an object that says where it is.
    #[serde(default)]
    app_secret: serde_json::Value,
    #[serde(default)]
    users: Option<Vec<User>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    #[serde(default)]
    user_open_id: String,
    #[serde(default)]
    user_name: String,
}

impl Config {
    /// The apps of the files that are there; one that cannot be read tells nothing.
    pub(super) fn read(paths: &[PathBuf]) -> Self {
        let texts = paths.iter().filter_map(|path| file::read(path).ok().flatten());
        let apps = texts.filter_map(|text| serde_json::from_slice::<Self>(&text).ok()).flat_map(|config| config.apps);
        Self { apps: apps.collect() }
    }
}

/// Whether a file of its folder holds a login, by its name.
pub(super) fn is_login(name: &str) -> bool {
    // In base64 where a version names files so: `appsecret:` and `apptoken:` begin with these letters.
    let other = ["appsecret_", "tat_", "YXBwc2VjcmV0"].iter().any(|start| name.starts_with(start));
    name.strip_suffix(".enc").is_some() && !other
}

/// The logins of a folder, or the one of a file.
pub(super) fn logins(place: &Path, key: &SecretBytes, config: &Config) -> Result<Vec<FoundLogin>, StoreError> {
    let key = key_bytes(key)?;
    let folder = if place.is_dir() { place } else { place.parent().unwrap_or(place) };
    let files = if place.is_dir() { file::list(place, is_login) } else { vec![place.to_owned()] };
    let mut found = Vec::new();
    let mut first = None;
    for path in files {
        match login(&path, folder, &key, config) {
            Ok(login) => found.push(login),
            // A file of another kind, or left from an older key, does not hide the others.
            Err(error) => first = first.or(Some(error)),
        }
    }
    match first {
        _ if !found.is_empty() => Ok(found),
        Some(error) => Err(error),
        None => Err(StoreError::Empty { tool: Tool::LarkCli, path: place.to_owned() }),
    }
}

fn login(path: &Path, folder: &Path, key: &[u8; 32], config: &Config) -> Result<FoundLogin, StoreError> {
    let sealed = file::read(path)?.ok_or_else(|| StoreError::Empty { tool: Tool::LarkCli, path: path.to_owned() })?;
    let text = open(path, &sealed, key)?;
    let stored: Stored = serde_json::from_slice(&text).map_err(|error| json_fault(Tool::LarkCli, &error))?;
    let bad = |what: &str| {
        let what = what.to_owned();
        move |reason| StoreError::BadToken { what, reason }
    };
    let app = config.apps.iter().find(|app| app.app_id == stored.app_id);
    let users = app.and_then(|app| app.users.as_deref()).unwrap_or_default();
    let name = users.iter().find(|user| user.user_open_id == stored.user_open_id).map(|user| user.user_name.clone());
    let name = name.filter(|name| !name.is_empty());
    let shown = name.clone().unwrap_or_else(|| stored.user_open_id.clone());
    let mut login = FoundLogin::of(Tool::LarkCli, path.to_owned()).named([stored.app_id.as_str(), shown.as_str()]);
    let time = |millis: i64| (millis > 0).then(|| Value::Number(millis).as_time()).flatten();
    login.access_expires = time(stored.expires_at);
    login.refresh_expires = time(stored.refresh_expires_at);
    login.brand = app.and_then(|app| app.brand.parse::<Brand>().ok());
    login.app_secret = app_secret(folder, &stored.app_id, key, app);
    if !stored.access_token.is_empty() {
        login.access = Some(AccessToken::parse(stored.access_token.take()).map_err(bad("the access token"))?);
    }
    if !stored.refresh_token.is_empty() {
        login.refresh = Some(RefreshToken::parse(stored.refresh_token.take()).map_err(bad("the refresh token"))?);
    }
    if login.access.is_none() && login.refresh.is_none() {
        return Err(StoreError::NoToken);
    }
    let scopes = Scopes::parse(&stored.scope).ok().map(|(scopes, _)| scopes);
    login.scopes = scopes.filter(|scopes| !scopes.is_empty());
    let id = Some(stored.user_open_id).filter(|id| !id.is_empty());
    login.subject = id.map(|id| Subject { id, name, ..Subject::default() });
    login.app_id = Some(stored.app_id);
    Ok(login)
}

/// The app's secret: plain in the configuration, or sealed beside the logins.
fn app_secret(folder: &Path, app_id: &str, key: &[u8; 32], app: Option<&AppEntry>) -> Option<AppSecret> {
    if let Some(plain) = app.and_then(|app| app.app_secret.as_str()) {
        return AppSecret::parse(plain).ok();
    }
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let path = folder.join(format!("appsecret_{}.enc", app_id.chars().map(safe).collect::<String>()));
    let sealed = file::read(&path).ok()??;
    let text = open(&path, &sealed, key).ok()?;
    AppSecret::parse(std::str::from_utf8(&text).ok()?).ok()
}

fn open(path: &Path, sealed: &[u8], key: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let Some((nonce, text)) = sealed.split_first_chunk::<12>().filter(|(_, text)| text.len() >= TAG) else {
        return Err(StoreError::Malformed { tool: Tool::LarkCli, reason: "it is shorter than any secret".to_owned() });
    };
    let mut text = Zeroizing::new(text.to_vec());
    let opened = Aes256Gcm::new(key.into()).decrypt_in_place(&Nonce::from(*nonce), &[], &mut *text);
    opened.map_err(|_| StoreError::WrongKey { path: path.to_owned() })?;
    Ok(text)
}

/// The tag of AES-GCM, in bytes.
const TAG: usize = 16;

/// A key as the file holds it, or in base64 as the keychain holds it, there with the mark of the library that put it in.
fn key_bytes(key: &SecretBytes) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let whole = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).ok().map(Zeroizing::new);
    if let Some(key) = whole(key.expose()) {
        return Ok(key);
    }
    let decode = |text: &[u8]| STANDARD.decode(text.trim_ascii()).ok().map(Zeroizing::new);
    let text = key.expose().trim_ascii();
    let inner = text.strip_prefix(b"go-keyring-base64:").map_or_else(|| Some(Zeroizing::new(text.to_vec())), decode);
    inner
        .and_then(|text| whole(&text).or_else(|| whole(&decode(&text)?)))
        .ok_or(StoreError::BadKey { tool: Tool::LarkCli, form: "32 bytes, plain or in base64," })
}
