//! What a token says of itself, where its form or its claims tell: whether it is a refresh token.
//!
//! Enters: a text. Leaves: an answer, or none: a token is opaque to its client (RFC 6749 §1.4), so nothing is concluded from its silence, and
//! nothing is refused but what says plainly that it is the other kind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zeroize::Zeroizing;

/// A kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

/// Which kind a token says it is. Feishu's and Lark's of the older endpoints begin with `u-` and `ur-`
/// (reference/feishu.md §8.3); tokens that are JWTs bear a type, under the names that servers use for it (RFC 9068
/// §2.1; Keycloak, Cognito, Feishu, as seen 2026-11).
pub(super) fn says(token: &str) -> Option<Says> {
    if token.starts_with("ur-") {
        return Some(Says::Refresh);
    }
    if token.starts_with("u-") {
        return Some(Says::Access);
    }
    let mut parts = token.split('.');
    let (head, body) = (parts.next()?, parts.next()?);
    parts.next()?;
    [body, head].into_iter().find_map(|part| {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?);
        let claims: Value = serde_json::from_slice(&bytes).ok()?;
        NAMES.into_iter().find_map(|name| kind(claims.get(name)?.as_str()?))
    })
}

fn kind(word: &str) -> Option<Says> {
    let word = word.to_ascii_lowercase();
    if word.contains("refresh") {
        return Some(Says::Refresh);
    }
    (word.contains("access") || word == "bearer" || word == "at+jwt").then_some(Says::Access)
}

/// The names under which a token's type is told.
const NAMES: [&str; 4] = ["typ", "token_use", "token_type", "type"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jwt(head: &str, body: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(body))
    }

    #[test]
    fn tokens_that_say_what_they_are() {
        for (token, said) in [
            ("ur-abc".to_owned(), Some(Says::Refresh)),
            ("u-abc".to_owned(), Some(Says::Access)),
            ("opaque".to_owned(), None),
            ("a.b.c".to_owned(), None),
            (jwt("{\"typ\":\"JWT\"}", "{\"typ\":\"Refresh\"}"), Some(Says::Refresh)),
            (jwt("{\"typ\":\"JWT\"}", "{\"typ\":\"Bearer\"}"), Some(Says::Access)),
            (jwt("{\"typ\":\"at+jwt\"}", "{\"exp\":1}"), Some(Says::Access)),
            (jwt("{\"typ\":\"JWT\"}", "{\"token_use\":\"access\"}"), Some(Says::Access)),
            (jwt("{\"typ\":\"JWT\"}", "{\"exp\":1}"), None),
        ] {
            assert_eq!(says(&token), said, "{token}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = says(&text);
        }
    }
}
