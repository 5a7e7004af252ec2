//! bkauth's OAuth 2.0 server (reference/blueking.md §3.3): codes with PKCE, device codes, and a refresh that is
//! careful.
//!
//! Enters: forms. Leaves: RFC 6749 answers. The order of the refresh's checks is the promise here: whose token it is comes
//! before its state, so that a wrong caller cannot cause anything; a used token within the first seconds is taken for a
//! race and later for a theft; the end of a login is never moved.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::blueking::tokens;
use crate::book::{App, Death, RefreshEnd, Shape, Standing, Terms, Visit};
use crate::memory::State;
use crate::oauth;
use crate::oauth::{Refusal, Server, required};
use crate::rules::BkauthRules;
use crate::words::{ClientAuth, DEVICE_GRANT_TYPE, Door, Endpoint, Fields, Key, Operation, Reply, Request, same};

pub(super) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    let operation = match endpoint {
        Endpoint::BkauthAuthorize | Endpoint::BkauthConsent | Endpoint::BkauthDevicePage => Operation::Browse,
        Endpoint::BkauthDevice => Operation::DeviceStart,
        Endpoint::BkauthRevoke => Operation::Revoke,
        Endpoint::BkauthIntrospect => Operation::Verify,
        _ => Operation::Unknown,
    };
    oauth::preview(state, endpoint, operation, request)
}

pub(super) fn answer(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    let realm = request.path.split('/').nth(2).unwrap_or_default();
    let Some(server) = server(state, realm) else {
        visit.error = Some("invalid_request".to_owned());
        return Refusal::new("invalid_request", "there is no such realm").with_status(404).render();
    };
    if let Some(reply) = without_resource(state, &server, endpoint, request, visit) {
        return reply;
    }
    let result = match endpoint {
        Endpoint::BkauthAuthorize => return oauth::show(state, &server, request, visit),
        Endpoint::BkauthConsent => return oauth::decide(state, &server, request, visit),
        Endpoint::BkauthDevicePage => return oauth::page(state, &server, request),
        Endpoint::BkauthDevice => start(state, &server, request, visit),
        Endpoint::BkauthRevoke => revoke(state, &server, request, visit),
        Endpoint::BkauthIntrospect => introspect(state, &server, request, visit),
        _ => token(state, &server, request, visit),
    };
    oauth::answer(result, visit)
}

/// What the rules make of tokens in a realm, if there is such a realm.
pub(crate) fn terms(rules: &BkauthRules, realm: &str) -> Option<Terms> {
    Some(Terms {
        access_seconds: rules.access_seconds,
        refresh_seconds: Some(rules.refresh_seconds),
        refresh_end: RefreshEnd::Fixed,
        rotates: true,
        single_use: true,
        old_access_token: rules.old_access_token,
        shape: Shape::Prefixed(rules.realms.get(realm)?.clone()),
        api: None,
    })
}

fn server(state: &State, realm: &str) -> Option<Server> {
    let rules = &state.rules.blueking.bkauth;
    let path = format!("/realms/{realm}/oauth2");
    let base = state.door_url(Door::Bkauth) + &path;
    Some(Server {
        door: Door::Bkauth,
        realm: realm.to_owned(),
        device_page: format!("{base}/device"),
        base,
        consent_path: format!("{path}/consent"),
        issuer: None,
        terms: terms(rules, realm)?,
        needs_offline_access: false,
        needs_pkce: true,
        takes_plain_challenge: false,
        client_auth: BTreeSet::from([ClientAuth::Basic, ClientAuth::Body, ClientAuth::None]),
        code_seconds: rules.code_seconds,
        device_seconds: rules.device_seconds,
        device_interval: rules.device_interval,
        loopback_any_port: true,
        tells_expiry: true,
        tells_scope: true,
    })
}

/// The answer to a login, or to a request for tokens, that names no `resource` where it must (RFC 8707 §2), if this is one. The BlueKing reference is silent about the word.
fn without_resource(
    state: &State,
    server: &Server,
    endpoint: Endpoint,
    request: &Request,
    visit: &mut Visit,
) -> Option<Reply> {
    let rules = &state.rules.blueking.bkauth;
    let fields = match endpoint {
        Endpoint::BkauthAuthorize if rules.needs_resource => request.query_fields(),
        Endpoint::BkauthDevice if rules.needs_resource => oauth::form(request),
        Endpoint::BkauthToken if rules.token_needs_resource => oauth::form(request),
        _ => return None,
    };
    if fields.get("resource").is_some_and(|resource| !resource.is_empty()) {
        return None;
    }
    let why = "resource is required";
    visit.error = Some("invalid_target".to_owned());
    match endpoint {
        Endpoint::BkauthAuthorize => oauth::turn_back(state, server, &fields, "invalid_target", why),
        _ => Some(Refusal::new("invalid_target", why).render()),
    }
}

fn token(state: &mut State, server: &Server, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let grant_type = required(&fields, "grant_type")?.to_owned();
    let app = oauth::authenticate(state, server, request, &fields)?;
    match grant_type.as_str() {
        "authorization_code" => oauth::exchange(state, server, &app, &fields, visit),
        "refresh_token" => refresh(state, server, &app, &fields, visit),
        DEVICE_GRANT_TYPE => oauth::redeem(state, server, &app, &fields, visit),
        _ => Err(Refusal::new("unsupported_grant_type", "this server knows codes, refresh tokens and device codes")),
    }
}

fn refresh(
    state: &mut State,
    server: &Server,
    app: &App,
    fields: &Fields,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let token = required(fields, "refresh_token")?;
    let invalid = |why: &str| Refusal::new("invalid_grant", why);
    let id = state.ledger.find_refresh(token).ok_or_else(|| invalid("the refresh token is not known"))?;
    let grant = state.ledger.grant(id.grant).ok_or_else(|| invalid("the refresh token is not known"))?;
    let owner = &grant.owner;
    if owner.door != server.door || owner.realm != server.realm || owner.app != app.id {
        return Err(invalid("the refresh token belongs to another realm or client"));
    }
    let granted = grant.scopes.clone();
    let now = state.clock.now();
    match state.ledger.standing(id, now) {
        Standing::Good => {}
        Standing::Used { at: when } | Standing::Revoked { at: when } => {
            if now > when.plus_seconds(state.rules.blueking.bkauth.race_seconds) {
                state.end_grant(id.grant, Death::FamilyRevoked);
            }
            return Err(invalid("the refresh token was used or revoked"));
        }
        Standing::Ended => return Err(invalid("the login has ended")),
        Standing::Expired => return Err(invalid("the refresh token has expired")),
    }
    let narrowed = oauth::narrowing(fields, &granted)?;
    let issued = state.rotate(id, &server.terms, narrowed);
    let issued = issued.ok_or_else(|| Refusal::new("server_error", "nothing was issued"))?;
    if let Some(grant) = state.ledger.grant(id.grant) {
        visit.answer(grant, &issued, true);
    }
    Ok(oauth::success(server, &issued, true))
}

fn start(state: &mut State, server: &Server, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let app = oauth::authenticate(state, server, request, &fields)?;
    oauth::start(state, server, &app, &fields, visit)
}

/// Looks among access tokens and then among refresh tokens. A refresh token takes its access token along, an access token
/// only itself. An unknown token is revoked already.
fn revoke(state: &mut State, server: &Server, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let app = oauth::authenticate(state, server, request, &fields)?;
    let token = required(&fields, "token")?;
    if let Some((grant, _)) = state.ledger.find_access(token) {
        if grant.owner.app == app.id && grant.owner.realm == server.realm {
            visit.grant = Some(grant.id.clone());
            state.blueking.introspections.remove(&Key::of(token));
            state.revoke_access(token);
        }
    } else if let Some(id) = state.ledger.find_refresh(token) {
        let mine = state.ledger.grant(id.grant).filter(|grant| {
            grant.owner.door == server.door && grant.owner.app == app.id && grant.owner.realm == server.realm
        });
        if let Some(name) = mine.map(|grant| grant.id.clone()) {
            visit.grant = Some(name);
            for access in state.ledger.accesses_of(id) {
                state.blueking.introspections.remove(&access);
            }
            state.revoke_refresh(id, true);
        }
    }
    Ok(Value::Null)
}

/// For servers, with BlueKing's own headers. What was found may be said again for a while; only a revocation is noticed.
fn introspect(state: &mut State, server: &Server, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let (id, secret) = tokens::credentials(request, &Fields::new());
    let app = id.and_then(|id| state.apps.get(&id)).filter(|app| Some(app.brand) == server.door.brand());
    let app = app.zip(secret).filter(|(app, secret)| same(&app.secret, secret) && app.enabled).map(|(app, _)| app);
    let app = app.ok_or_else(|| Refusal::new("invalid_client", "the app does not prove itself"))?;
    let asker = app.id.clone();
    let rules = &state.rules.blueking.bkauth;
    if rules.introspectors.get(&server.realm).is_some_and(|allowed| !allowed.contains(&asker)) {
        return Err(Refusal::new("access_denied", "the app may not introspect in this realm").with_status(403));
    }
    visit.app = Some(asker);
    let cached_for = rules.introspection_cache_seconds;
    let token = required(&fields, "token")?;
    let (key, now) = (Key::of(token), state.clock.now());
    if let Some((_, said)) = state.blueking.introspections.get(&key).filter(|(until, _)| now < *until) {
        return Ok(said.clone());
    }
    let found = state
        .ledger
        .good_access(token, now)
        .filter(|(grant, _)| grant.owner.door == server.door && grant.owner.realm == server.realm);
    let Some((grant, access)) = found else {
        // What is not good is never remembered (reference/blueking.md §3.4).
        let error = json!({"code": "invalid_token", "message": "the token is not valid"});
        return Ok(json!({"active": false, "error": error}));
    };
    visit.grant = Some(grant.id.clone());
    visit.user.clone_from(&grant.owner.user);
    let said = json!({
        "active": true, "token_type": "Bearer", "client_id": grant.owner.app, "bk_app_code": grant.owner.app,
        "username": grant.owner.user, "sub": grant.owner.user,
        "scope": access.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        "iat": access.issued_at.milliseconds() / 1000, "exp": access.expires_at.milliseconds() / 1000,
    });
    if cached_for > 0 {
        state.blueking.introspections.insert(key, (now.plus_seconds(cached_for), said.clone()));
    }
    Ok(said)
}
