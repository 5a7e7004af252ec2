//! Logins on another device, between their start and their last poll.

use std::collections::BTreeSet;

use crate::words::{Brand, Moment};

/// A device authorization (RFC 8628).
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) app: String,
    pub(crate) brand: Brand,
    /// The realm of bkauth or the issuer's path of the plain provider.
    pub(crate) realm: String,
    /// The secret half, for the program.
    pub(crate) secret: String,
    pub(crate) user_code: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires_at: Moment,
    pub(crate) interval: u64,
    pub(crate) last_poll: Option<Moment>,
    pub(crate) decision: Decision,
}

/// What became of a device authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed { user: String },
    Denied,
    Open,
    Redeemed,
}
