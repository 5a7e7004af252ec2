//! The `auth_api` dialect of the internal editions: query strings or JSON, `result` true (reference/blueking.md §2.2).
//!
//! Enters: fields of the query, and of a JSON body where there is one. Leaves: HTTP 200 whatever happened, unless a rule
//! says otherwise. What is not published (most codes, how `need_new_token` is read, the refresh token's life) is a rule.

use serde_json::{Value, json};

use crate::blueking::refusal::Refusal;
use crate::blueking::tokens;
use crate::book::{Issued, Owner, Visit};
use crate::memory::State;
use crate::words::{Brand, Door, Endpoint, Fields, Fingerprint, Operation, Reply, Request};

pub(super) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    let fields = fields(request).unwrap_or_default();
    let operation = match endpoint {
        Endpoint::AuthApiRefresh => Operation::Refresh,
        Endpoint::AuthApiCheck => Operation::Verify,
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
                visit.present(&state.ledger, token, state.rules.blueking.auth_api.tokens.reusable());
            }
        }
        Operation::Verify => visit.bearer = fields.get("access_token").map(|token| Fingerprint::of(token)),
        _ => {}
    }
    visit
}

pub(super) fn answer(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    let rules = state.rules.blueking.auth_api.tokens.clone();
    let result = match endpoint {
        Endpoint::AuthApiToken => grant(state, request, visit),
        Endpoint::AuthApiRefresh => refresh(state, request, visit),
        _ => check(state, request, visit),
    };
    match result {
        Ok(data) => {
            visit.code = Some(0);
            let body = json!({
                "result": true, "code": rules.success_code(), "code_name": "OK", "message": "", "data": data,
            });
            let user = visit.user.clone().filter(|_| visit.operation == Operation::CookieGrant);
            tokens::with_session(state, &rules, user.as_deref(), Reply::json(200, &body))
        }
        Err(refusal) => {
            visit.code = Some(refusal.code);
            visit.error = refusal.dead_refresh.then(|| "invalid_grant".to_owned());
            refusal.auth_api(rules.error_status)
        }
    }
}

fn grant(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let rules = state.rules.blueking.auth_api.clone();
    let bad = |why: &str| Refusal::new(rules.parameter_code, why);
    let fields = fields(request).ok_or_else(|| bad("the body is not a JSON object"))?;
    let app = tokens::app(state, request, &fields).map_err(|why| Refusal::new(rules.app_code, why))?.id.clone();
    let user = match fields.get("grant_type").map(String::as_str) {
        Some("client_credentials") => None,
        Some("authorization_code") => Some(tokens::user(state, &rules.tokens, &fields)?),
        _ => return Err(bad("grant_type must be authorization_code or client_credentials")),
    };
    let mints = match fields.get("need_new_token").map(String::as_str) {
        _ if !rules.obeys_need_new_token => true,
        None | Some("1") => true,
        Some("0" | "False" | "false") => false,
        Some("True" | "true") => rules.true_text_mints,
        Some(_) => return Err(bad("need_new_token must be 0 or 1")),
    };
    let realm = environment(&fields, rules.parted_by_environment);
    let owner = Owner { brand: Brand::BlueKing, door: Door::AuthApi, realm, app, user };
    let reuse = (!mints).then_some(rules.reuse_seconds);
    let issued = tokens::grant(state, &rules.tokens, owner, reuse, visit);
    let issued = issued.ok_or_else(|| bad("the token could not be issued"))?;
    Ok(body(state, &issued, visit.user.as_deref()))
}

fn refresh(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let rules = state.rules.blueking.auth_api.clone();
    let bad = |why: &str| Refusal::new(rules.parameter_code, why);
    let fields = fields(request).ok_or_else(|| bad("the body is not a JSON object"))?;
    let prove = if rules.refresh_needs_secret { tokens::app } else { tokens::app_by_name };
    let app = prove(state, request, &fields).map_err(|why| Refusal::new(rules.app_code, why))?.id.clone();
    if fields.get("grant_type").is_some_and(|grant_type| grant_type != "refresh_token") {
        return Err(bad("grant_type must be refresh_token"));
    }
    let token = fields.get("refresh_token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| bad("refresh_token is missing"))?;
    let issued = tokens::refresh(state, &rules.tokens, Door::AuthApi, &app, token, visit);
    let issued = issued.map_err(|why| Refusal::dead_refresh(rules.dead_refresh_code, why))?;
    Ok(body(state, &issued, visit.user.as_deref()))
}

fn check(state: &State, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let rules = &state.rules.blueking.auth_api;
    let bad = |why: &str| Refusal::new(rules.parameter_code, why);
    let fields = fields(request).ok_or_else(|| bad("the body is not a JSON object"))?;
    let token = fields.get("access_token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| bad("access_token is missing"))?;
    let now = state.clock.now();
    let found = state.ledger.good_access(token, now).filter(|(grant, _)| grant.owner.door == Door::AuthApi);
    let (grant, access) =
        found.ok_or_else(|| Refusal::new(rules.tokens.dead_access_code, "the access token is not valid"))?;
    visit.grant = Some(grant.id.clone());
    visit.user.clone_from(&grant.owner.user);
    let providers = grant.owner.user.as_ref().map_or(json!({}), |user| json!({"rtx": {"username": user}}));
    Ok(json!({
        "id_providers": providers, "app_code": grant.owner.app, "expires_in": access.expires_at.seconds_left(now),
        "scope": "",
    }))
}

fn body(state: &State, issued: &Issued, user: Option<&str>) -> Value {
    let mut body = tokens::body(issued);
    body.insert("scope".to_owned(), json!(""));
    let identity = match user {
        Some(user) => state.rules.blueking.auth_api.tokens.identity(user).map(|name| (name, "rtx")),
        None => Some(("", "")),
    };
    if let Some((name, kind)) = identity {
        body.insert("user_id".to_owned(), json!(name));
        body.insert("user_type".to_owned(), json!(kind));
    }
    Value::Object(body)
}

fn environment(fields: &Fields, counts: bool) -> String {
    fields.get("env_name").filter(|_| counts).cloned().unwrap_or_default()
}

/// The query's fields, and over them those of a JSON body.
fn fields(request: &Request) -> Option<Fields> {
    let mut fields = request.query_fields();
    if !request.body.is_empty() {
        fields.extend(request.loose_fields()?);
    }
    Some(fields)
}
