//! A vault in a folder of its own, with hand-out files beside it.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use tokenward::hand_out::HandOutFiles;
use tokenward_core::ports::{Entropy, HandOuts, ProviderFacts, Store, StoreError, Vault};
use tokenward_core::{AppName, Generation, IntentDraft, OldAccess, Rules, ShownAs, TokenApi};
use tokenward_keeper::Showing;
use tokenward_vault::suite::{FolderStand, Stand, TestClock, TestEntropy, draft, rules};
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

    /// Whoever opens it from outside this thread.
    pub(crate) fn door(&self) -> Door {
        let Self { folder, clock, sources, .. } = self;
        Door { folder: folder.clone(), clock: clock.clone(), sources: sources.clone(), rules: Arc::new(staying()) }
    }

    pub(crate) async fn vault(&self) -> Showing {
        self.door().opened().await.1
    }
}

#[derive(Clone)]
pub(crate) struct Door {
    folder: Folder,
    clock: TestClock,
    sources: KeySources,
    rules: Arc<Rules>,
}

impl Door {
    /// Under other rules.
    pub(crate) fn by(self, rules: Rules) -> Self {
        Self { rules: Arc::new(rules), ..self }
    }

    /// The store, and the same with its hand-outs.
    pub(crate) async fn opened(&self) -> (Arc<SqliteVault>, Showing) {
        self.opened_with(Arc::new(TestEntropy), |files| Arc::new(files)).await
    }

    pub(crate) async fn opened_with(
        &self,
        entropy: Arc<dyn Entropy>,
        around: impl FnOnce(HandOutFiles) -> Arc<dyn HandOuts>,
    ) -> (Arc<SqliteVault>, Showing) {
        self.try_opened_with(entropy, around).await.unwrap()
    }

    async fn try_opened_with(
        &self,
        entropy: Arc<dyn Entropy>,
        around: impl FnOnce(HandOutFiles) -> Arc<dyn HandOuts>,
    ) -> Result<(Arc<SqliteVault>, Showing), StoreError> {
        let Self { folder, clock, sources, rules } = self.clone();
        let clock = Arc::new(clock);
        let options = VaultOptions { folder, keys: sources, clock: clock.clone(), entropy };
        let vault = Arc::new(SqliteVault::open(options).await?);
        let files = HandOutFiles::new(vault.beside(), clock, Arc::new(TestEntropy));
        let store: Arc<dyn Vault> = vault.clone();
        Ok((vault, Showing::new(store, around(files), Arc::new(Same(rules)))))
    }
}

/// Under these the old access token lives on.
pub(crate) fn staying() -> Rules {
    rules()
}

/// Under these a refresh ends it.
pub(crate) fn ending() -> Rules {
    let mut rules = rules();
    rules.old_access = OldAccess::Dies;
    rules
}

/// The same rules for every grant.
struct Same(Arc<Rules>);

impl ProviderFacts for Same {
    fn rules(&self, _: &AppName, _: TokenApi) -> &Rules {
        &self.0
    }
}

/// A spend that ends the access token of that profile.
pub(crate) fn ending_draft(generation: Generation, profile: &str) -> IntentDraft {
    IntentDraft { ends_access: Some(ShownAs(Some(profile.parse().unwrap()))), ..draft(generation) }
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
impl FolderStand for Place {
    async fn open_by(&self, keys: KeySources) -> Result<Arc<dyn Vault>, StoreError> {
        let door = Door { sources: keys, ..self.door() };
        Ok(Arc::new(door.try_opened_with(Arc::new(TestEntropy), |files| Arc::new(files)).await?.1))
    }

    fn folder(&self) -> &Folder {
        &self.folder
    }
}
