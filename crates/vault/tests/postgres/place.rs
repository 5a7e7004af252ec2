//! A store in a database of its own. All its openings are of one node: they share a folder for their slots.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use tokenward_core::SecretBytes;
use tokenward_core::ports::{Clock, ServerStore, Store, StoreError};
use tokenward_vault::suite::{ServerStand, Stand, TestClock, TestEntropy};
use tokenward_vault::{ExplicitKey, Folder, PostgresOptions, PostgresVault};

use crate::shared::{pooler, server};

pub(crate) struct Place {
    root: TempDir,
    pub(crate) database: String,
    is_pooled: bool,
    clock: TestClock,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { root, database: server().database(), is_pooled: false, clock: TestClock::default() }
    }

    pub(crate) fn pooled() -> Self {
        Self { is_pooled: true, ..Self::new() }
    }

    /// What a node of that name opens it with; by the database's own clock.
    pub(crate) fn options(&self, node: &str) -> PostgresOptions {
        let socket = if self.is_pooled { pooler() } else { server().socket() };
        Self::options_at(socket, &self.database, self.is_pooled, self.root.path().join(node))
    }

    /// The same of any server.
    pub(crate) fn options_at(socket: &Path, database: &str, is_pooled: bool, node: PathBuf) -> PostgresOptions {
        let address = format!("postgres:///{database}?host={}&user=owner", socket.display());
        PostgresOptions {
            address: SecretBytes::new(address.into_bytes()),
            is_pooled,
            connections: 6,
            node: Folder::new(node),
            key: ExplicitKey::new("the test's key", &SecretBytes::new(b"0123456789abcdef0123456789abcdef".to_vec())),
            entropy: Arc::new(TestEntropy),
            clock: None,
        }
    }

    pub(crate) async fn node(&self, node: &str) -> Result<PostgresVault, StoreError> {
        PostgresVault::open(self.options(node)).await
    }
}

#[async_trait]
impl Stand for Place {
    async fn open(&self) -> Arc<dyn Store> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let options = PostgresOptions { clock: Some(clock), ..self.options("node") };
        Arc::new(PostgresVault::open(options).await.unwrap())
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }
}

#[async_trait]
impl ServerStand for Place {
    async fn open_for_server(&self) -> Arc<dyn ServerStore> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let options = PostgresOptions { clock: Some(clock), ..self.options("node") };
        Arc::new(PostgresVault::open(options).await.unwrap())
    }
}
