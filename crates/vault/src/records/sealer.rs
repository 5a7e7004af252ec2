//! What seals and opens the vault's secrets: its keys, which another process may change.

use std::sync::{Arc, PoisonError, RwLock};

use tokenward_core::ports::Entropy;
use zeroize::Zeroizing;

use crate::seal::{Keys, Label, Unopened};

/// The keys of the vault in use, with the randomness to seal by.
pub(crate) struct Sealer {
    keys: RwLock<Arc<Keys>>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Sealer {
    pub(crate) fn new(keys: Keys, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys: RwLock::new(Arc::new(keys)), entropy }
    }

    pub(crate) fn seal(&self, label: &Label, plain: &[u8]) -> Vec<u8> {
        self.keys().seal(&*self.entropy, label, plain)
    }

    pub(crate) fn open(&self, label: &Label, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        self.keys().open(label, blob)
    }

    pub(crate) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}
