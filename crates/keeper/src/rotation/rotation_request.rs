//! What the callers of a rotation wish.

use tokenward_core::{App, Generation};

/// What a rotation depends on besides its grant. Callers who wish the same share one rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The app, with the secret that is shown for it.
    pub(crate) app: App,
    /// The generation that is not good enough.
    pub(crate) seen: Generation,
    /// How long somebody else's rotation is waited for.
    pub(crate) patience: Patience,
    /// Whether the provider is asked although it has said no a moment ago.
    pub(crate) insists: bool,
}

/// How long a caller waits for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Not at all: there is a token.
    None,
    /// [`KeeperOptions::refresh_patience`](crate::KeeperOptions::turn_patience).
    Full,
}
