//! A `SQLite` vault in a folder of its own.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use tokenward_core::ports::{ServerStore, Store, StoreError, Vault};
use tokenward_vault::suite::{FolderStand, ServerStand, Stand, TestClock, TestEntropy};
use tokenward_vault::{Folder, KeySources, SqliteVault, VaultOptions};

pub(crate) struct Place {
    pub(crate) root: TempDir,
    pub(crate) folder: Folder,
    pub(crate) clock: TestClock,
    pub(crate) sources: KeySources,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().join("home"));
        Self { root, folder, clock: TestClock::default(), sources: KeySources::default() }
    }

    pub(crate) fn options(&self) -> VaultOptions {
        VaultOptions {
            folder: self.folder.clone(),
            keys: self.sources.clone(),
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(TestEntropy),
        }
    }

    pub(crate) async fn try_vault(&self) -> Result<SqliteVault, StoreError> {
        SqliteVault::open(self.options()).await
    }

    /// A connection of somebody else to the database.
    pub(crate) fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.database()).unwrap()
    }

    pub(crate) async fn vault(&self) -> SqliteVault {
        self.try_vault().await.unwrap()
    }
}

#[async_trait]
impl Stand for Place {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.vault().await)
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }
}

#[async_trait]
impl ServerStand for Place {
    async fn open_for_server(&self) -> Arc<dyn ServerStore> {
        Arc::new(self.vault().await)
    }
}

#[async_trait]
impl FolderStand for Place {
    async fn open_by(&self, keys: KeySources) -> Result<Arc<dyn Vault>, StoreError> {
        Ok(Arc::new(SqliteVault::open(VaultOptions { keys, ..self.options() }).await?))
    }

    fn folder(&self) -> &Folder {
        &self.folder
    }
}

/// Runs something while the database cannot be written by a process that opens it now: its file is read-only, and root
/// has laid down the right to write it all the same.
pub(crate) async fn without_database<F: Future<Output = ()>>(place: &Place, run: impl FnOnce() -> F) {
    use std::os::unix::fs::PermissionsExt;

    let database = place.folder.database();
    let mode = |mode| std::fs::set_permissions(&database, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o400);
    let before = lay_down_root();
    run().await;
    take_up_root(before);
    mode(0o600);
}

/// Gives up the rights by which root writes what is read-only, for this thread and those it starts.
pub(crate) fn lay_down_root() -> rustix::thread::CapabilitySets {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

    let before = capabilities(None).unwrap();
    let mut after = before;
    after.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
    set_capabilities(None, after).unwrap();
    before
}

/// Takes them up again.
pub(crate) fn take_up_root(before: rustix::thread::CapabilitySets) {
    rustix::thread::set_capabilities(None, before).unwrap();
}
