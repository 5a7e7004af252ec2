//! The token endpoints v2 and v3: code exchange, refresh, tenant tokens and device codes (reference/feishu.md §4,
//! §8.1).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::endpoint::{Endpoint, TokenApi};
use crate::feishu::{Refusal, app_tokens, device};
use crate::grants::{Issued, Key, Refused, narrow};
use crate::history::{Fingerprint, Visit};
use crate::message::{Encodings, Reply, Request};
use crate::registry::{App, Policy, UserStatus};
use crate::state::{Challenge, State};

type Fields = BTreeMap<String, String>;

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
        device::GRANT_TYPE => {
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
    let grant = state.open_grant(&app.id, app.brand, &code.user, code.authorization.scopes);
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
    let id = state.ledger.find_refresh(token).ok_or_else(|| Refusal::new(20026))?;
    let app = authenticate(state, &client, request)?;
    state.judge_refresh(id, api, &app.id).map_err(|refused| {
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
    let user = state.ledger.grant(id.grant).map(|grant| grant.user.clone()).unwrap_or_default();
    admit(state, &app, &user)?;
    let narrowed = narrowing(fields, &state.scopes_of(id.grant))?;
    let issued = state.rotate(id, api, narrowed).ok_or_else(|| Refusal::new(20050))?;
    record(visit, &issued);
    Ok(success(&issued))
}

/// Mints the first set of a login and notes it in the history.
pub(super) fn finish(
    state: &mut State,
    grant: usize,
    api: TokenApi,
    narrowed: Option<BTreeSet<String>>,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let issued = state.issue(grant, api, narrowed).ok_or_else(|| Refusal::new(20050))?;
    if let Some(grant) = state.ledger.grant(grant) {
        visit.grant = Some(grant.id.clone());
        visit.user = Some(grant.user.clone());
        visit.app = Some(grant.app.clone());
    }
    visit.generation = issued.generation.map(narrow);
    record(visit, &issued);
    Ok(success(&issued))
}

pub(super) fn record(visit: &mut Visit, issued: &Issued) {
    visit.issued = true;
    visit.issued_refresh = issued.refresh.as_ref().map(|(token, _)| Fingerprint::of(token));
}

/// The flat success body of reference/feishu.md §4.3.
fn success(issued: &Issued) -> Value {
    let mut body = json!({
        "code": 0, "access_token": issued.access_token, "expires_in": issued.expires_in,
        "token_type": "Bearer", "scope": issued.scope,
    });
    if let Some((token, expires_in)) = &issued.refresh {
        body["refresh_token"] = json!(token);
        body["refresh_token_expires_in"] = json!(expires_in);
    }
    body
}

/// Who the client says it is.
pub(super) struct Client {
    pub(super) id: String,
    secret: String,
}

impl Client {
    /// Reads Basic or body credentials; both at once are one too many (20070).
    pub(super) fn read(request: &Request, fields: &Fields) -> Result<Self, Refusal> {
        match (request.basic(), fields.get("client_secret")) {
            (Some(_), Some(_)) => Err(Refusal::new(20070)),
            (Some((id, _)), None) if fields.get("client_id").is_some_and(|named| *named != id) => {
                Err(Refusal::new(20001).because("client_id differs from the Authorization header"))
            }
            (Some((id, secret)), None) => Ok(Self { id, secret }),
            (None, _) => {
                let id = required(fields, "client_id")?.to_owned();
                Ok(Self { id, secret: required(fields, "client_secret")?.to_owned() })
            }
        }
    }
}

/// Checks the client: exists, right brand, right secret, enabled, installed.
pub(super) fn authenticate(state: &State, client: &Client, request: &Request) -> Result<App, Refusal> {
    let app = state.apps.get(&client.id).ok_or_else(|| Refusal::new(20048))?;
    if app.brand != request.brand {
        return Err(Refusal::new(20046));
    }
    if !same(&app.secret, &client.secret) {
        return Err(Refusal::new(20002));
    }
    if !app.enabled {
        return Err(Refusal::new(20069));
    }
    if !app.installed {
        return Err(Refusal::new(20009));
    }
    Ok(app.clone())
}

/// Checks the user: exists, in good standing, allowed by policy and availability.
pub(super) fn admit(state: &State, app: &App, user: &str) -> Result<(), Refusal> {
    let user = state.user(user).ok_or_else(|| Refusal::new(20008))?;
    match user.status {
        UserStatus::Active => {}
        UserStatus::Absent => return Err(Refusal::new(20008)),
        UserStatus::Frozen | UserStatus::Resigned | UserStatus::Unregistered => {
            return Err(Refusal::new(20066));
        }
    }
    if !app.available {
        return Err(Refusal::new(20010));
    }
    match user.policy {
        Policy::Allow => Ok(()),
        Policy::Challenge => {
            let url = state.url(app.brand, crate::endpoint::Door::Accounts) + "/sandbox/challenge";
            Err(Refusal::new(21000)
                .with("challenge_url", json!(url))
                .with("cli_hint", json!("complete the challenge in a browser, then log in again")))
        }
        Policy::Deny => Err(Refusal::new(21001)),
    }
}

pub(super) fn required<'f>(fields: &'f Fields, name: &str) -> Result<&'f str, Refusal> {
    fields
        .get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Refusal::new(20001).because(format!("{name} is required")))
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

/// 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`.
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

pub(crate) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
