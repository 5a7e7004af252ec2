//! What OAuth fixes for every server: names, how clients prove themselves, the forms of verifiers and user codes, and how secrets
//! and redirect URLs are compared (RFC 6749, 7636, 8252, 8628).

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use url::Url;

/// How a client proves itself to an OAuth 2.0 server (RFC 6749 §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// With its secret, by the header or in the body.
    #[default]
    Any,
    /// With its secret in an `Authorization: Basic …` header.
    Basic,
    /// With its secret in the body.
    Body,
    /// Not at all: a public client, which names itself.
    None,
}

/// A PKCE challenge (RFC 7636).
#[derive(Clone)]
pub(crate) struct Challenge {
    pub(crate) value: String,
    pub(crate) hashed: bool,
}

/// 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`.
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// Whether two secrets are one, in a time that tells nothing of where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Whether two loopback URLs differ in their ports at most (RFC 8252 §7.3).
pub(crate) fn same_but_port(registered: &str, asked: &str) -> bool {
    let (Ok(mut registered), Ok(mut asked)) = (Url::parse(registered), Url::parse(asked)) else {
        return false;
    };
    let loopback = matches!(asked.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    loopback && registered.set_port(None).is_ok() && asked.set_port(None).is_ok() && registered == asked
}

/// Letters only, capitals, in two groups (RFC 8628 §6.1).
pub(crate) fn normalise_user_code(code: &str) -> String {
    let letters: String =
        code.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_ascii_uppercase();
    match letters.split_at_checked(4) {
        Some((first, second)) => format!("{first}-{second}"),
        None => letters,
    }
}

/// The scope that asks for a refresh token.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// The grant type of a poll with a device code (RFC 8628 §3.4).
pub(crate) const DEVICE_GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
