//! What a person typed and must not be repeated: texts that look like secrets, and passwords in addresses (I4).
//!
//! Enters: a word where a name, a file or an address was expected. Leaves: the word, or its kind. A secret in the wrong place is
//! a common slip, and an error text ends in logs and in other people's mail. Hiding too much costs a person a second look;
//! hiding too little costs a secret.

use std::borrow::Cow;

/// A word as it may be shown: passwords in addresses left out, and what looks like a secret named by its kind only.
pub fn shown(text: &str) -> Cow<'_, str> {
    if looks_secret(text) {
        return Cow::Owned(kind(text));
    }
    address(text)
}

/// A text that looks like a secret, told by its kind.
pub fn kind(text: &str) -> String {
    format!("[{} characters, not shown]", text.trim().chars().count())
}

/// Whether a word looks like a token, a key or another secret, and like no name, file or address.
pub fn looks_secret(text: &str) -> bool {
    let text = text.trim();
    // App ids of Feishu and Lark are public.
    if text.len() < LEAST || (text.starts_with("cli_") && text.len() <= 24) || text.contains("://") {
        return false;
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=.~:".contains(&byte)) {
        return false;
    }
    // A JSON Web Token begins so whatever it holds.
    if text.starts_with("eyJ") && text.len() >= 20 {
        return true;
    }
    let is_ending =
        |ending: &str| (1..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if text.starts_with(['/', '.', '~']) || text.rsplit_once('.').is_some_and(|(_, ending)| is_ending(ending)) {
        return false;
    }
    let longest = text.split(['-', '_', '.', ':', '/', '~']).map(str::len).max().unwrap_or(0);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let mixed =
        text.bytes().any(|byte| byte.is_ascii_uppercase()) && text.bytes().any(|byte| byte.is_ascii_lowercase());
    longest >= LEAST && ((digits >= 2 && letters >= 2) || (longest >= 24 && mixed))
}

/// A text without user and password of the addresses in it: `https://…@host`.
pub fn address(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find("://").map(|at| at + 3) {
        let (head, after) = rest.split_at(begin);
        told.push_str(head);
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`')).unwrap_or(after.len());
        let word = &after[..end];
        let authority = word.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        // A password may hold a slash, which no port does.
        let odd_port =
            authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().any(|byte| !byte.is_ascii_digit()));
        let until = match authority.rfind('@') {
            Some(at) => Some(at),
            None if odd_port && !authority.starts_with('[') => word.rfind('@'),
            None => None,
        };
        let shown = until.map_or(word, |at| &word[at..]);
        if until.is_some() {
            told.push('…');
        }
        told.push_str(shown);
        rest = &after[end..];
    }
    // One without its scheme: `user:password@host`.
    let head = rest.split('/').next().unwrap_or_default();
    if told.is_empty()
        && let Some((user, _)) = head.rsplit_once('@')
        && user.contains(':')
    {
        return Cow::Owned(format!("…{}", &rest[user.len()..]));
    }
    told.push_str(rest);
    Cow::Owned(told)
}

const LEAST: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_told_from_names_files_and_addresses() {
        for secret in [
            "724e303c8204cce55f265ffeb1580d56",
            "a548f75522078ea87156160aae88a3b4",
            "u-6U1SbDiM6XIH2DcTCPyeub",
            "t-g1044qeGEDXTB6NDJOGV4JQCYDGHRBARFTGT1234",
            "eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl",
            "3sqcJQ6XnDgYpEOR6G1mgdGM+SMPnJtgk6pGSmIZ5GU=",
            "ab/cdEFgh1234567890+x==",
            "AbCdEfGhIjKlMnOpQrStUvWx",
        ] {
            assert!(looks_secret(secret), "{secret}");
            assert!(!shown(secret).contains(&secret[..6]), "{}", shown(secret));
        }
        for plain in [
            "secret.txt",
            "app-secret-2024",
            "cli_a1b2c3d4e5f60718",
            "/run/secrets/app7secret9of3ours1",
            "./724e303c8204cce55f265ffeb1580d56",
            "notes/2024/plan",
            "https://bkssm.example.com:5000/base",
            "feishu-config123456789.ini",
            "7000000000000000001",
            "lab",
            "",
        ] {
            assert!(!looks_secret(plain), "{plain}");
            assert_eq!(shown(plain), plain);
        }
    }

    #[test]
    fn no_password_of_an_address_is_shown() {
        for (text, told) in [
            ("https://u:p@idp.example.test/x", "https://…@idp.example.test/x"),
            ("https://u:p@ss@idp.example.test", "https://…@idp.example.test"),
            ("https://u:p/w@idp.example.test", "https://…@idp.example.test"),
            ("a \"http://u@h\" and http://v:w@i:1/.", "a \"http://…@h\" and http://…@i:1/."),
            ("u:p@idp.example.test/x", "…@idp.example.test/x"),
            ("https://example.test:8080/@user", "https://example.test:8080/@user"),
            ("https://[::1]:8080/@user", "https://[::1]:8080/@user"),
            ("ada@example.test", "ada@example.test"),
            ("", ""),
        ] {
            assert_eq!(address(text), told);
        }
    }
}
