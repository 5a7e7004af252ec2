//! Codes for tokens, and the success answer (RFC 6749 §4.1.3, §5.1).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::book::{App, Death, Issued, Owner, UserStatus, Visit};
use crate::memory::State;
use crate::oauth::authorize::parse_scopes;
use crate::oauth::{Refusal, Server, required};
use crate::words::{Challenge, Fields, Key, is_verifier, same};

/// An authorization code for the first tokens of a login.
pub(crate) fn exchange(
    state: &mut State,
    server: &Server,
    app: &App,
    fields: &Fields,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let key = Key::of(required(fields, "code")?);
    let invalid = |why: &str| Refusal::new("invalid_grant", why);
    let code = state.codes.get(&key).cloned().ok_or_else(|| invalid("the code is not known"))?;
    let asked = &code.authorization;
    if asked.app != app.id || asked.door != server.door || asked.realm != server.realm {
        return Err(invalid("the code was issued to another client"));
    }
    visit.user = Some(code.user.clone());
    if code.used {
        // RFC 6749 §4.1.2: what was issued for it should be revoked.
        if let Some(grant) = code.grant {
            state.end_grant(grant, Death::FamilyRevoked);
        }
        return Err(invalid("the code was used"));
    }
    if code.expires_at <= state.clock.now() {
        return Err(invalid("the code has expired"));
    }
    match fields.get("redirect_uri") {
        Some(uri) if *uri != asked.redirect_uri => {
            return Err(invalid("redirect_uri differs from the authorization's"));
        }
        // With PKCE it may be left out (draft-ietf-oauth-v2-1 §4.1.3).
        None if asked.challenge.is_none() => {
            return Err(Refusal::new("invalid_request", "redirect_uri is required"));
        }
        _ => {}
    }
    verify(asked.challenge.as_ref(), fields.get("code_verifier"))?;
    admit(state, &code.user)?;
    let (user, scopes) = (code.user, code.authorization.scopes);
    let (value, grant) = open(state, server, app, user, scopes, visit)?;
    if let Some(code) = state.codes.get_mut(&key) {
        (code.used, code.grant) = (true, Some(grant));
    }
    Ok(value)
}

/// The first tokens of a login.
pub(super) fn open(
    state: &mut State,
    server: &Server,
    app: &App,
    user: String,
    scopes: BTreeSet<String>,
    visit: &mut Visit,
) -> Result<(Value, usize), Refusal> {
    let terms = server.terms_for(&scopes);
    let owner = Owner {
        brand: app.brand,
        door: server.door,
        realm: server.realm.clone(),
        app: app.id.clone(),
        user: Some(user),
    };
    let grant = state.open_grant(owner, scopes);
    let issued = state.issue(grant, &terms, None).ok_or_else(|| Refusal::new("server_error", "nothing was issued"))?;
    if let Some(grant) = state.ledger.grant(grant) {
        visit.answer(grant, &issued, true);
    }
    Ok((success(server, &issued, true), grant))
}

/// Whether the user may log in at all.
pub(super) fn admit(state: &State, user: &str) -> Result<(), Refusal> {
    match state.user(user).map(|user| user.status) {
        Some(UserStatus::Active) => Ok(()),
        _ => Err(Refusal::new("invalid_grant", "the user may not log in")),
    }
}

/// The success answer.
pub(crate) fn success(server: &Server, issued: &Issued, with_refresh: bool) -> Value {
    let mut body = json!({"access_token": issued.access_token, "token_type": "Bearer"});
    if server.tells_expiry {
        body["expires_in"] = json!(issued.expires_in);
    }
    if let Some((refresh, _)) = issued.refresh.as_ref().filter(|_| with_refresh) {
        body["refresh_token"] = json!(refresh);
    }
    if server.tells_scope && !issued.scopes.is_empty() {
        body["scope"] = json!(issued.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
    }
    body
}

/// The `scope` of a refresh: it may narrow, and never widen (RFC 6749 §6).
pub(crate) fn narrowing(fields: &Fields, granted: &BTreeSet<String>) -> Result<Option<BTreeSet<String>>, Refusal> {
    let scopes = parse_scopes(fields.get("scope").map_or("", String::as_str));
    if scopes.is_empty() {
        Ok(None)
    } else if scopes.is_subset(granted) {
        Ok(Some(scopes))
    } else {
        Err(Refusal::new("invalid_scope", "the login does not have one of the scopes"))
    }
}

/// PKCE (RFC 7636 §4.6). A verifier that answers no challenge is refused (RFC 9700 §2.1.1).
fn verify(challenge: Option<&Challenge>, verifier: Option<&String>) -> Result<(), Refusal> {
    let good = match (challenge, verifier) {
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
        (Some(challenge), Some(verifier)) => {
            let proof = if challenge.hashed {
                URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
            } else {
                verifier.clone()
            };
            is_verifier(verifier) && same(&proof, &challenge.value)
        }
    };
    if good { Ok(()) } else { Err(Refusal::new("invalid_grant", "code_verifier does not fit the challenge")) }
}
