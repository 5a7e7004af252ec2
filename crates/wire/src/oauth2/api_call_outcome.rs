//! What the answer to a call with a plain bearer token means (RFC 6750 §3).
//!
//! Enters: an answer as it came and the kind of bearer it was asked with. Leaves: nothing for a success, or a
//! [`CallRefusal`]. The status decides, and what `WWW-Authenticate` says beside it; a resource server's bodies are its own.

use http::header::WWW_AUTHENTICATE;
use jiff::Timestamp;

use super::error_codes::{self, Call};
use crate::bearer::Bearer;
use crate::call_refusal::{self, Finding, by_status};
use crate::{CallAnswer, CallRefusal, CallTrouble, redact};

/// Reads a refusal from an answer; `None` for a success.
pub(crate) fn judge(bearer: &Bearer, answer: &CallAnswer, now: Timestamp) -> Option<CallRefusal> {
    let by_status = by_status(answer.status, false)?;
    let body = answer.json();
    let secrets = [bearer.expose()];
    let challenge = Challenge::of(answer);
    let in_body = || body.as_ref()?.get("error")?.as_str().map(str::to_owned);
    let word = challenge.get("error").or_else(in_body);
    let trouble = match (word.as_deref(), answer.status) {
        (Some("insufficient_scope"), _) => CallTrouble::ScopeNotGranted,
        // RFC 6750 §3.1: 401 is for a token that is not good, whether or not the answer says so.
        (Some("invalid_token"), _) | (_, 401) => dead(bearer),
        _ => by_status,
    };
    let told = challenge.get("error_description").and_then(|text| redact::line(&text, &secrets));
    let finding = Finding {
        code: None,
        fact: word.and_then(|word| error_codes::lookup(Call::UserInfo, &word, "")),
        message: told.or_else(|| call_refusal::message(answer, body.as_ref(), &secrets)),
        missing_scopes: match trouble {
            CallTrouble::ScopeNotGranted => challenge.get("scope").map(|scope| scopes(&scope)).unwrap_or_default(),
            _ => Vec::new(),
        },
    };
    Some(call_refusal::refusal(answer, trouble, finding, now))
}

const fn dead(bearer: &Bearer) -> CallTrouble {
    match bearer {
        Bearer::User(_) => CallTrouble::UserTokenDead,
        Bearer::App(_) | Bearer::Tenant(_) => CallTrouble::AppTokenDead,
    }
}

fn scopes(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().filter_map(redact::id).take(MOST_SCOPES).collect()
}

/// The parameters of the `Bearer` challenges of an answer (RFC 9110 §11.6.1).
struct Challenge(Vec<(String, String)>);

impl Challenge {
    fn of(answer: &CallAnswer) -> Self {
        let values = answer.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(bearer_parameters).collect())
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

/// Names and values of the challenges for `Bearer` in one header. Several schemes may share a header: a word that no equals
/// sign follows begins the next.
fn bearer_parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header;
    let mut ours = false;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let end = rest.find([' ', '\t', '=', ',']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() && after.is_empty() {
            return found;
        }
        let Some(value) = after.trim_start().strip_prefix('=') else {
            ours = word.eq_ignore_ascii_case("bearer");
            rest = after;
            continue;
        };
        let (value, after) = take_value(value.trim_start());
        if ours {
            found.push((word.to_ascii_lowercase(), value));
        }
        rest = after;
    }
}

/// A token or a quoted string (RFC 9110 §5.6.4), and what follows it.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

const MOST_SCOPES: usize = 50;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(header: &str) -> Vec<(String, String)> {
        bearer_parameters(header)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_bearer_challenge_is_found_among_others() {
        let header = r#"Basic realm="a, b", Bearer realm="x", error="invalid_token" , error_description="it \"ended\"", Digest nonce=1"#;
        let expected = [pair("realm", "x"), pair("error", "invalid_token"), pair("error_description", "it \"ended\"")];
        assert_eq!(read(header), expected);
        assert_eq!(
            read("bearer error=insufficient_scope,scope=\"a b\""),
            [pair("error", "insufficient_scope"), pair("scope", "a b"),]
        );
        assert_eq!(read("Bearer"), []);
        assert_eq!(read(r#"Basic realm="Bearer error=invalid_token""#), []);
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_panic_and_comes_to_an_end(header in "[ -~\u{80}-\u{2000}]{0,80}") {
            let _ = read(&header);
        }
    }
}
