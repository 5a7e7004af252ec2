//! The token endpoint, revocation and introspection of the plain provider.
//!
//! Enters: forms of clients that prove themselves. Leaves: RFC 6749 answers. A refresh token that was used is dead at once
//! and ends its login, unless a rule forgives it.

use serde_json::{Value, json};

use crate::book::{App, Death, Grant, Issued, Owner, Standing, TokenId, Visit};
use crate::memory::State;
use crate::oauth;
use crate::oauth::{Refusal, Server, required};
use crate::plain::terms;
use crate::rules::PlainPart;
use crate::words::{ClientAuth, DEVICE_GRANT_TYPE, Fields, Request};

pub(super) fn answer(
    state: &mut State,
    server: &Server,
    request: &Request,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let grant_type = required(&fields, "grant_type")?.to_owned();
    let app = oauth::authenticate(state, server, request, &fields)?;
    let has = |part: PlainPart| !state.rules.plain.without.contains(&part);
    match grant_type.as_str() {
        "authorization_code" => oauth::exchange(state, server, &app, &fields, visit),
        "refresh_token" => refresh(state, server, &app, &fields, visit),
        DEVICE_GRANT_TYPE if has(PlainPart::Device) => oauth::redeem(state, server, &app, &fields, visit),
        "client_credentials" if has(PlainPart::ClientCredentials) => own(state, server, &app, &fields, visit),
        _ => Err(Refusal::new("unsupported_grant_type", "this server does not know the grant type")),
    }
}

/// The client credentials grant: a token of the app's own, and no refresh token.
fn own(state: &mut State, server: &Server, app: &App, fields: &Fields, visit: &mut Visit) -> Result<Value, Refusal> {
    if app.client_auth == ClientAuth::None {
        return Err(Refusal::new("unauthorized_client", "a public client has no token of its own"));
    }
    let scopes = oauth::narrowing(fields, &app.scopes)?.unwrap_or_default();
    let owner =
        Owner { brand: app.brand, door: server.door, realm: server.realm.clone(), app: app.id.clone(), user: None };
    let terms = terms(&state.rules.plain, &scopes, false);
    let grant = state.open_grant(owner, scopes);
    let issued = state.issue(grant, &terms, None);
    finish(state, server, grant, issued, false, visit)
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
    let grant = state.ledger.grant(id.grant).filter(|grant| is_of(grant, server, app));
    let grant = grant.ok_or_else(|| invalid("the refresh token belongs to another client or issuer"))?;
    let granted = grant.scopes.clone();
    let rules = state.rules.plain.clone();
    let now = state.clock.now();
    let issued = match state.ledger.standing(id, now) {
        Standing::Good => {
            let narrowed = oauth::narrowing(fields, &granted)?;
            state.rotate(id, &server.terms, narrowed)
        }
        Standing::Used { .. } => {
            if !state.ledger.is_forgiven(id, rules.grace_seconds, now) {
                if rules.family_revocation {
                    state.end_grant(id.grant, Death::FamilyRevoked);
                }
                return Err(invalid("the refresh token was used"));
            }
            state.forgive(id, &server.terms, None, rules.grace_answer)
        }
        Standing::Revoked { .. } | Standing::Ended => return Err(invalid("the refresh token was revoked")),
        Standing::Expired => return Err(invalid("the refresh token has expired")),
    };
    finish(state, server, id.grant, issued, rules.rotation || rules.repeats_refresh_token, visit)
}

fn finish(
    state: &State,
    server: &Server,
    grant: usize,
    issued: Option<Issued>,
    with_refresh: bool,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let issued = issued.ok_or_else(|| Refusal::new("server_error", "nothing was issued"))?;
    if let Some(grant) = state.ledger.grant(grant) {
        visit.answer(grant, &issued, true);
    }
    Ok(oauth::success(server, &issued, with_refresh))
}

/// RFC 7009: a refresh token ends the login, an access token itself; what is unknown is revoked already.
pub(super) fn revoke(
    state: &mut State,
    server: &Server,
    request: &Request,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let app = oauth::authenticate(state, server, request, &fields)?;
    let token = required(&fields, "token")?;
    if let Some(id) = state.ledger.find_refresh(token) {
        if let Some(name) = name_of(state, id, server, &app) {
            visit.grant = Some(name);
            if state.rules.plain.revoking_refresh_ends_access {
                state.revoke_refresh(id, true);
                state.end_grant(id.grant, Death::Revoked);
            } else {
                state.revoke_refresh(id, false);
            }
        }
    } else if let Some((grant, _)) = state.ledger.find_access(token)
        && is_of(grant, server, &app)
    {
        visit.grant = Some(grant.id.clone());
        state.revoke_access(token);
    }
    Ok(Value::Null)
}

/// RFC 7662: for clients that prove themselves, about their own tokens.
pub(super) fn introspect(
    state: &State,
    server: &Server,
    request: &Request,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let fields = oauth::form(request);
    let app = oauth::authenticate(state, server, request, &fields)?;
    if app.client_auth == ClientAuth::None {
        return Err(Refusal::new("invalid_client", "a public client may not introspect"));
    }
    let token = required(&fields, "token")?;
    let now = state.clock.now();
    if let Some((grant, access)) = state.ledger.good_access(token, now).filter(|(grant, _)| is_of(grant, server, &app))
    {
        visit.grant = Some(grant.id.clone());
        let mut said = described(grant, server);
        said["token_type"] = json!("Bearer");
        said["scope"] = json!(access.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        said["iat"] = json!(access.issued_at.milliseconds() / 1000);
        said["exp"] = json!(access.expires_at.milliseconds() / 1000);
        return Ok(said);
    }
    let id = state.ledger.find_refresh(token).filter(|id| state.ledger.standing(*id, now) == Standing::Good);
    let grant = id.and_then(|id| state.ledger.grant(id.grant)).filter(|grant| is_of(grant, server, &app));
    Ok(grant.map_or_else(|| json!({"active": false}), |grant| described(grant, server)))
}

fn described(grant: &Grant, server: &Server) -> Value {
    let mut said = json!({"active": true, "client_id": grant.owner.app, "iss": server.base});
    if let Some(user) = &grant.owner.user {
        said["sub"] = json!(user);
        said["username"] = json!(user);
    }
    said
}

fn name_of(state: &State, id: TokenId, server: &Server, app: &App) -> Option<String> {
    let grant = state.ledger.grant(id.grant)?;
    is_of(grant, server, app).then(|| grant.id.clone())
}

fn is_of(grant: &Grant, server: &Server, app: &App) -> bool {
    let owner = &grant.owner;
    owner.door == server.door && owner.realm == server.realm && owner.app == app.id
}
