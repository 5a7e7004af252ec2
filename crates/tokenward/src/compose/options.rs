//! What a session is opened with.

use std::fmt;
use std::sync::Arc;

use tokenward_core::ports::{Clock, Entropy, Vault};

use crate::{Home, KeeperOptions, KeySource, Observer};

/// What a session is opened with.
#[non_exhaustive]
pub struct SessionOptions<'a> {
    /// The folder that holds everything.
    pub home: &'a Home,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The key that a person chose for the vault, if any.
    pub key: KeySource,
    /// Told of each step of a rotation.
    pub observer: Option<Arc<dyn Observer>>,
    /// How long callers wait.
    pub keeper: KeeperOptions,
    /// What is put around the store. Unstable as the ports are.
    pub around_store: Option<AroundStore>,
}

/// Puts something around the store: for somebody who counts its calls, or lets them fail.
pub type AroundStore = Arc<dyn Fn(Arc<dyn Vault>) -> Arc<dyn Vault> + Send + Sync>;

impl<'a> SessionOptions<'a> {
    /// With the vault's own key, nobody who looks on, and the usual patience.
    pub fn new(home: &'a Home, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let (key, observer, keeper) = (KeySource::Unset, None, KeeperOptions::default());
        Self { home, clock, entropy, key, observer, keeper, around_store: None }
    }

    /// With the key that a person chose.
    pub fn key(self, key: KeySource) -> Self {
        Self { key, ..self }
    }

    /// With somebody who is told of each step.
    pub fn observer(self, observer: Option<Arc<dyn Observer>>) -> Self {
        Self { observer, ..self }
    }

    /// With another patience.
    pub fn keeper(self, keeper: KeeperOptions) -> Self {
        Self { keeper, ..self }
    }

    /// With something around the store. Unstable as the ports are.
    pub fn around_store(self, around: AroundStore) -> Self {
        Self { around_store: Some(around), ..self }
    }
}

impl fmt::Debug for SessionOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOptions").field("home", &self.home).field("key", &self.key).finish_non_exhaustive()
    }
}
