//! Texts of others, made fit to be shown.
//!
//! Enters: whatever a provider, a gateway or an operating system wrote. Leaves: one short line without control
//! characters and without anything that looks like a token (I4): providers are known to echo what they refuse.

/// One line of at most [`LONGEST`] characters; the named secrets and everything that looks like one are replaced.
pub(crate) fn line(text: &str, secrets: &[&str]) -> Option<String> {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, REDACTED);
    }
    let visible: String = text.chars().map(|c| if tokenward_core::is_hidden(c) { ' ' } else { c }).collect();
    let words: Vec<String> = visible.split_whitespace().map(redact).collect();
    shorten(&words.join(" "))
}

/// A short text that is worth nothing unless it is exact, such as a log id: visible ASCII or nothing. Log ids are as
/// long and mixed as secrets are; they only must not begin like a token.
pub(crate) fn id(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic());
    let fits = fits && !(begins_like_a_token(text) && text.len() >= SHORTEST_TOKEN);
    fits.then(|| text.to_owned())
}

/// A user's name, exactly as the provider wrote it: it is compared with the one that was asked for.
pub(crate) fn name(text: &str) -> Option<String> {
    text.parse::<tokenward_core::UserName>().ok().map(String::from)
}

/// Replaces the runs of token characters that look like secrets.
fn redact(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        out.push_str(if looks_secret(run) { REDACTED } else { run });
        let next = tail.find(is_token_char).unwrap_or(tail.len());
        out.push_str(&tail[..next]);
        rest = &tail[next..];
    }
    out
}

/// The characters of tokens, codes, secrets and verifiers (RFC 6750 §2.1 b64token).
fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/' | '=')
}

/// A known beginning and some length (reference/feishu.md §5, §6, §9), or so long and mixed that it can only be one.
fn looks_secret(run: &str) -> bool {
    let prefixed = begins_like_a_token(run);
    let mixed = run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_alphabetic());
    let upper_and_lower = run.bytes().any(|b| b.is_ascii_uppercase()) && run.bytes().any(|b| b.is_ascii_lowercase());
    (prefixed && run.len() >= SHORTEST_TOKEN)
        // BlueKing's tokens are thirty letters and digits; one in two hundred has no digit. No word is as long.
        || (upper_and_lower && run.len() >= LONGEST_WORD && run.bytes().all(|b| b.is_ascii_alphanumeric()))
        || (mixed && run.len() >= SHORTEST_UNKNOWN)
        // A token behind a joiner that is itself a token character: `refresh_token=eyJ…`, `path/ur-…`.
        || (run.len() > SHORTEST_TOKEN && run.split(['=', '/']).any(|part| part.len() < run.len() && looks_secret(part)))
}

fn begins_like_a_token(text: &str) -> bool {
    ["eyJ", "u-", "ur-", "t-", "a-"].iter().any(|prefix| text.starts_with(prefix))
}

fn shorten(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    if text.chars().count() <= LONGEST {
        return Some(text.to_owned());
    }
    Some(text.chars().take(LONGEST - 1).chain(['…']).collect())
}

/// The longest line handed on, in characters.
pub(crate) const LONGEST: usize = 300;
const LONGEST_ID: usize = 128;
const SHORTEST_TOKEN: usize = 16;
/// Feishu's app ids (`cli_` and 16) are shorter, its app secrets (32), codes and verifiers are longer.
const SHORTEST_UNKNOWN: usize = 24;
const LONGEST_WORD: usize = 28;
const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_do_not_pass() {
        let jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
        for text in [
            format!("refresh token {jwt} is revoked"),
            format!("refresh_token={jwt}"),
            format!("\"{jwt}\""),
            "bad ur-0123456789abcdef".to_owned(),
            "x u-abcdefghijklmnop,".to_owned(),
            "secret 0123456789abcdef0123456789abcdef".to_owned(),
        ] {
            let cleaned = line(&text, &[]).unwrap();
            assert!(cleaned.contains(REDACTED), "{cleaned}");
            assert!(!cleaned.contains("0123456789") && !cleaned.contains("eyJ") && !cleaned.contains("klmnop"));
        }
        assert_eq!(line("code short1 is bad", &["short1"]).unwrap(), "code [redacted] is bad");
    }

    #[test]
    fn ordinary_words_pass() {
        for text in [
            "The refresh token passed is invalid. Please check the value.",
            "app cli_a1b2c3d4e5f6a7b8 lacks contact:user.employee_id:readonly, see open.feishu.cn/app",
            "刷新令牌已被使用",
        ] {
            assert_eq!(line(text, &[]).unwrap(), text);
        }
    }

    #[test]
    fn terminal_tricks_do_not_pass() {
        assert_eq!(line("a\u{1b}[31mred\r\nb\u{202e}c", &[]).unwrap(), "a [31mred b c");
        assert_eq!(line("Eve\u{61c}\u{ad} x\u{fff9}\u{e0001}y\u{9b}31m", &[]).unwrap(), "Eve x y 31m");
        assert_eq!(line(" \n\t ", &[]), None);
        assert_eq!(id("20260911 x"), None);
        assert_eq!(id("eyJhbGciOiJFUzI1NiJ9"), None);
        assert_eq!(id(" 0aF-1 ").as_deref(), Some("0aF-1"));
    }

    proptest! {
        #[test]
        fn always_short_and_on_one_line(text: String) {
            if let Some(cleaned) = line(&text, &[]) {
                prop_assert!(cleaned.chars().count() <= LONGEST);
                prop_assert!(!cleaned.contains(tokenward_core::is_hidden));
            }
        }

        #[test]
        fn a_token_is_found_wherever_it_stands(before in "[ -~]{0,20}", token in "eyJ[A-Za-z0-9_.-]{40,80}", after in "[ -~]{0,20}") {
            let cleaned = line(&format!("{before}{token}{after}"), &[]).unwrap();
            prop_assert!(!cleaned.contains(&token));
        }
    }
}
