//! One OAuth 2.0 server, as a door's rules make it, and what all its endpoints begin and end with.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::book::{Terms, Visit};
use crate::memory::State;
use crate::oauth::Refusal;
use crate::words::{
    ClientAuth, DEVICE_GRANT_TYPE, Door, Encodings, Endpoint, Fields, Fingerprint, OFFLINE_ACCESS, Operation, Reply,
    Request,
};

/// One OAuth 2.0 server.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent knob with a name of its own")]
pub(crate) struct Server {
    pub(crate) door: Door,
    /// The realm of bkauth, or the issuer's path of the plain provider.
    pub(crate) realm: String,
    /// The URL below which its endpoints lie.
    pub(crate) base: String,
    /// Where the consent page's form goes, as a path.
    pub(crate) consent_path: String,
    /// Where a person enters a user code, as a URL.
    pub(crate) device_page: String,
    /// What callbacks name as `iss`, if anything (RFC 9207).
    pub(crate) issuer: Option<String>,
    pub(crate) terms: Terms,
    /// Refresh tokens are for logins with the scope `offline_access` only.
    pub(crate) needs_offline_access: bool,
    pub(crate) needs_pkce: bool,
    pub(crate) takes_plain_challenge: bool,
    pub(crate) client_auth: BTreeSet<ClientAuth>,
    pub(crate) code_seconds: u64,
    pub(crate) device_seconds: u64,
    pub(crate) device_interval: u64,
    pub(crate) loopback_any_port: bool,
    pub(crate) tells_expiry: bool,
    pub(crate) tells_scope: bool,
}

impl Server {
    /// The terms for a login with these scopes.
    pub(crate) fn terms_for(&self, scopes: &BTreeSet<String>) -> Terms {
        let mut terms = self.terms.clone();
        if self.needs_offline_access && !scopes.contains(OFFLINE_ACCESS) {
            terms.refresh_seconds = None;
        }
        terms
    }
}

/// What can be told about a request to a token endpoint, or another endpoint with a form, before it is processed.
pub(crate) fn preview(state: &State, endpoint: Endpoint, operation: Operation, request: &Request) -> Visit {
    let fields = form(request);
    let operation = match operation {
        Operation::Unknown => match fields.get("grant_type").map(String::as_str) {
            Some("authorization_code") => Operation::Exchange,
            Some("refresh_token") => Operation::Refresh,
            Some("client_credentials") => Operation::ClientCredentials,
            Some(DEVICE_GRANT_TYPE) => Operation::DevicePoll,
            _ => Operation::Unknown,
        },
        known => known,
    };
    let mut visit = Visit::new(endpoint, operation, request);
    let named = if operation == Operation::Browse { request.query_fields().remove("client_id") } else { None };
    visit.app =
        named.or_else(|| fields.get("client_id").cloned()).or_else(|| request.basic().map(|(client, _)| client));
    match operation {
        Operation::Refresh => {
            if let Some(token) = fields.get("refresh_token") {
                let reusable = request.door == Door::Plain && !state.rules.plain.rotation;
                visit.present(&state.ledger, token, reusable);
            }
        }
        Operation::Verify => visit.bearer = fields.get("token").map(|token| Fingerprint::of(token)),
        _ => {}
    }
    visit
}

/// The form of a request; empty when there is none, or when a field is repeated (RFC 6749 §3.2).
pub(crate) fn form(request: &Request) -> Fields {
    request.body_fields(Encodings::Form).unwrap_or_default()
}

/// The answer to a program, with the history's line about it.
pub(crate) fn answer(result: Result<Value, Refusal>, visit: &mut Visit) -> Reply {
    match result {
        Ok(body) => {
            visit.code = Some(0);
            let reply = if body.is_null() { Reply::empty(200) } else { Reply::json(200, &body) };
            reply.header("cache-control", "no-store").header("pragma", "no-cache")
        }
        Err(refusal) => {
            visit.error = Some(refusal.error.to_owned());
            refusal.render()
        }
    }
}

/// A field that must be there.
pub(crate) fn required<'f>(fields: &'f Fields, name: &str) -> Result<&'f str, Refusal> {
    let value = fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
    value.ok_or_else(|| Refusal::new("invalid_request", format!("{name} is required")))
}
