//! What of the auth api is not published, or is told in two ways (reference/blueking.md §2.2, §2.3): knobs.

use std::collections::BTreeMap;

use tokenward_core::{RefusalClass, Remedy};

/// How one installation's auth api is spoken to, and what its codes mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthApiOptions {
    /// How a user's grant is asked for.
    pub user_grant: UserGrant,
    /// How a refresh is sent. Its fields stand in the query either way.
    pub refresh: RefreshMethod,
    /// Whether a refresh repeats the app's secret in the query, beside the header. One client does, two do not.
    pub secret_in_refresh: bool,
    /// What the codes of this installation mean. None is published; a refresh that is refused with a code that is not here
    /// is in doubt.
    pub codes: BTreeMap<i64, (RefusalClass, Remedy)>,
}

/// The two ways of asking for a user's grant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum UserGrant {
    /// POST, fields in a JSON body, the app in headers: nothing secret in a URL.
    #[default]
    Body,
    /// GET, everything in the query.
    Query,
}

/// The two ways of sending a refresh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RefreshMethod {
    /// What most clients do, and the official one.
    #[default]
    Get,
    /// What a newer client does.
    Post,
}
