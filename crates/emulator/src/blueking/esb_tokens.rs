//! ESB's older issuer, `auth.get_auth_token` (reference/blueking.md §3.2): one token per app and user, no refresh
//! token.
//!
//! Enters: app, secret and login cookie. Leaves: the same token until it has expired, then another in its place.

use serde_json::{Value, json};

use crate::blueking::cookie_auth;
use crate::blueking::gateway::proven;
use crate::blueking::refusal::Refusal;
use crate::book::Visit;
use crate::memory::State;
use crate::words::{Endpoint, Fields, Fingerprint, Operation, Reply, Request};

pub(super) fn preview(endpoint: Endpoint, request: &Request) -> Visit {
    let mut visit = Visit::new(endpoint, Operation::CookieGrant, request);
    visit.app = fields(request).remove("bk_app_code");
    visit
}

pub(super) fn answer(state: &mut State, request: &Request, visit: &mut Visit) -> Reply {
    match token(state, request, visit) {
        Ok(data) => {
            visit.code = Some(0);
            Reply::json(200, &json!({"result": true, "code": 0, "message": "", "data": data}))
        }
        Err(refusal) => {
            visit.code = Some(refusal.code);
            refusal.auth_api(200)
        }
    }
}

fn token(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Value, Refusal> {
    let fields = fields(request);
    let app = proven(state, &fields).map_err(|why| Refusal::new(1_640_101, why))?.id.clone();
    let user = cookie_auth::owner(state, &fields).map_err(|why| Refusal::new(1_640_102, why))?.id.clone();
    visit.user = Some(user.clone());
    let now = state.clock.now();
    let key = (app, user.clone());
    let good = state.blueking.esb.get(&key).filter(|(_, ends)| now < *ends).cloned();
    visit.issued = good.is_none();
    let (token, ends) = good.unwrap_or_else(|| (state.randomness.alphanumeric(30), now.plus_seconds(LIFE)));
    visit.issued_access = Some(Fingerprint::of(&token));
    state.blueking.esb.insert(key, (token.clone(), ends));
    Ok(json!({"username": user, "auth_token": token, "expires_in": ends.seconds_left(now)}))
}

/// The header, or query and body.
fn fields(request: &Request) -> Fields {
    let header = request.headers.get("x-bkapi-authorization");
    if let Some(fields) = header.and_then(|header| Request::object_fields(header.as_bytes())) {
        return fields;
    }
    let mut fields = request.query_fields();
    fields.extend(request.loose_fields().unwrap_or_default());
    fields
}

/// 180 days.
const LIFE: u64 = 180 * 86_400;
