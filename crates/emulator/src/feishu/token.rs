//! The token endpoints v2 and v3: code exchange, refresh, tenant tokens and device codes (reference/feishu.md §4,
//! §8.1).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::book::Visit;
use crate::feishu::client::{Client, admit, authenticate, required};
use crate::feishu::issued_tokens::{finish, record, success};
use crate::feishu::token_issuance::Refused;
use crate::feishu::{app_tokens, device, token_issuance};
use crate::memory::State;
use crate::words::{
    Challenge, DEVICE_GRANT_TYPE, Encodings, Endpoint, Fields, Key, Refusal, Reply, Request, TokenApi, is_verifier,
    same,
};

pub(super) fn answer(
    state: &mut State,
    endpoint: Endpoint,
    request: &Request,
    visit: &mut Visit,
) -> Result<Reply, Refusal> {
    let fields = request.body_fields(Encodings::Both).ok_or_else(|| Refusal::new(20063))?;
    let api = if endpoint == Endpoint::V3Token { TokenApi::V3 } else { TokenApi::V2 };
    let body = match required(&fields, "grant_type")? {
        "authorization_code" => exchange(state, api, request, &fields, visit)?,
        "refresh_token" => refresh(state, api, request, &fields, visit)?,
        "client_credentials" if api == TokenApi::V3 => {
            let app = authenticate(state, &Client::read(request, &fields)?, request)?;
            app_tokens::by_client_credentials(state, &app, visit)?
        }
        DEVICE_GRANT_TYPE => {
            let client = Client::read(request, &fields)?;
            let app = authenticate(state, &client, request)?;
            device::redeem(state, &app, required(&fields, "device_code")?, api, visit)?
        }
        _ => return Err(Refusal::new(20036)),
    };
    Ok(Reply::json(200, &body).header("cache-control", "no-store"))
}

/// The code is looked up before the client is checked (reference/feishu.md §4.4, PROBE).
fn exchange(
    state: &mut State,
    api: TokenApi,
    request: &Request,
    fields: &Fields,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let key = Key::of(required(fields, "code")?);
    let client = Client::read(request, fields)?;
    let code = state.codes.get(&key).cloned().ok_or_else(|| Refusal::new(20003))?;
    let app = authenticate(state, &client, request)?;
    visit.user = Some(code.user.clone());
    if code.authorization.app != app.id {
        return Err(Refusal::new(20024));
    }
    if code.used {
        return Err(Refusal::new(state.rules.used_authorization_code));
    }
    if code.expires_at <= state.clock.now() {
        return Err(Refusal::new(20004));
    }
    verify(code.authorization.challenge.as_ref(), fields.get("code_verifier"), api)?;
    if fields.get("redirect_uri").is_some_and(|uri| *uri != code.authorization.redirect_uri) {
        return Err(Refusal::new(20071));
    }
    let narrowed = narrowing(fields, &code.authorization.scopes)?;
    admit(state, &app, &code.user)?;
    if let Some(code) = state.codes.get_mut(&key) {
        code.used = true;
    }
    let grant = token_issuance::open(state, &app, &code.user, code.authorization.scopes);
    finish(state, grant, api, narrowed, visit)
}

fn refresh(
    state: &mut State,
    api: TokenApi,
    request: &Request,
    fields: &Fields,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let token = required(fields, "refresh_token")?;
    let client = Client::read(request, fields)?;
    let (id, login) = token_issuance::find_refresh(state, token).ok_or_else(|| Refusal::new(20026))?;
    let user = login.owner.user.clone().unwrap_or_default();
    let app = authenticate(state, &client, request)?;
    token_issuance::judge_refresh(state, id, api, &app.id).map_err(|refused| {
        Refusal::new(match refused {
            Refused::Ended => 20064,
            Refused::Expired => 20037,
            Refused::Foreign => 20024,
            Refused::Used => state.rules.reused_code,
            Refused::WrongApi => 20026,
        })
    })?;
    if !app.may_refresh() {
        return Err(Refusal::new(20074));
    }
    admit(state, &app, &user)?;
    let narrowed = narrowing(fields, &token_issuance::scopes_of(state, id.grant))?;
    let issued = token_issuance::rotate(state, id, api, narrowed).ok_or_else(|| Refusal::new(20050))?;
    record(visit, &issued);
    Ok(success(&issued))
}

/// The requested narrowing of the token, if any: no duplicates (20067), nothing that was not granted (20068).
fn narrowing(fields: &Fields, granted: &BTreeSet<String>) -> Result<Option<BTreeSet<String>>, Refusal> {
    let Some(asked) = fields.get("scope").filter(|scope| !scope.trim().is_empty()) else {
        return Ok(None);
    };
    let mut scopes = BTreeSet::new();
    for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
        if !scopes.insert(scope.to_owned()) {
            return Err(Refusal::new(20067));
        }
    }
    if scopes.is_subset(granted) { Ok(Some(scopes)) } else { Err(Refusal::new(20068)) }
}

/// PKCE (RFC 7636 §4.6). A verifier without a challenge is ignored by v2 and refused by v3 (reference/feishu.md §8.1).
fn verify(challenge: Option<&Challenge>, verifier: Option<&String>, api: TokenApi) -> Result<(), Refusal> {
    let good = match (challenge, verifier) {
        (None, None) => true,
        (None, Some(_)) => api == TokenApi::V2,
        (Some(_), None) => false,
        (Some(challenge), Some(verifier)) => {
            let proof = if challenge.hashed {
                URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
            } else {
                verifier.clone()
            };
            is_verifier(verifier) && same(&proof, &challenge.value)
        }
    };
    if good { Ok(()) } else { Err(Refusal::new(20049)) }
}
