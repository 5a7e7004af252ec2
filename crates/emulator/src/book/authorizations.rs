//! What a person agreed to, between the page and the token endpoint.

use std::collections::BTreeSet;

use crate::words::{Challenge, Door, Moment};

/// An authorization request that was found to be in order.
#[derive(Clone)]
pub(crate) struct Authorization {
    /// Where it was asked for.
    pub(crate) door: Door,
    /// The realm of bkauth or the issuer's path of the plain provider.
    pub(crate) realm: String,
    pub(crate) app: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) state: Option<String>,
    pub(crate) challenge: Option<Challenge>,
}

/// An authorization code.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) authorization: Authorization,
    pub(crate) user: String,
    pub(crate) expires_at: Moment,
    pub(crate) used: bool,
    /// The login that it was exchanged for, at the doors beside the Feishu/Lark platform.
    pub(crate) grant: Option<usize>,
}
