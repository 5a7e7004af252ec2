//! Logins that other tools keep: found, read, and never shown.

mod bkoauth;
mod database;
mod find;
mod lark_cli;
mod lark_mcp;
mod noise;
mod oidc_agent;
mod token_json;
mod tool;

use std::path::{Path, PathBuf};

use tokenward_core::SecretBytes;
use tokenward_files::Environment;
use tokenward_files::stores::{FoundLogin, Means, StoreError, Tool, ToolKeyring, read};

/// A home folder for tools to keep things in.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and the folders it is in.
    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn environment(&self) -> Environment {
        Environment::new([("HOME", self.0.path())])
    }

    fn read(&self, tool: Tool, place: &Path) -> Result<Vec<FoundLogin>, StoreError> {
        read(&self.environment(), tool, place, &Means::default())
    }

    fn read_with(&self, tool: Tool, place: &Path, key: &[u8]) -> Result<Vec<FoundLogin>, StoreError> {
        let means = Means::default().key(Some(SecretBytes::new(key.to_vec())));
        read(&self.environment(), tool, place, &means)
    }
}

/// A keyring with one entry, or one that cannot be asked.
struct OneKey {
    names: (&'static str, &'static str),
    answer: Result<Option<Vec<u8>>, String>,
}

impl ToolKeyring for OneKey {
    fn secret(&self, service: &str, account: &str) -> Result<Option<SecretBytes>, String> {
        assert_eq!((service, account), self.names);
        self.answer.clone().map(|secret| secret.map(SecretBytes::new))
    }
}

/// The tokens of a login: access, refresh.
fn tokens(login: &FoundLogin) -> (Option<&str>, Option<&str>) {
    let access = login.access.as_ref().map(tokenward_core::AccessToken::expose);
    (access, login.refresh.as_ref().map(tokenward_core::RefreshToken::expose))
}

fn second(time: Option<jiff::Timestamp>) -> Option<i64> {
    time.map(jiff::Timestamp::as_second)
}

/// Thirty-two bytes that every test's stores are sealed under.
fn key() -> [u8; 32] {
    std::array::from_fn(|index| u8::try_from(index).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
}
