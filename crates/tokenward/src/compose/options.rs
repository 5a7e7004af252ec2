//! What a session is opened with.

use std::fmt;
use std::sync::Arc;

use tokenward_core::ports::{Clock, Entropy};

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
}

impl<'a> SessionOptions<'a> {
    /// With the vault's own key, nobody who looks on, and the usual patience.
    pub fn new(home: &'a Home, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { home, clock, entropy, key: KeySource::Unset, observer: None, keeper: KeeperOptions::default() }
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
}

impl fmt::Debug for SessionOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOptions").field("home", &self.home).field("key", &self.key).finish_non_exhaustive()
    }
}
