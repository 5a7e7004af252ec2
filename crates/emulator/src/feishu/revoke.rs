//! Revocation (reference/feishu.md §8.5, RFC 7009).

use serde_json::json;

use crate::book::{Death, Visit};
use crate::feishu::client::{Client, authenticate, required};
use crate::feishu::token_issuance;
use crate::memory::State;
use crate::words::{Encodings, Refusal, Reply, Request};

/// V1. A refresh token ends the login's ability to refresh, an access token ends itself only.
pub(super) fn answer(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let fields = request.body_fields(Encodings::Both).ok_or_else(|| Refusal::new(20063))?;
    let token = required(&fields, "token")?;
    let app = authenticate(state, &Client::read(request, &fields)?, request)?;
    if fields.get("token_type_hint").is_some_and(|hint| hint != "access_token" && hint != "refresh_token") {
        return Err(Refusal::new(20001).because("token_type_hint must be access_token or refresh_token"));
    }
    if let Some((id, login)) = token_issuance::find_refresh(state, token) {
        if login.owner.app != app.id {
            return Err(Refusal::new(20024));
        }
        visit.grant = Some(login.id.clone());
        if state.rules.revoking_refresh_ends_access {
            state.end_grant(id.grant, Death::Revoked);
        } else {
            state.stop_refreshing(id.grant, Death::Revoked);
        }
    } else if let Some((login, _)) = token_issuance::find_access(state, token) {
        if login.owner.app != app.id {
            return Err(Refusal::new(20024));
        }
        state.revoke_access(token);
    } else if state.app_tokens.find(token).is_some_and(|token| token.app != app.id) {
        return Err(Refusal::new(20024));
    }
    // An unknown token is revoked already (RFC 7009 §2.2).
    Ok(if state.rules.revoke_answers_json { Reply::json(200, &json!({"code": 0})) } else { Reply::empty(200) })
}
