//! What the provider says of itself: RFC 8414, and OpenID Connect Discovery for the same endpoints.
//!
//! Enters: a path with the issuer's own behind (RFC 8414 §3) or before it (OpenID). Leaves: only what is really there.

use serde_json::{Value, json};

use crate::book::{DEFAULT_PLAIN_SCOPES, Visit};
use crate::memory::State;
use crate::plain::endpoints::{OAUTH, OPENID};
use crate::plain::token_policy::is_issuer;
use crate::rules::{PlainPart, PlainRules};
use crate::words::{ClientAuth, DEVICE_GRANT_TYPE, Door, Reply, Request};

pub(super) fn answer(state: &State, request: &Request, visit: &mut Visit) -> Reply {
    let (path, part) = match request.path.strip_prefix(OAUTH) {
        Some(path) => (path, PlainPart::OauthMetadata),
        None => (request.path.strip_suffix(OPENID).unwrap_or("-"), PlainPart::OpenidConfiguration),
    };
    if !is_issuer(&state.rules.plain, path) || state.rules.plain.without.contains(&part) {
        return Reply::not_found();
    }
    visit.code = Some(0);
    Reply::json(200, &metadata(state, path, part))
}

fn metadata(state: &State, path: &str, part: PlainPart) -> Value {
    let rules = &state.rules.plain;
    let issuer = state.door_url(Door::Plain) + path;
    let at = |name: &str| json!(format!("{issuer}/{name}"));
    let has = |part: PlainPart| !rules.without.contains(&part);
    let methods: Vec<&str> = rules.client_auth.iter().filter_map(|method| name(*method)).collect();
    let mut grants = vec!["authorization_code", "refresh_token"];
    let mut said = json!({
        "issuer": self::issuer(rules, &issuer), "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "response_types_supported": ["code"], "response_modes_supported": ["query"],
        "scopes_supported": DEFAULT_PLAIN_SCOPES,
        "token_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": if rules.takes_plain_challenge { json!(["S256", "plain"]) } else { json!(["S256"]) },
        "authorization_response_iss_parameter_supported": rules.names_issuer,
    });
    if has(PlainPart::Revocation) {
        said["revocation_endpoint"] = at("revoke");
        said["revocation_endpoint_auth_methods_supported"] = json!(methods);
    }
    if has(PlainPart::Introspection) {
        said["introspection_endpoint"] = at("introspect");
        let methods: Vec<&&str> = methods.iter().filter(|method| **method != "none").collect();
        said["introspection_endpoint_auth_methods_supported"] = json!(methods);
    }
    if has(PlainPart::Device) {
        said["device_authorization_endpoint"] = at("device_authorization");
        grants.push(DEVICE_GRANT_TYPE);
    }
    if has(PlainPart::Userinfo) {
        said["userinfo_endpoint"] = at("userinfo");
    }
    if has(PlainPart::ClientCredentials) {
        grants.push("client_credentials");
    }
    said["grant_types_supported"] = json!(grants);
    if part == PlainPart::OpenidConfiguration {
        // OpenID asks for these; no id_token is ever issued here, and `openid` is no scope of this server.
        said["subject_types_supported"] = json!(["public"]);
        said["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    }
    said
}

/// The issuer as this server spells it.
pub(super) fn issuer(rules: &PlainRules, base: &str) -> String {
    if rules.issuer_slash { format!("{base}/") } else { base.to_owned() }
}

/// The registered name of a way to authenticate.
const fn name(method: ClientAuth) -> Option<&'static str> {
    match method {
        ClientAuth::Any => None,
        ClientAuth::Basic => Some("client_secret_basic"),
        ClientAuth::Body => Some("client_secret_post"),
        ClientAuth::None => Some("none"),
    }
}
