//! The knobs of the plain provider. RFC 9700 is the model of the defaults: PKCE, rotation, family revocation.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::rules::{GraceAnswer, OldAccessToken};
use crate::words::ClientAuth;

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent knob with a name of its own")]
pub struct PlainRules {
    /// Life of an access token in seconds.
    pub access_seconds: u64,
    /// Life of a refresh token in seconds.
    pub refresh_seconds: u64,
    /// Whether a rotated refresh token lives anew, or only until the end of the first.
    pub sliding: bool,
    /// Life of an authorization code in seconds.
    pub code_seconds: u64,
    /// Life of a device code in seconds.
    pub device_seconds: u64,
    /// Seconds between two polls of a device flow.
    pub device_interval: u64,
    /// Whether a refresh rotates the refresh token. Off: it stays the same.
    pub rotation: bool,
    /// Whether the answer to a refresh that did not rotate the token repeats it (RFC 6749 §6 lets it be left out).
    pub repeats_refresh_token: bool,
    /// For this many seconds after its first use a refresh token is forgiven, unless its successor was used. 0: never.
    pub grace_seconds: u64,
    /// What a forgiven replay is answered with.
    pub grace_answer: GraceAnswer,
    /// Whether presenting a used refresh token ends the whole login (RFC 9700 §4.14.2).
    pub family_revocation: bool,
    /// What becomes of the old access token on rotation.
    pub old_access_token: OldAccessToken,
    /// Whether a refresh token is issued only where the scope `offline_access` was granted.
    pub needs_offline_access: bool,
    /// Whether answers carry `expires_in` (RFC 6749 §5.1: recommended).
    pub tells_expiry: bool,
    /// Whether answers carry `scope` (RFC 6749 §5.1: optional where it is what was asked for).
    pub tells_scope: bool,
    /// Whether every client must use PKCE; public clients must anyhow.
    pub needs_pkce: bool,
    /// Whether `code_challenge_method=plain` is taken.
    pub takes_plain_challenge: bool,
    /// The ways in which clients may prove themselves, beside what each client is registered for.
    pub client_auth: BTreeSet<ClientAuth>,
    /// Whether any port of a registered loopback redirect URL is good (RFC 8252 §7.3).
    pub loopback_any_port: bool,
    /// Whether the answer to an authorization names the issuer (RFC 9207).
    pub names_issuer: bool,
    /// What the answer names as its issuer in place of its own; an empty text: nothing. The document announces what
    /// `names_issuer` says all the same.
    pub misnames_issuer: Option<String>,
    /// Whether the issuer ends with a slash, as some servers write theirs.
    pub issuer_slash: bool,
    /// Whether revoking the refresh token ends the live access tokens too (RFC 7009 §2.1: it should).
    pub revoking_refresh_ends_access: bool,
    /// The endpoints that do not exist: discovery leaves them out, and they answer 404.
    pub without: BTreeSet<PlainPart>,
    /// The paths of further issuers on the same host, like `/tenant`.
    pub issuer_paths: BTreeSet<String>,
}

/// A part of the provider that may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlainPart {
    /// The client credentials grant.
    ClientCredentials,
    /// The device authorization grant.
    Device,
    /// Introspection.
    Introspection,
    /// RFC 8414 metadata.
    OauthMetadata,
    /// OpenID Connect discovery.
    OpenidConfiguration,
    /// Revocation.
    Revocation,
    /// User information.
    Userinfo,
}

impl Default for PlainRules {
    fn default() -> Self {
        Self {
            access_seconds: 3600,
            refresh_seconds: 30 * 86_400,
            sliding: true,
            code_seconds: 60,
            device_seconds: 600,
            device_interval: 5,
            rotation: true,
            repeats_refresh_token: false,
            grace_seconds: 0,
            grace_answer: GraceAnswer::SamePair,
            family_revocation: true,
            old_access_token: OldAccessToken::UntilExpiry,
            needs_offline_access: false,
            tells_expiry: true,
            tells_scope: true,
            needs_pkce: true,
            takes_plain_challenge: false,
            client_auth: BTreeSet::from([ClientAuth::Basic, ClientAuth::Body, ClientAuth::None]),
            loopback_any_port: true,
            names_issuer: true,
            misnames_issuer: None,
            issuer_slash: false,
            revoking_refresh_ends_access: true,
            without: BTreeSet::new(),
            issuer_paths: BTreeSet::from(["/tenant".to_owned()]),
        }
    }
}
