//! The home folder and the vault's key, as they follow from the environment.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokenward_core::{BadSecret, Code, SecretBytes, hex};

use super::error::{HomeState, Origin, SettingsError, Warning};
use super::setting_definitions::Setting;
use super::text_utils::nearest;
use crate::{Desktop, Environment, Error, KeptState};

/// Variables that look like ours and are not: usually slips of the finger that would go unnoticed.
pub(super) fn strangers(env: &Environment) -> impl Iterator<Item = Warning> {
    let ours: Vec<_> = Setting::ALL.iter().filter_map(|setting| setting.variable()).collect();
    // What `exec`, `token --format env`, `proxy` and `watch --on-trouble` set is no setting, and no stranger to a Tokenward run beside it.
    let ours_to_give = |name: &str| {
        name.ends_with("_ACCESS_TOKEN") || name == "TOKENWARD_PROXY_URL" || name.starts_with("TOKENWARD_TROUBLE_")
    };
    env.names().filter_map(OsStr::to_str).filter_map(move |name| {
        let odd = name.starts_with("TOKENWARD_") && !ours.contains(&name) && !ours_to_give(name);
        odd.then(|| Warning::UnknownVariable {
            name: name.to_owned(),
            nearest: nearest(name, ours.iter().copied()).map(str::to_owned),
        })
    })
}

/// The folder that holds everything, and the desktop that its owner is logged in to, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    path: PathBuf,
    /// The home folder of the user that it was found by, if it was: that is the system's to make.
    of_user: Option<PathBuf>,
    desktop: Desktop,
}

impl Home {
    /// Finds the folder: the flag, `TOKENWARD_HOME`, `$XDG_DATA_HOME/tokenward`, `~/.local/share/tokenward`.
    /// Touches no file. A relative path stays relative to the working folder, except for `XDG_DATA_HOME`, which
    /// counts only when absolute (XDG Base Directory Specification 0.8), and for `HOME`.
    ///
    /// # Errors
    /// [`SettingsError::NoHome`] when none of them is set.
    pub fn resolve(flag: Option<&Path>, env: &Environment) -> Result<Self, SettingsError> {
        let base = || env.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
        let named = flag.map(Path::to_owned).or_else(|| env.path("TOKENWARD_HOME"));
        let named = named.or_else(|| base().map(|base| base.join("tokenward")));
        let desktop = || Desktop::from_environment(env);
        if let Some(path) = named {
            return Ok(Self { path, of_user: None, desktop: desktop() });
        }
        // A relative one would be another folder in each working folder.
        let user = env.path("HOME").filter(|home| home.is_absolute()).ok_or(SettingsError::NoHome)?;
        let path = user.join(".local/share/tokenward");
        Ok(Self { path, of_user: Some(user), desktop: desktop() })
    }

    /// A folder that is known already.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), of_user: None, desktop: Desktop::default() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The desktop whose keyring may hold the vault's key.
    pub const fn desktop(&self) -> &Desktop {
        &self.desktop
    }

    /// `config.toml`.
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// The folder of the vault.
    pub fn vault(&self) -> PathBuf {
        self.path.join("vault")
    }

    /// Whether there is a vault, sound or not. Making one is not for a look (I8).
    pub fn has_vault(&self) -> bool {
        let vault = self.vault();
        let interrupted = || tokenward_vault::Folder::new(&self.path).interrupted().is_some();
        vault.join("key.json").exists() || vault.join("vault.db").exists() || interrupted()
    }

    /// What the folder is, where nothing is set up in it.
    pub(super) fn state(&self) -> HomeState {
        match () {
            () if self.has_vault() => HomeState::WithVault,
            // It was named, by flag or variable.
            () if self.of_user.is_none() && !self.path.exists() => HomeState::Missing,
            () => HomeState::Plain,
        }
    }

    /// Whether a Django site with `install_as_bkoauth()` keeps logins under that name here: it notes the token service they are of.
    pub(super) fn is_of_site(&self, profile: &str) -> bool {
        let digest = Sha256::digest(profile.as_bytes());
        let name = hex::encode(&digest[..16]);
        self.path.join("bkoauth").join(name).with_extension("service").exists()
    }

    /// Whether the folder is there, or could be made.
    ///
    /// # Errors
    /// [`Code::HomeUnusable`] with the place that stands in the way.
    pub fn can_be_made(&self) -> Result<(), Error> {
        let unusable = |words: String| Error::with_detail(Code::HomeUnusable, KeptState::Nothing, words);
        if let Some(user) = self.of_user.as_ref().filter(|user| !user.is_dir()) {
            return Err(unusable(format!("the home folder {} does not exist (HOME)", user.display())));
        }
        tokenward_vault::Folder::new(&self.path).can_be_made().map_err(|error| unusable(error.to_string()))
    }

    /// Makes the folder, mode 0700, where it does not exist.
    ///
    /// A folder that is there and writable by others is closed to them when it belongs to us and is for us alone;
    /// otherwise it is refused, because whoever can write there can replace the vault. A folder that others may
    /// only look into is left as it is: the vault's own folder and `config.toml` are closed to them.
    ///
    /// # Errors
    /// [`SettingsError::NotWritten`] when it cannot be made, [`SettingsError::OpenToOthers`] as told above.
    pub fn prepare(&self) -> Result<Option<Warning>, SettingsError> {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
        let failed = |source| SettingsError::NotWritten { path: self.path.clone(), source };
        if let Some(user) = self.of_user.as_ref().filter(|user| !user.is_dir()) {
            let reason = format!("the home folder {} does not exist (HOME); set TOKENWARD_HOME", user.display());
            return Err(failed(std::io::Error::other(reason)));
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(failed)?;
        let meta = std::fs::metadata(&self.path).map_err(failed)?;
        let mode = meta.mode() & 0o7777;
        if mode & 0o022 == 0 {
            return Ok(None);
        }
        let shared = mode & 0o1000 != 0 || meta.uid() != rustix::process::geteuid().as_raw();
        if shared || std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o700)).is_err() {
            return Err(SettingsError::OpenToOthers { path: self.path.clone(), mode });
        }
        Ok(Some(Warning::FolderClosed { path: self.path.clone(), mode }))
    }
}

/// Where the key that the vault is sealed under comes from, as far as a person said.
#[derive(Debug)]
pub enum KeySource {
    /// `TOKENWARD_KEY`.
    Given(SecretBytes),
    /// `TOKENWARD_KEY_FILE`.
    File(PathBuf),
    /// Nobody said: the vault uses its own.
    Unset,
}

impl KeySource {
    pub(super) fn from_environment(env: &Environment) -> Result<Self, SettingsError> {
        if let Some(key) = env.raw("TOKENWARD_KEY") {
            let bad = |reason| SettingsError::BadSecret { origin: Origin::Variable("TOKENWARD_KEY"), reason };
            let key = key.to_str().ok_or_else(|| bad(BadSecret::Malformed))?.trim();
            if key.is_empty() {
                return Err(bad(BadSecret::Empty));
            }
            return Ok(Self::Given(SecretBytes::new(key.as_bytes().to_vec())));
        }
        Ok(env.path("TOKENWARD_KEY_FILE").map_or(Self::Unset, Self::File))
    }
}
