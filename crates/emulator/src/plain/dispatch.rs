//! Which part of the plain provider answers which endpoint, and who a user is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::book::{UserStatus, Visit, narrow};
use crate::memory::State;
use crate::oauth::{self, Refusal, Server};
use crate::plain::endpoints::part;
use crate::plain::token_policy::{is_issuer, terms};
use crate::plain::{discovery, token_endpoints};
use crate::words::{Door, Endpoint, Fingerprint, OFFLINE_ACCESS, Operation, Reply, Request};

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
        Endpoint::PlainRevoke => token_endpoints::revoke(state, &server, request, visit),
        Endpoint::PlainIntrospect => token_endpoints::introspect(state, &server, request, visit),
        Endpoint::PlainUserinfo => userinfo(state, &server, request, visit),
        _ => token_endpoints::answer(state, &server, request, visit),
    };
    oauth::answer(result, visit)
}

fn server(state: &State, path: &str) -> Server {
    let rules = &state.rules.plain;
    let base = state.door_url(Door::Plain) + path;
    let everything = BTreeSet::from([OFFLINE_ACCESS.to_owned()]);
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
    let found = state.ledger.good_access(token, state.clock.now());
    let found = found.filter(|(grant, _)| grant.owner.door == Door::Plain && grant.owner.realm == server.realm);
    let (grant, access) = found.ok_or_else(|| invalid("the access token is not valid"))?;
    visit.app = Some(grant.owner.app.clone());
    visit.grant = Some(grant.id.clone());
    visit.generation = access.generation().map(narrow);
    let no_user = || Refusal::new("insufficient_scope", "the access token is an app's own").challenging("Bearer");
    let id = grant.owner.user.clone().ok_or_else(no_user)?;
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
