//! What the rules make of tokens and issuers.

use std::collections::BTreeSet;

use crate::book::{RefreshEnd, Shape, Terms};
use crate::rules::PlainRules;
use crate::words::OFFLINE_ACCESS;

/// Whether there is an issuer with this path.
pub(crate) fn is_issuer(rules: &PlainRules, path: &str) -> bool {
    path.is_empty() || rules.issuer_paths.contains(path)
}

/// What the rules make of tokens for these scopes; an app's own come without a refresh token (RFC 6749 §4.4.3).
pub(crate) fn terms(rules: &PlainRules, scopes: &BTreeSet<String>, has_user: bool) -> Terms {
    let refreshable = has_user && (!rules.needs_offline_access || scopes.contains(OFFLINE_ACCESS));
    Terms {
        access_seconds: rules.access_seconds,
        refresh_seconds: refreshable.then_some(rules.refresh_seconds),
        refresh_end: RefreshEnd::sliding(rules.sliding),
        rotates: rules.rotation,
        single_use: true,
        old_access_token: rules.old_access_token,
        shape: Shape::Opaque,
        api: None,
    }
}
