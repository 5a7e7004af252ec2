//! A SQLite vault in a folder of its own.
#![expect(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use tokenward_core::ports::{Vault, VaultError};
use tokenward_vault::suite::{Stand, TestClock, TestEntropy, rules};
use tokenward_vault::{Folder, KeySources, SqliteVault, VaultOptions};

pub struct Place {
    pub root: TempDir,
    pub folder: Folder,
    pub clock: TestClock,
    pub sources: KeySources,
}

impl Place {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().join("home"));
        Self { root, folder, clock: TestClock::default(), sources: KeySources::default() }
    }

    pub fn options(&self) -> VaultOptions {
        VaultOptions {
            folder: self.folder.clone(),
            keys: self.sources.clone(),
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(TestEntropy),
            rules: Arc::new(|_| Some(rules())),
        }
    }

    pub async fn try_vault(&self) -> Result<SqliteVault, VaultError> {
        SqliteVault::open(self.options()).await
    }

    pub async fn vault(&self) -> SqliteVault {
        self.try_vault().await.unwrap()
    }
}

#[async_trait]
impl Stand for Place {
    async fn open(&self) -> Arc<dyn Vault> {
        Arc::new(self.vault().await)
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }
}
