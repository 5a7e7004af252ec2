//! Where BlueKing's endpoints are. At the gateway every path is one.

use http::Method;

use crate::words::{Door, Endpoint, Route, get, page, post};

/// The endpoint behind a method and path on one of BlueKing's hosts.
pub(crate) fn find(door: Door, method: &Method, path: &str) -> Option<Endpoint> {
    // An older prefix of the same paths (reference/blueking.md §2.1).
    let path = if door == Door::Ssm { path.strip_prefix("/bkiam").unwrap_or(path) } else { path };
    let found = ROUTES
        .iter()
        .find(|route| route.door == door && fits(route.path, path) && route.methods.iter().any(|one| one == method));
    found.map(|route| route.endpoint).or_else(|| (door == Door::Gateway).then_some(Endpoint::Gateway))
}

/// Whether a path fits a route's, in which `{realm}` is one segment and a final slash may be left out.
fn fits(route: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (route.trim_end_matches('/').split('/'), path.trim_end_matches('/').split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("{realm}"), Some(realm)) if !realm.is_empty() => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

pub(crate) const ROUTES: &[Route] = &[
    post(Door::Ssm, "/api/v1/auth/access-tokens", Endpoint::SsmToken),
    post(Door::Ssm, "/api/v1/auth/access-tokens/refresh", Endpoint::SsmRefresh),
    post(Door::Ssm, "/api/v1/auth/access-tokens/verify", Endpoint::SsmVerify),
    page(Door::AuthApi, "/auth_api/token/", Endpoint::AuthApiToken),
    page(Door::AuthApi, "/auth_api/refresh_token/", Endpoint::AuthApiRefresh),
    page(Door::AuthApi, "/auth_api/check_token/", Endpoint::AuthApiCheck),
    get(Door::Bkauth, "/realms/{realm}/oauth2/authorize", Endpoint::BkauthAuthorize),
    post(Door::Bkauth, "/realms/{realm}/oauth2/consent", Endpoint::BkauthConsent),
    post(Door::Bkauth, "/realms/{realm}/oauth2/token", Endpoint::BkauthToken),
    post(Door::Bkauth, "/realms/{realm}/oauth2/revoke", Endpoint::BkauthRevoke),
    post(Door::Bkauth, "/realms/{realm}/oauth2/introspect", Endpoint::BkauthIntrospect),
    post(Door::Bkauth, "/realms/{realm}/oauth2/device/authorize", Endpoint::BkauthDevice),
    page(Door::Bkauth, "/realms/{realm}/oauth2/device", Endpoint::BkauthDevicePage),
    get(Door::Gateway, "/api/", Endpoint::Gateway),
    page(Door::Gateway, "/api/c/compapi/auth/get_auth_token/", Endpoint::EsbToken),
];
