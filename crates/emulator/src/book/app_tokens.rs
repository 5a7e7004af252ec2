//! Tokens that the Feishu/Lark platform gives to an app in its own name (reference/feishu.md §9). They are no logins: nothing
//! refreshes or ends them.

use std::collections::{BTreeSet, HashMap};

use crate::words::{Key, Moment};

/// All of them.
#[derive(Default)]
pub(crate) struct AppTokens {
    all: HashMap<Key, AppToken>,
    /// The newest of each slot of an app: one for itself, one for each tenant.
    newest: HashMap<(String, String), Key>,
}

/// A token of an app.
pub(crate) struct AppToken {
    pub(crate) value: String,
    pub(crate) kind: AppTokenKind,
    pub(crate) app: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires_at: Moment,
}

/// What it may be presented as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppTokenKind {
    /// An app token; a store app has a tenant's beside it.
    App,
    /// Both: a self-built app's token.
    AppAndTenant,
    /// A tenant token.
    Tenant,
}

impl AppToken {
    pub(crate) fn is_good(&self, now: Moment) -> bool {
        self.expires_at > now
    }
}

impl AppTokens {
    pub(crate) fn find(&self, token: &str) -> Option<&AppToken> {
        self.all.get(&Key::of(token))
    }

    /// The newest token of an app's slot.
    pub(crate) fn newest(&self, app: &str, slot: &str) -> Option<&AppToken> {
        self.newest.get(&(app.to_owned(), slot.to_owned())).and_then(|key| self.all.get(key))
    }

    pub(crate) fn is_newest(&self, token: &str) -> bool {
        let key = Key::of(token);
        self.newest.values().any(|newest| *newest == key)
    }

    pub(crate) fn keep(&mut self, slot: &str, token: AppToken) {
        let key = Key::of(&token.value);
        self.newest.insert((token.app.clone(), slot.to_owned()), key);
        self.all.insert(key, token);
    }
}
