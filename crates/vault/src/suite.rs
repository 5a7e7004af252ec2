//! The promises of the ports, as tests for every engine to run.
//!
//! There are three suites: [`store`] is what every store promises, [`folder`] what one adds that lies in a folder of this machine, [`server`]
//! what one adds that a server can stand on. An engine gives a [`Stand`] and calls [`store_suite!`](crate::store_suite); one in a folder
//! gives a [`FolderStand`] and calls [`folder_suite!`](crate::folder_suite) too, one for a server a [`ServerStand`] and calls
//! [`server_suite!`](crate::server_suite). Each promise becomes a test of its own. A case opens the store several times: each opening
//! stands for a process of its own, dropping one stands for its death at a transaction's boundary.

mod fixtures;
pub mod folder;
pub mod server_store;
pub mod store;

use std::sync::Arc;

use async_trait::async_trait;
use tokenward_core::ports::{ServerStore, Store, StoreError, Vault};

use crate::folder::Folder;
use crate::key_sources::KeySources;

pub use fixtures::{
    TestClock, TestEntropy, adoption, answer, draft, holder, login, named, new_link, rotation, rules, soon, start,
};

/// One store under test.
#[async_trait]
pub trait Stand: Send + Sync {
    /// One more opening of the store, as another process would have it.
    async fn open(&self) -> Arc<dyn Store>;

    /// The clock that every opening reads.
    fn clock(&self) -> &TestClock;
}

/// One store under test that a server can stand on.
#[async_trait]
pub trait ServerStand: Stand {
    /// One more opening of it.
    async fn open_for_server(&self) -> Arc<dyn ServerStore>;
}

/// One store under test that lies in a folder of this machine.
#[async_trait]
pub trait FolderStand: Stand {
    /// One more opening, where the key may come from these sources beside the key file.
    async fn open_by(&self, keys: KeySources) -> Result<Arc<dyn Vault>, StoreError>;

    /// The folder.
    fn folder(&self) -> &Folder;
}
