//! What BlueKing's servers remember beside logins: sessions, what workers found out, what is said again for a while.

use std::collections::HashMap;

use serde_json::Value;

use crate::words::{Key, Moment};

/// What BlueKing's servers remember beside tokens.
#[derive(Default)]
pub(crate) struct BluekingMemory {
    /// Sessions set by `Set-Cookie`, and whose they are.
    pub(crate) sessions: HashMap<String, String>,
    /// What the gateway's workers found out about access tokens.
    pub(crate) gateway: GatewayCache,
    /// What bkauth's introspection says again until a moment.
    pub(crate) introspections: HashMap<Key, (Moment, Value)>,
    /// ESB's tokens, by app and user.
    pub(crate) esb: HashMap<(String, String), (String, Moment)>,
}

/// What the workers found out about access tokens.
#[derive(Default)]
pub(crate) struct GatewayCache {
    pub(crate) found: HashMap<(u32, Key), KnownToken>,
    pub(crate) turn: u32,
}

/// Whose an access token is.
#[derive(Clone)]
pub(crate) struct KnownToken {
    pub(crate) app: String,
    pub(crate) user: Option<String>,
    pub(crate) grant: String,
    pub(crate) generation: Option<usize>,
    pub(crate) until: Moment,
    /// The token's own end, where it is looked at each time.
    pub(crate) ends: Option<Moment>,
}
