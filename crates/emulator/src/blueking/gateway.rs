//! The API gateway (reference/blueking.md §4): any path is a call, answered with who called.
//!
//! Enters: the header `X-Bkapi-Authorization`, with an access token of any BlueKing dialect or with app and cookie. Leaves: an
//! echo that shows the app and the user and no secret, or the gateway's own errors. Workers remember tokens that were
//! good, if the rules say so: this is the only overlap of old and new tokens that BlueKing's sources know
//! (reference/blueking.md §3.4).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::blueking::cookie_auth;
use crate::book::{App, Visit, narrow};
use crate::memory::{KnownToken, State};
use crate::words::{Brand, Door, Encodings, Endpoint, Fields, Fingerprint, Key, Operation, Reply, Request, hex, same};

/// Who calls.
struct Caller {
    app: String,
    user: Option<String>,
    user_verified: bool,
    /// The word for how they were known.
    by: &'static str,
}

/// The gateway's own errors.
pub(super) struct Refusal {
    status: u16,
    code: u32,
    message: String,
}

pub(super) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    let mut visit = Visit::new(endpoint, Operation::Call, request);
    visit.call = Some(format!("{} {}", request.method, request.path));
    let fields = credentials(state, request).unwrap_or_default();
    visit.app = fields.get("bk_app_code").cloned();
    visit.bearer = fields.get("access_token").map(|token| Fingerprint::of(token));
    visit
}

pub(super) fn answer(state: &mut State, request: &Request, visit: &mut Visit) -> Reply {
    match admit(state, request, visit) {
        Ok(caller) => {
            visit.code = Some(0);
            visit.app = Some(caller.app.clone());
            visit.user.clone_from(&caller.user);
            echo(state, request, &caller)
        }
        Err(refusal) => {
            visit.code = Some(refusal.code);
            refusal.render()
        }
    }
}

/// An injected code, with the status that belongs to it.
pub(super) fn injected(code: u32, status: Option<u16>) -> Reply {
    let usual = match code {
        1_640_001 => 400,
        1_640_101 | 1_640_102 => 401,
        1_640_301 => 403,
        _ => 500,
    };
    refused(status.unwrap_or(usual), code, "injected").render()
}

fn admit(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Caller, Refusal> {
    let fields = credentials(state, request).map_err(|why| refused(400, INVALID, why))?;
    // Paths below /app/ are calls that need no user.
    let needs_user = state.rules.blueking.gateway.needs_user && !request.path.starts_with("/app/");
    let given = |name: &str| fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
    if given("jwt").is_some() {
        return Err(refused(400, INVALID, "the sandbox's gateway issues no JWT, so this is none of its own"));
    }
    let caller = match given("access_token") {
        Some(token) => by_token(state, token, &fields, needs_user, visit)?,
        None => by_app(state, &fields)?,
    };
    if needs_user && caller.user.is_none() {
        return Err(refused(401, BAD_USER, "the user is not verified"));
    }
    let app = state.apps.get(&caller.app);
    if app.is_some_and(|app| app.enabled && app.available) {
        Ok(caller)
    } else {
        Err(refused(403, FORBIDDEN, "the app has no permission for this call"))
    }
}

/// An access token. App and secret beside it help only where it is bad and the call needs no user.
fn by_token(
    state: &mut State,
    token: &str,
    fields: &Fields,
    needs_user: bool,
    visit: &mut Visit,
) -> Result<Caller, Refusal> {
    let Some(found) = find(state, token) else {
        let beside = if needs_user { None } else { proven(state, fields).ok().map(|app| app.id.clone()) };
        return match beside {
            Some(app) => Ok(Caller { app, user: None, user_verified: false, by: "app" }),
            None => Err(refused(400, INVALID, "the access token is not valid")),
        };
    };
    visit.grant = Some(found.grant);
    visit.generation = found.generation.map(narrow);
    if needs_user && found.user.is_none() {
        return Err(refused(400, INVALID, "the access token is an app's own, and the call needs a user"));
    }
    let user_verified = found.user.is_some();
    Ok(Caller { app: found.app, user: found.user, user_verified, by: "access_token" })
}

/// App and secret, and the user by cookie or (for exempted apps) by mere name.
fn by_app(state: &State, fields: &Fields) -> Result<Caller, Refusal> {
    let app = proven(state, fields).map_err(|why| refused(401, BAD_APP, why))?.id.clone();
    if cookie_auth::are_given(fields) {
        let user = cookie_auth::owner(state, fields).map_err(|why| refused(401, BAD_USER, why))?;
        return Ok(Caller { app, user: Some(user.id.clone()), user_verified: true, by: "cookie" });
    }
    let named = fields.get("bk_username").filter(|_| state.rules.blueking.gateway.exempted_apps.contains(&app));
    Ok(Caller { app, user: named.cloned(), user_verified: false, by: if named.is_some() { "name" } else { "app" } })
}

pub(super) fn proven<'s>(state: &'s State, fields: &Fields) -> Result<&'s App, &'static str> {
    let id = fields.get("bk_app_code").filter(|id| !id.is_empty()).ok_or("the app is not named")?;
    let app = state.apps.get(id).filter(|app| app.brand == Brand::BlueKing).ok_or("there is no such app")?;
    let secret = fields.get("bk_app_secret").ok_or("the app does not prove itself")?;
    if same(&app.secret, secret) { Ok(app) } else { Err("the app's secret is wrong") }
}

/// Whose an access token is, as the worker whose turn it is knows.
fn find(state: &mut State, token: &str) -> Option<KnownToken> {
    let rules = &state.rules.blueking.gateway;
    let (now, key) = (state.clock.now(), Key::of(token));
    let cache = &mut state.blueking.gateway;
    cache.turn = cache.turn.wrapping_add(1) % rules.workers.max(1);
    let worker = cache.turn;
    let known = cache.found.get(&(worker, key)).filter(|found| now < found.until);
    if let Some(found) = known.filter(|found| found.ends.is_none_or(|ends| now < ends)) {
        return Some(found.clone());
    }
    let (grant, access) = state.ledger.good_access(token, now)?;
    let bkauth = grant.owner.door == Door::Bkauth;
    if grant.owner.door.brand() != Some(Brand::BlueKing) {
        return None;
    }
    let seconds = if bkauth { rules.bkauth_cache_seconds } else { rules.cache_seconds };
    let found = KnownToken {
        app: grant.owner.app.clone(),
        user: grant.owner.user.clone(),
        grant: grant.id.clone(),
        generation: access.generation(),
        until: now.plus_seconds(seconds),
        ends: bkauth.then_some(access.expires_at),
    };
    if seconds > 0 {
        state.blueking.gateway.found.insert((worker, key), found.clone());
    }
    Some(found)
}

/// What the request brings to prove who calls: the header alone where there is one.
fn credentials(state: &State, request: &Request) -> Result<Fields, &'static str> {
    let rules = &state.rules.blueking.gateway;
    if let Some(header) = request.headers.get("x-bkapi-authorization") {
        return Request::object_fields(header.as_bytes()).ok_or("X-Bkapi-Authorization is not a JSON object");
    }
    let key = request.headers.get("x-api-key").and_then(|key| key.to_str().ok());
    if let Some(token) = request.bearer().or(key).filter(|_| rules.takes_bearer) {
        return Ok(Fields::from([("access_token".to_owned(), token.to_owned())]));
    }
    if !rules.takes_parameters {
        return Ok(Fields::new());
    }
    let mut fields = request.query_fields();
    fields.extend(request.body_fields(Encodings::Form).or_else(|| request.loose_fields()).unwrap_or_default());
    Ok(fields)
}

fn echo(state: &State, request: &Request, caller: &Caller) -> Reply {
    let fields = credentials(state, request).unwrap_or_default();
    let token = fields.get("access_token");
    let data = json!({
        "method": request.method.as_str(), "path": request.path,
        // Names only: where parameters are taken, a value may be a secret.
        "parameters": request.query_fields().keys().collect::<Vec<_>>(),
        "body_length": request.body.len(), "body_sha256": hex(&Sha256::digest(&request.body)),
        "app": {"app_code": caller.app, "verified": true},
        "user": {"username": caller.user, "verified": caller.user_verified},
        "by": caller.by,
        "access_token": token.map(|token| json!({
            "fingerprint": Fingerprint::of(token), "current": state.ledger.is_newest(token),
        })),
    });
    Reply::json(200, &json!({"result": true, "code": 0, "message": "ok", "data": data}))
}

pub(super) fn refused(status: u16, code: u32, message: impl Into<String>) -> Refusal {
    Refusal { status, code, message: message.into() }
}

impl Refusal {
    fn render(&self) -> Reply {
        let name = match self.code {
            INVALID => "INVALID_ARGS",
            BAD_APP => "APP_NOT_VERIFIED",
            BAD_USER => "USER_NOT_VERIFIED",
            FORBIDDEN => "APP_NO_PERMISSION",
            _ => "ERROR",
        };
        let body = json!({
            "result": false, "code": self.code, "code_name": name, "message": self.message, "data": Value::Null,
        });
        Reply::json(self.status, &body)
    }
}

const INVALID: u32 = 1_640_001;
const BAD_APP: u32 = 1_640_101;
const BAD_USER: u32 = 1_640_102;
const FORBIDDEN: u32 = 1_640_301;
