//! Which app a name stands for, or a login is a consent to: by its public id, its provider and where its tokens come from.
//!
//! Enters: what was written down of it. Leaves: whether an app is the same one. A token of one app is of no use to another, and not to be
//! shown to another's server.

use serde::{Deserialize, Serialize};

use crate::{Hosts, ProviderName};

/// Which app a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Registration {
    /// The provider, as far as it is said.
    pub provider: Option<String>,
    /// The app's public id.
    pub client_id: String,
    /// Where its tokens come from, as far as it is said.
    pub accounts: Option<String>,
}

impl Registration {
    /// An app by what is said of it.
    pub const fn new(provider: Option<String>, client_id: String, accounts: Option<String>) -> Self {
        Self { provider, client_id, accounts }
    }

    /// Whether an app is this one, as far as it is said.
    pub fn is(&self, client_id: &str, provider: ProviderName, hosts: &Hosts) -> bool {
        let fits = |known: &Option<String>, now: &str| known.as_deref().is_none_or(|known| known == now);
        self.client_id == client_id
            && fits(&self.provider, provider.as_str())
            && fits(&self.accounts, hosts.accounts.as_str().trim_end_matches('/'))
    }
}
