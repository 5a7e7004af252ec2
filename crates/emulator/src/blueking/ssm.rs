//! The SSM dialect: POST, JSON, `code` 0 (reference/blueking.md §2.1).
//!
//! Enters: a body that is JSON whatever its content type says, and the app's credentials in headers or body. Leaves:
//! `{"code","message","data"}`.

use serde_json::{Value, json};

use crate::blueking::refusal::Refusal;
use crate::blueking::tokens;
use crate::book::{Issued, Owner, Visit};
use crate::memory::State;
use crate::rules::Regrant;
use crate::words::{Brand, Door, Endpoint, Fields, Fingerprint, Operation, Reply, Request};

pub(super) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    let fields = request.loose_fields().unwrap_or_default();
    let operation = match endpoint {
        Endpoint::SsmRefresh => Operation::Refresh,
        Endpoint::SsmVerify => Operation::Verify,
        _ => match fields.get("grant_type").map(String::as_str) {
            Some("authorization_code") => Operation::CookieGrant,
            Some("client_credentials") => Operation::ClientCredentials,
            _ => Operation::Unknown,
        },
    };
    let mut visit = Visit::new(endpoint, operation, request);
    visit.app = tokens::credentials(request, &fields).0;
    visit.session = tokens::session(state, request);
    match operation {
        Operation::Refresh => {
            if let Some(token) = fields.get("refresh_token") {
                visit.present(&state.ledger, token, state.rules.blueking.ssm.tokens.reusable());
            }
        }
        Operation::Verify => visit.bearer = fields.get("access_token").map(|token| Fingerprint::of(token)),
        _ => {}
    }
    visit
}

pub(super) fn answer(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    let rules = state.rules.blueking.ssm.tokens.clone();
    let result = match endpoint {
        Endpoint::SsmToken => grant(state, request, visit),
        Endpoint::SsmRefresh => refresh(state, request, visit),
        _ => verify(state, request, visit),
    };
    match result {
        Ok(data) => {
            visit.code = Some(0);
            let body = json!({"code": rules.success_code(), "message": "ok", "data": data});
            let user = visit.user.clone().filter(|_| visit.operation == Operation::CookieGrant);
            tokens::with_session(state, &rules, user.as_deref(), Reply::json(200, &body))
        }
        Err(refusal) => {
            visit.code = Some(refusal.code);
            visit.error = refusal.dead_refresh.then(|| "invalid_grant".to_owned());
            refusal.ssm(rules.error_status)
        }
    }
}

fn grant(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = read(request)?;
    let app = tokens::app(state, request, &fields).map_err(|why| Refusal::new(BAD_APP, why))?.id.clone();
    let rules = state.rules.blueking.ssm.clone();
    let field = |name: &str| fields.get(name).map(String::as_str);
    let user = match (field("grant_type"), field("id_provider")) {
        (Some("client_credentials"), Some("client")) => None,
        (Some("authorization_code"), Some("bk_login")) => Some(tokens::user(state, &rules.tokens, &fields)?),
        _ => return Err(Refusal::new(BAD_PARAMETERS, "grant_type and id_provider do not go together")),
    };
    let owner = Owner { brand: Brand::BlueKing, door: Door::Ssm, realm: String::new(), app, user };
    let reuse = (rules.regrant == Regrant::Reuse).then_some(0);
    let issued = tokens::grant(state, &rules.tokens, owner.clone(), reuse, visit);
    let issued = issued.ok_or_else(|| Refusal::new(INTERNAL, "internal error"))?;
    Ok(body(state, &owner, &issued))
}

fn refresh(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = read(request)?;
    let app = tokens::app(state, request, &fields).map_err(|why| Refusal::new(BAD_APP, why))?.id.clone();
    let token = fields.get("refresh_token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Refusal::new(BAD_PARAMETERS, "refresh_token is missing"))?;
    let rules = state.rules.blueking.ssm.tokens.clone();
    let issued = tokens::refresh(state, &rules, Door::Ssm, &app, token, visit);
    let issued = issued.map_err(|why| Refusal::dead_refresh(DEAD_REFRESH, why))?;
    let owner = Owner { brand: Brand::BlueKing, door: Door::Ssm, realm: String::new(), app, user: visit.user.clone() };
    Ok(body(state, &owner, &issued))
}

fn verify(state: &State, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = read(request)?;
    tokens::app(state, request, &fields).map_err(|why| Refusal::new(BAD_APP, why))?;
    let token = fields.get("access_token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Refusal::new(BAD_PARAMETERS, "access_token is missing"))?;
    let rules = &state.rules.blueking.ssm.tokens;
    let now = state.clock.now();
    let found = state.ledger.good_access(token, now).filter(|(grant, _)| grant.owner.door == Door::Ssm);
    let (grant, access) = found.ok_or_else(|| Refusal::new(rules.dead_access_code, "the access token is not valid"))?;
    visit.grant = Some(grant.id.clone());
    visit.user.clone_from(&grant.owner.user);
    // An app's own token has no user (reference/blueking.md §2.1).
    let username = grant.owner.user.as_deref().unwrap_or_default();
    Ok(json!({
        "bk_app_code": grant.owner.app, "expires_in": access.expires_at.seconds_left(now),
        "identity": {"username": username, "user_type": if username.is_empty() { "" } else { "bkuser" }},
    }))
}

fn body(state: &State, owner: &Owner, issued: &Issued) -> Value {
    let mut body = tokens::body(issued);
    let identity = match &owner.user {
        Some(user) => {
            let named = state.rules.blueking.ssm.tokens.identity(user);
            named.map(|name| json!({"username": name, "user_type": "bkuser"}))
        }
        // Not documented; a client's test has this one (reference/blueking.md §2.1).
        None => Some(json!({"app_code": owner.app, "type": "client"})),
    };
    if let Some(identity) = identity {
        body.insert("identity".to_owned(), identity);
    }
    Value::Object(body)
}

fn read(request: &Request) -> Result<Fields, Refusal> {
    request.loose_fields().ok_or_else(|| Refusal::new(BAD_PARAMETERS, "the body is not a JSON object"))
}

const BAD_PARAMETERS: u32 = 1_901_400;
const BAD_APP: u32 = 1_901_401;
const DEAD_REFRESH: u32 = 1_901_403;
const INTERNAL: u32 = 1_901_500;
