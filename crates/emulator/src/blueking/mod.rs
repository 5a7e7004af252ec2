//! Tencent BlueKing, from the BlueKing reference alone: SSM, `auth_api`, bkauth's OAuth 2.0 server and the API gateway.
//!
//! Enters: a request that found its endpoint. Leaves: the answer in its dialect's shape, and the line about it in the
//! history. Two dialects give tokens for a login cookie, the third is OAuth 2.0, and the gateway takes the tokens of all.

mod auth_api;
mod bkauth;
mod catalogue;
mod cookies;
mod esb;
mod gateway;
mod refusal;
mod rules;
mod ssm;
mod tokens;

use http::Method;

use crate::endpoint::{Door, Endpoint, Operation, Route, get, page, post};
use crate::history::Visit;
use crate::message::{Reply, Request};
use crate::oauth;
use crate::state::State;

pub use catalogue::catalogue_blueking;
pub use rules::{
    AuthApiRules, BkauthRules, BluekingRules, CodeForm, GatewayRules, Identity, RefreshFate, Regrant, SsmRules,
    TokenRules,
};

pub(crate) use gateway::Cache as GatewayCache;
pub(crate) use refusal::Refusal;
pub(crate) use tokens::seed;

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

/// What can be told about a request before it is processed.
pub(crate) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    match request.door {
        Door::Ssm => ssm::preview(state, endpoint, request),
        Door::AuthApi => auth_api::preview(state, endpoint, request),
        Door::Bkauth => bkauth::preview(state, endpoint, request),
        _ => gateway::preview(state, endpoint, request),
    }
}

/// Processes a request.
pub(crate) fn process(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    visit.processed = true;
    match request.door {
        Door::Ssm => ssm::answer(state, endpoint, request, visit),
        Door::AuthApi => auth_api::answer(state, endpoint, request, visit),
        Door::Bkauth => bkauth::answer(state, endpoint, request, visit),
        _ => gateway::answer(state, endpoint, request, visit),
    }
}

/// An injected code in the endpoint's own shape.
pub(crate) fn refuse(endpoint: Endpoint, operation: Operation, code: u32, status: Option<u16>) -> Reply {
    match endpoint {
        Endpoint::SsmToken | Endpoint::SsmRefresh | Endpoint::SsmVerify => {
            Refusal::new(code, "injected").ssm(status.unwrap_or(200))
        }
        Endpoint::AuthApiToken | Endpoint::AuthApiRefresh | Endpoint::AuthApiCheck | Endpoint::EsbToken => {
            Refusal::new(code, "injected").auth_api(status.unwrap_or(200))
        }
        Endpoint::Gateway => gateway::injected(code, status),
        _ => oauth::injected(operation, code, status),
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
