//! What a login looks like now, for tests to assert on.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::book::Death;
use crate::words::{Brand, Door, Fingerprint, Moment};

/// What a login looks like now; for tests to assert on.
#[derive(Clone, Serialize)]
pub struct CurrentTokens {
    /// The login.
    pub grant: String,
    /// Its app.
    pub app: String,
    /// Its user; empty for an app's own token.
    pub user: String,
    /// Its brand.
    pub brand: Brand,
    /// The host that keeps it; for Feishu and Lark the one whose page takes consent.
    pub door: Door,
    /// The realm of bkauth, the issuer's path of the plain provider, or the environment of `auth_api`; empty elsewhere.
    pub realm: String,
    /// Generation of the newest refresh token; none when none was issued.
    pub generation: Option<u32>,
    /// Whether a refresh would succeed now.
    pub refreshable: bool,
    /// Why the login ended, if it did.
    pub death: Option<Death>,
    /// The live refresh token. The sandbox's tokens open nothing, so they are shown.
    pub refresh_token: Option<String>,
    /// Its fingerprint.
    pub refresh_fingerprint: Option<Fingerprint>,
    /// Its end, milliseconds since the epoch.
    pub refresh_expires_at: Option<Moment>,
    /// Every access token that is good now, oldest first.
    pub access_tokens: Vec<CurrentAccess>,
}

/// A live access token.
#[derive(Clone, Serialize)]
pub struct CurrentAccess {
    /// The token.
    pub token: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Generation of the refresh token that came with it.
    pub generation: Option<u32>,
    /// Its end, milliseconds since the epoch.
    pub expires_at: Moment,
    /// What it may do.
    pub scopes: BTreeSet<String>,
}

impl fmt::Debug for CurrentTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentTokens")
            .field("grant", &self.grant)
            .field("generation", &self.generation)
            .field("refresh_fingerprint", &self.refresh_fingerprint)
            .field("death", &self.death)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CurrentAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentAccess").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}
