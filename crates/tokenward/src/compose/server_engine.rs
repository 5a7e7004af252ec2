//! What a server stands on: one engine over one store, and the settings that say what an app is.
//!
//! Enters: settings, and the vault of this machine or a database for many nodes. Leaves: logins by their profiles, and the store, which also
//! knows who may call and what was done. A crash is repaired as a session's is (I5).

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokenward_core::ports::ServerStore;
use tokenward_core::{App, ProfileName, TokenWish};

use super::{Session, profile_app};
use crate::links::{AdoptReport, BroughtLogin, Links};
use crate::{Error, Keeper, KnownApp, ResolvedProfile, ServedToken, Settings};

/// An engine over a store that a server stands on.
pub struct ServerSession {
    keeper: Keeper,
    store: Arc<dyn ServerStore>,
    settings: Settings,
    opened: Opened,
}

enum Opened {
    Folder(Session),
    #[cfg(feature = "postgres")]
    Database(Arc<tokenward_vault::PostgresVault>),
}

impl ServerSession {
    /// On the vault of this machine, which commands go on using beside it.
    pub fn on_folder(session: Session, settings: Settings) -> Self {
        let (keeper, store) = (session.keeper().clone(), Arc::clone(&session.vault) as Arc<dyn ServerStore>);
        Self { keeper, store, settings, opened: Opened::Folder(session) }
    }

    /// The engine.
    pub const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn ServerStore> {
        &self.store
    }

    /// The database in words, without a password.
    #[cfg(feature = "postgres")]
    pub fn place(&self) -> &str {
        match &self.opened {
            Opened::Folder(_) => "",
            Opened::Database(vault) => vault.place(),
        }
    }

    /// Whether the store is the vault of this machine, which its commands reach too.
    pub const fn is_on_folder(&self) -> bool {
        match self.opened {
            Opened::Folder(_) => true,
            #[cfg(feature = "postgres")]
            Opened::Database(_) => false,
        }
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The time by which everything here ends: the machine's, or the database's.
    pub fn now(&self) -> Timestamp {
        self.keeper.parts().clock.now()
    }

    /// A profile of the settings, with its app.
    ///
    /// # Errors
    /// Settings that are missing or cannot be used (`TW02xx`).
    pub async fn app(&self, profile: &ProfileName) -> Result<(ResolvedProfile, App), Error> {
        let resolved = self.settings.profile(Some(profile))?;
        let KnownApp { app, .. } = profile_app::app_with_secret(&self.keeper, &resolved).await?;
        Ok((resolved, app))
    }

    /// An access token of a profile's login.
    ///
    /// # Errors
    /// As [`Profile::access`](crate::Profile::access).
    pub async fn access(&self, profile: &ProfileName, ask: TokenWish) -> Result<ServedToken, Error> {
        let resolved = self.settings.profile(Some(profile))?;
        profile_app::access_of(&self.keeper, &resolved, ask).await
    }

    /// Refreshes a profile's login now, whatever the life of its token.
    ///
    /// # Errors
    /// As [`Keeper::renew`].
    pub async fn renew(&self, profile: &ProfileName) -> Result<ServedToken, Error> {
        let (_, app) = self.app(profile).await?;
        profile_app::check_registration(&self.keeper, &app, profile).await?;
        if !app.token_api.has_browser_login() {
            let seen = self.keeper.login(self.keeper.grant_of(profile).await?).await?.generation;
            return profile_app::obtained(&self.keeper, &app, profile, TokenWish::NewerThan(seen), None, None).await;
        }
        self.keeper.renew(&app, self.keeper.grant_of(profile).await?).await
    }

    /// Takes over a login that was brought for a profile.
    ///
    /// # Errors
    /// As [`Links::adopt`].
    pub async fn adopt(&self, profile: &ProfileName, brought: BroughtLogin) -> Result<AdoptReport, Error> {
        let (_, app) = self.app(profile).await?;
        Links::new(&self.keeper).adopt(&app, profile, brought).await
    }

    /// Whether the store answers, can be written, has a place for an answer that it cannot take, and opens with the key that this process was
    /// given.
    ///
    /// # Errors
    /// The vault's codes.
    pub async fn prove(&self) -> Result<(), Error> {
        match &self.opened {
            Opened::Folder(session) => session.vault.check_key()?,
            // Its data keys are read anew from the database, and what wraps them does not change.
            #[cfg(feature = "postgres")]
            Opened::Database(_) => {}
        }
        self.store.prove().await?;
        self.store.grants_after(None, None, 1).await?;
        Ok(())
    }

    /// Waits for refreshes that are under way, and closes the store's connections.
    ///
    /// # Errors
    /// The vault's codes; nothing is lost by any of them.
    pub async fn close(&self) -> Result<(), Error> {
        match &self.opened {
            Opened::Folder(session) => session.close().await,
            #[cfg(feature = "postgres")]
            Opened::Database(vault) => {
                self.keeper.idle().await;
                vault.close_connections().await;
                Ok(())
            }
        }
    }
}

impl fmt::Debug for ServerSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSession").field("keeper", &self.keeper).finish_non_exhaustive()
    }
}

#[cfg(feature = "postgres")]
pub use on_database::DatabaseOptions;

#[cfg(feature = "postgres")]
mod on_database {
    use std::path::{Path, PathBuf};

    use tokenward_core::ports::{Clock, Entropy};
    use tokenward_core::{Code, SecretBytes};
    use tokenward_keeper::{NoSurroundings, Observer};
    use tokenward_vault::{Folder, PostgresOptions, PostgresVault};

    use super::super::{key_sources, provider};
    use super::{Arc, Error, Keeper, Opened, ServerSession, ServerStore, Settings};
    use crate::{KeeperOptions, KeptState, Parts, Processes};

    /// The database of many nodes, as one of them opens it.
    #[non_exhaustive]
    pub struct DatabaseOptions {
        /// Its address, with its password (I4).
        pub address: SecretBytes,
        /// Whether a pooler in transaction mode stands between.
        pub is_pooled: bool,
        /// How many transactions this node has at once, at most.
        pub connections: usize,
        /// A folder of this node alone, which outlives the process.
        pub node: PathBuf,
        /// Randomness.
        pub entropy: Arc<dyn Entropy>,
        /// How long callers wait.
        pub keeper: KeeperOptions,
        /// Told of each step of a rotation.
        pub observer: Option<Arc<dyn Observer>>,
        /// A clock in the place of the database's, for tests.
        pub clock: Option<Arc<dyn Clock>>,
    }

    impl DatabaseOptions {
        /// A database at that address, for the node with that folder.
        pub fn new(address: SecretBytes, node: impl Into<PathBuf>, entropy: Arc<dyn Entropy>) -> Self {
            let (keeper, node) = (KeeperOptions::default(), node.into());
            Self { address, is_pooled: false, connections: 16, node, entropy, keeper, observer: None, clock: None }
        }
    }

    impl std::fmt::Debug for DatabaseOptions {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("DatabaseOptions").field("node", &self.node).finish_non_exhaustive()
        }
    }

    impl ServerSession {
        /// On a database for many nodes, which is made where it is empty. What seals it comes from `TOKENWARD_KEY` or
        /// `TOKENWARD_KEY_FILE`, the same on every node.
        ///
        /// # Errors
        /// [`Code::VaultKey`] where neither is set; the vault's codes.
        pub async fn on_database(settings: Settings, options: DatabaseOptions) -> Result<Self, Error> {
            let DatabaseOptions { address, is_pooled, connections, node, entropy, keeper, observer, clock } = options;
            let key = key_sources(settings.home(), &settings.key_source()?)?.explicit.ok_or_else(|| {
                let detail = "a database takes its key from TOKENWARD_KEY or TOKENWARD_KEY_FILE";
                Error::with_detail(Code::VaultKey, KeptState::Everything, detail)
            })?;
            let options = PostgresOptions {
                address,
                is_pooled,
                connections,
                node: Folder::new(node),
                key,
                entropy: Arc::clone(&entropy),
                clock,
            };
            let vault = Arc::new(PostgresVault::open(options).await?);
            let clock = vault.clock();
            let witness = Arc::new(Processes::new(Path::new("/proc"), &*entropy));
            let provider = provider(&clock, settings.own());
            let mut parts = Parts::new(Arc::clone(&vault) as _, provider, clock, entropy, witness);
            // Files are linked on the host that they are on, and a node has none.
            parts.surroundings = Arc::new(NoSurroundings);
            if let Some(observer) = observer {
                parts.observer = observer;
            }
            let keeper = Keeper::new(parts, keeper);
            keeper.recover_logins().await?;
            let store = Arc::clone(&vault) as Arc<dyn ServerStore>;
            Ok(Self { keeper, store, settings, opened: Opened::Database(vault) })
        }
    }
}
