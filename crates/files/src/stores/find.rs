//! What is on this machine, and reading one of it.

use std::path::{Path, PathBuf};

use tokenward_core::SecretBytes;

use super::error::StoreError;
use super::keyring::ToolKeyring;
use super::login::FoundLogin;
use super::tool::Tool;
use super::{file, lark_cli, lark_mcp, oidc_agent, token_json};
use crate::Environment;

/// A store that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundStore {
    /// Whose it is.
    pub tool: Tool,
    /// Its file or folder.
    pub place: PathBuf,
    /// What opens it.
    pub needs: Needs,
}

/// What opens a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Nothing but the files.
    Nothing,
    /// A key in the keyring of the desktop.
    Keyring,
    /// A password that its owner knows.
    Password,
}

/// What may be used to open a store.
#[derive(Default)]
#[non_exhaustive]
pub struct Means<'a> {
    /// The key, handed in by a person. Goes before all others.
    pub key: Option<SecretBytes>,
    /// The keyring of the desktop.
    pub keyring: Option<&'a dyn ToolKeyring>,
}

impl<'a> Means<'a> {
    /// With a key that a person hands in, if there is one.
    pub fn key(self, key: Option<SecretBytes>) -> Self {
        Self { key, ..self }
    }

    /// With the keyring of the desktop, if there is one.
    pub fn keyring(self, keyring: Option<&'a dyn ToolKeyring>) -> Self {
        Self { keyring, ..self }
    }
}

/// The stores of other tools on this machine. Opens nothing that needs a question; a place that cannot be looked at counts as
/// empty.
pub fn find(environment: &Environment) -> Vec<FoundStore> {
    let mut found = Vec::new();
    for place in mcp_stores(environment).into_iter().filter(|place| place.is_file()) {
        found.push(FoundStore { tool: Tool::LarkMcp, place, needs: Needs::Keyring });
    }
    for place in cli_folders(environment) {
        if !file::list(&place, lark_cli::is_login).is_empty() {
            let key = lark_cli::KEY_FILES.iter().any(|name| place.join(name).is_file());
            let needs = if key { Needs::Nothing } else { Needs::Keyring };
            found.push(FoundStore { tool: Tool::LarkCli, place, needs });
        }
    }
    // It uses the first folder that is there.
    if let Some(folder) = agent_folders(environment).into_iter().find(|folder| folder.is_dir()) {
        let accounts = file::list(&folder, |_| true).into_iter().filter(|path| oidc_agent::is_account(path));
        found.extend(accounts.map(|place| FoundStore { tool: Tool::OidcAgent, place, needs: Needs::Password }));
    }
    found
}

/// The logins in a store: of the file or folder that [`find`] told, or of another.
///
/// # Errors
/// [`StoreError`], with what to do instead.
pub fn read(
    environment: &Environment,
    tool: Tool,
    place: &Path,
    means: &Means<'_>,
) -> Result<Vec<FoundLogin>, StoreError> {
    let content = || file::read(place)?.ok_or_else(|| StoreError::Empty { tool, path: place.to_owned() });
    match tool {
        Tool::LarkMcp => {
            let sealed = content()?;
            let key = key(means, place, lark_mcp::SERVICE, lark_mcp::ACCOUNT)?;
            lark_mcp::logins(place, &sealed, &key)
        }
        Tool::LarkCli => {
            let key = cli_key(means, place)?;
            lark_cli::logins(place, &key, &lark_cli::Config::read(&cli_configs(environment)))
        }
        Tool::OidcAgent => {
            let content = content()?;
            if oidc_agent::is_sealed(&content) {
                return Err(oidc_agent::sealed(place));
            }
            let mut logins = token_json::logins(&content)?;
            for login in &mut logins {
                (login.tool, login.place, login.writable) = (tool, place.to_owned(), false);
            }
            Ok(logins)
        }
        Tool::TokenFile => {
            let mut logins = token_json::logins(&content()?)?;
            for login in &mut logins {
                place.clone_into(&mut login.place);
            }
            Ok(logins)
        }
    }
}

/// The key of a store: handed in, or from the keyring.
fn key(means: &Means<'_>, place: &Path, service: &str, account: &str) -> Result<SecretBytes, StoreError> {
    if let Some(key) = &means.key {
        return Ok(key.clone());
    }
    let reason = match means.keyring.map(|keyring| keyring.secret(service, account)) {
        Some(Ok(Some(key))) => return Ok(key),
        Some(Ok(None)) => "which has none".to_owned(),
        Some(Err(reason)) => reason,
        None => "which is not asked here".to_owned(),
    };
    let command = if cfg!(target_os = "macos") {
        format!("security find-generic-password -s {service} -a {account} -w")
    } else {
        format!("secret-tool lookup service {service} account {account}")
    };
    Err(StoreError::NeedsKey { path: place.to_owned(), reason, command })
}

/// The key of `lark-cli`: handed in, beside its files, or in the keychain of macOS.
fn cli_key(means: &Means<'_>, place: &Path) -> Result<SecretBytes, StoreError> {
    let folder = if place.is_dir() { place } else { place.parent().unwrap_or(place) };
    if means.key.is_none() {
        for name in lark_cli::KEY_FILES {
            if let Some(key) = file::read(&folder.join(name))? {
                return Ok(SecretBytes::new(key.to_vec()));
            }
        }
    }
    if means.key.is_none() && !cfg!(target_os = "macos") {
        return Err(StoreError::KeyGone { tool: Tool::LarkCli, path: place.to_owned(), key: lark_cli::KEY_FILES[0] });
    }
    key(means, place, lark_cli::SERVICE, lark_cli::ACCOUNT)
}

/// Folders for data: what the variable says, the default of Linux, that of macOS.
fn data_folders(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.path("HOME");
    let given = environment.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let linux = home.as_ref().map(|home| home.join(".local").join("share"));
    let macos = home.map(|home| home.join("Library").join("Application Support"));
    [given, linux, macos].into_iter().flatten().collect()
}

/// As the package `env-paths` places data under the name `lark-mcp`.
fn mcp_stores(environment: &Environment) -> Vec<PathBuf> {
    once(data_folders(environment).into_iter().map(|folder| folder.join("lark-mcp-nodejs").join("storage.json")))
}

/// `LARKSUITE_CLI_DATA_DIR/lark-cli`, or `lark-cli` in the data folder.
fn cli_folders(environment: &Environment) -> Vec<PathBuf> {
    let given = environment.path("LARKSUITE_CLI_DATA_DIR");
    once(given.into_iter().chain(data_folders(environment)).map(|folder| folder.join("lark-cli")))
}

/// `config.json` in `LARKSUITE_CLI_CONFIG_DIR` or `~/.lark-cli`, also in the folders for two agents that it keeps apart.
fn cli_configs(environment: &Environment) -> Vec<PathBuf> {
    let given = environment.path("LARKSUITE_CLI_CONFIG_DIR");
    let base = given.or_else(|| environment.path("HOME").map(|home| home.join(".lark-cli")));
    let each = |base: PathBuf| ["", "openclaw", "hermes"].map(|inner| base.join(inner).join("config.json"));
    base.into_iter().flat_map(each).collect()
}

fn agent_folders(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.path("HOME");
    let inner = |way: &[&str]| home.as_ref().map(|home| way.iter().fold(home.clone(), |path, name| path.join(name)));
    let given = environment.path("OIDC_CONFIG_DIR");
    [given, inner(&[".config", "oidc-agent"]), inner(&[".oidc-agent"])].into_iter().flatten().collect()
}

fn once(paths: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for path in paths {
        if !all.contains(&path) {
            all.push(path);
        }
    }
    all
}
