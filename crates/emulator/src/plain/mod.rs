//! A plain OAuth 2.0 provider: RFC 6749 with discovery (8414), PKCE (7636), revocation (7009), introspection (7662), device
//! flow (8628), rotation and family revocation (9700).
//!
//! Enters: a request below an issuer: the host itself, or one of the paths that the rules name. Leaves: the RFCs' answers.
//! What a server may do or leave is a knob in [`PlainRules`].

mod discovery;
mod rules;
mod token;

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::endpoint::{Door, Endpoint, Operation, Route, get, page, post};
use crate::families::{Shape, Terms};
use crate::history::{Fingerprint, Visit};
use crate::message::{Reply, Request};
use crate::oauth::{self, Refusal, Server};
use crate::registry::UserStatus;
use crate::state::State;

pub use rules::{PlainPart, PlainRules};

/// The endpoint behind a method and path. Whether the issuer before it exists is known only when it is processed.
pub(crate) fn find(method: &Method, path: &str) -> Option<Endpoint> {
    if path.starts_with(discovery::OAUTH) || path.ends_with(discovery::OPENID) {
        return (method == Method::GET).then_some(Endpoint::PlainDiscovery);
    }
    let (_, last) = path.rsplit_once('/')?;
    let found = ROUTES.iter().find(|route| &route.path[1..] == last && route.methods.iter().any(|one| one == method));
    found.map(|route| route.endpoint)
}

/// What can be told about a request before it is processed.
pub(crate) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    let operation = match endpoint {
        Endpoint::PlainAuthorize | Endpoint::PlainConsent | Endpoint::PlainDevicePage => Operation::Browse,
        Endpoint::PlainDevice => Operation::DeviceStart,
        Endpoint::PlainDiscovery => Operation::Discover,
        Endpoint::PlainIntrospect => Operation::Verify,
        Endpoint::PlainRevoke => Operation::Revoke,
        Endpoint::PlainUserinfo => Operation::Call,
        _ => Operation::Unknown,
    };
    oauth::preview(state, endpoint, operation, request)
}

/// Processes a request.
pub(crate) fn process(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    visit.processed = true;
    if endpoint == Endpoint::PlainDiscovery {
        return discovery::answer(state, request, visit);
    }
    let path = request.path.rsplit_once('/').map_or("", |(path, _)| path);
    let missing = part(endpoint).is_some_and(|part| state.rules.plain.without.contains(&part));
    if missing || !is_issuer(&state.rules.plain, path) {
        visit.status = Some(404);
        return Reply::not_found();
    }
    let server = server(state, path);
    let result = match endpoint {
        Endpoint::PlainAuthorize => return oauth::show(state, &server, request, visit),
        Endpoint::PlainConsent => return oauth::decide(state, &server, request, visit),
        Endpoint::PlainDevicePage => return oauth::page(state, &server, request),
        Endpoint::PlainDevice => start(state, &server, request, visit),
        Endpoint::PlainRevoke => token::revoke(state, &server, request, visit),
        Endpoint::PlainIntrospect => token::introspect(state, &server, request, visit),
        Endpoint::PlainUserinfo => userinfo(state, &server, request, visit),
        _ => token::answer(state, &server, request, visit),
    };
    oauth::answer(result, visit)
}

/// Whether there is an issuer with this path.
pub(crate) fn is_issuer(rules: &PlainRules, path: &str) -> bool {
    path.is_empty() || rules.issuer_paths.contains(path)
}

/// What the rules make of tokens for these scopes; an app's own come without a refresh token (RFC 6749 §4.4.3).
pub(crate) fn terms(rules: &PlainRules, scopes: &BTreeSet<String>, has_user: bool) -> Terms {
    let refreshable = has_user && (!rules.needs_offline_access || scopes.contains("offline_access"));
    Terms {
        access_seconds: rules.access_seconds,
        refresh_seconds: refreshable.then_some(rules.refresh_seconds),
        sliding: rules.sliding,
        rotates: rules.rotation,
        single_use: true,
        old_access_token: rules.old_access_token,
        shape: Shape::Opaque,
    }
}

fn server(state: &State, path: &str) -> Server {
    let rules = &state.rules.plain;
    let base = state.door_url(Door::Plain) + path;
    let everything = BTreeSet::from(["offline_access".to_owned()]);
    Server {
        door: Door::Plain,
        realm: path.to_owned(),
        device_page: format!("{base}/device"),
        issuer: match &rules.misnames_issuer {
            Some(other) => Some(other.clone()).filter(|other| !other.is_empty()),
            None => rules.names_issuer.then(|| discovery::issuer(rules, &base)),
        },
        base,
        consent_path: format!("{path}/consent"),
        terms: terms(rules, &everything, true),
        needs_offline_access: rules.needs_offline_access,
        needs_pkce: rules.needs_pkce,
        takes_plain_challenge: rules.takes_plain_challenge,
        client_auth: rules.client_auth.clone(),
        code_seconds: rules.code_seconds,
        device_seconds: rules.device_seconds,
        device_interval: rules.device_interval,
        loopback_any_port: rules.loopback_any_port,
        tells_expiry: rules.tells_expiry,
        tells_scope: rules.tells_scope,
    }
}

fn start(state: &mut State, server: &Server, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let app = oauth::authenticate(state, server, request, &fields)?;
    oauth::start(state, server, &app, &fields, visit)
}

/// Who the user is (RFC 6750 for the errors).
fn userinfo(state: &State, server: &Server, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let none = || Refusal::new("", "").with_status(401).challenging("Bearer");
    let token = request.bearer().ok_or_else(none)?;
    visit.bearer = Some(Fingerprint::of(token));
    let invalid = |why: &str| Refusal::new("invalid_token", why).challenging("Bearer");
    let found = state.families.good_access(token, state.clock.now());
    let found = found.filter(|(family, _)| family.owner.door == Door::Plain && family.owner.realm == server.realm);
    let (family, access) = found.ok_or_else(|| invalid("the access token is not valid"))?;
    visit.app = Some(family.owner.app.clone());
    visit.grant = Some(family.id.clone());
    visit.generation = access.generation().map(crate::grants::narrow);
    let no_user = || Refusal::new("insufficient_scope", "the access token is an app's own").challenging("Bearer");
    let id = family.owner.user.clone().ok_or_else(no_user)?;
    let user = state.user(&id).filter(|user| user.status == UserStatus::Active);
    let user = user.ok_or_else(|| invalid("the user may not log in"))?;
    let mut said = json!({"sub": user.id});
    if access.scopes.contains("profile") {
        said["name"] = json!(user.name);
        said["preferred_username"] = json!(user.id);
    }
    if access.scopes.contains("email") {
        said["email"] = json!(format!("{}@sandbox.invalid", user.id));
    }
    visit.user = Some(id);
    Ok(said)
}

/// The part of the provider that an endpoint is, if it may be missing.
const fn part(endpoint: Endpoint) -> Option<PlainPart> {
    match endpoint {
        Endpoint::PlainDevice | Endpoint::PlainDevicePage => Some(PlainPart::Device),
        Endpoint::PlainIntrospect => Some(PlainPart::Introspection),
        Endpoint::PlainRevoke => Some(PlainPart::Revocation),
        Endpoint::PlainUserinfo => Some(PlainPart::Userinfo),
        _ => None,
    }
}

/// Below the issuer's path. None of the last segments is another's.
pub(crate) const ROUTES: &[Route] = &[
    get(Door::Plain, "/authorize", Endpoint::PlainAuthorize),
    post(Door::Plain, "/consent", Endpoint::PlainConsent),
    post(Door::Plain, "/token", Endpoint::PlainToken),
    post(Door::Plain, "/revoke", Endpoint::PlainRevoke),
    post(Door::Plain, "/introspect", Endpoint::PlainIntrospect),
    post(Door::Plain, "/device_authorization", Endpoint::PlainDevice),
    page(Door::Plain, "/device", Endpoint::PlainDevicePage),
    page(Door::Plain, "/userinfo", Endpoint::PlainUserinfo),
    get(Door::Plain, discovery::OAUTH, Endpoint::PlainDiscovery),
];
