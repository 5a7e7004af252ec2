//! The token endpoint, revocation and introspection of the plain provider.
//!
//! Enters: forms of clients that prove themselves. Leaves: RFC 6749 answers. A refresh token that was used is dead at once
//! and ends its login, unless a rule forgives it.

use serde_json::{Value, json};

use crate::families::{At, Family, Minted, Owner, Standing};
use crate::feishu::DEVICE_GRANT_TYPE;
use crate::history::{Death, Visit};
use crate::message::{Fields, Request};
use crate::oauth::{self, Refusal, Server, required};
use crate::plain::{PlainPart, terms};
use crate::registry::{App, ClientAuth};
use crate::state::State;

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
    let owner = Owner { door: server.door, realm: server.realm.clone(), app: app.id.clone(), user: None };
    let terms = terms(&state.rules.plain, &scopes, false);
    let family = state.open_family(owner, scopes);
    let minted = state.mint(family, &terms, None);
    finish(state, server, family, minted, false, visit)
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
    let at = state.families.find_refresh(token).ok_or_else(|| invalid("the refresh token is not known"))?;
    let family = state.families.get(at.family).filter(|family| is_of(family, server, app));
    let family = family.ok_or_else(|| invalid("the refresh token belongs to another client or issuer"))?;
    let granted = family.scopes.clone();
    let alive = family.death.is_none();
    let rules = state.rules.plain.clone();
    let now = state.clock.now();
    let minted = match state.families.standing(at, now) {
        Standing::Good => {
            let narrowed = oauth::narrowing(fields, &granted)?;
            state.turn(at, &server.terms, narrowed)
        }
        Standing::Used { at: when } => {
            let forgiven = alive
                && rules.grace_seconds > 0
                && now <= when.plus_seconds(rules.grace_seconds)
                && state.families.successors_are_unused(at);
            if !forgiven {
                if rules.family_revocation {
                    state.end_family(at.family, Death::FamilyRevoked);
                }
                return Err(invalid("the refresh token was used"));
            }
            state.forgive(at, &server.terms, rules.grace_answer)
        }
        Standing::Revoked { .. } | Standing::Ended => return Err(invalid("the refresh token was revoked")),
        Standing::Expired => return Err(invalid("the refresh token has expired")),
    };
    finish(state, server, at.family, minted, rules.rotation || rules.repeats_refresh_token, visit)
}

fn finish(
    state: &State,
    server: &Server,
    family: usize,
    minted: Option<Minted>,
    with_refresh: bool,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let minted = minted.ok_or_else(|| Refusal::new("server_error", "nothing was issued"))?;
    if let Some(family) = state.families.get(family) {
        visit.answer(family, &minted, true);
    }
    Ok(oauth::success(server, &minted, with_refresh))
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
    if let Some(at) = state.families.find_refresh(token) {
        if let Some(id) = id_of(state, at, server, &app) {
            visit.grant = Some(id);
            if state.rules.plain.revoking_refresh_ends_access {
                state.revoke_refresh(at, true);
                state.end_family(at.family, Death::Revoked);
            } else {
                state.revoke_refresh(at, false);
            }
        }
    } else if let Some((family, _)) = state.families.find_access(token)
        && is_of(family, server, &app)
    {
        visit.grant = Some(family.id.clone());
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
    if let Some((family, access)) =
        state.families.good_access(token, now).filter(|(family, _)| is_of(family, server, &app))
    {
        visit.grant = Some(family.id.clone());
        let mut said = described(family, server);
        said["token_type"] = json!("Bearer");
        said["scope"] = json!(access.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        said["iat"] = json!(access.issued_at.milliseconds() / 1000);
        said["exp"] = json!(access.expires_at.milliseconds() / 1000);
        return Ok(said);
    }
    let at = state.families.find_refresh(token).filter(|at| state.families.standing(*at, now) == Standing::Good);
    let family = at.and_then(|at| state.families.get(at.family)).filter(|family| is_of(family, server, &app));
    Ok(family.map_or_else(|| json!({"active": false}), |family| described(family, server)))
}

fn described(family: &Family, server: &Server) -> Value {
    let mut said = json!({"active": true, "client_id": family.owner.app, "iss": server.base});
    if let Some(user) = &family.owner.user {
        said["sub"] = json!(user);
        said["username"] = json!(user);
    }
    said
}

fn id_of(state: &State, at: At, server: &Server, app: &App) -> Option<String> {
    let family = state.families.get(at.family)?;
    is_of(family, server, app).then(|| family.id.clone())
}

fn is_of(family: &Family, server: &Server, app: &App) -> bool {
    let owner = &family.owner;
    owner.door == server.door && owner.realm == server.realm && owner.app == app.id
}
