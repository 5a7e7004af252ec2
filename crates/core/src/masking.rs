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

/// A file's name as it may be shown where no such file is: what looks like a secret is named by its kind only.
pub fn file(text: &str) -> Cow<'_, str> {
    if is_no_file(text) { Cow::Owned(kind(text)) } else { shown(text) }
}

/// Whether a text that was given as a file's name, and names no file that is there, is rather a secret in the wrong place: long, of
/// many kinds of characters, without the parts and the ending that names have; or with a beginning that tokens have. `./NAME` is a name
/// whatever follows.
pub fn is_no_file(text: &str) -> bool {
    let text = text.trim();
    if ["./", "../", "~/"].iter().any(|here| text.starts_with(here)) {
        return false;
    }
    if begins_as_secret(text) || (text.len() >= LEAST && text.contains(|c: char| c.is_control())) {
        return true;
    }
    // A line of cookies, a header, a line of a `.env` file.
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | ':' | '"' | '\'' | '='));
    if parts.filter(|part| part.len() < text.len()).any(|part| begins_as_secret(part) || is_random(part)) {
        return true;
    }
    if text.split_once('=').is_some_and(|(name, value)| !name.contains('/') && value.len() >= 8 && !value.contains('/'))
    {
        return true;
    }
    if has_ending(text) {
        return false;
    }
    // A password: no name has such characters beside letters and digits.
    let has = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    let odd = |byte: &u8| b"!#$%^&*?<>|`\\{}".contains(byte);
    if text.len() >= 8 && !text.contains('/') && has(odd) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) {
        return true;
    }
    // Base64 has signs that names do not.
    is_random(text) || (text.contains(['+', '=']) && looks_secret(text))
}

/// Whether a word begins as the tokens and keys of well-known makers do, and is as long as those are.
pub fn begins_as_secret(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with("-----BEGIN") {
        return true;
    }
    // A JSON Web Token begins so whatever it holds: `{"`.
    if text.starts_with("eyJ") {
        return text.len() >= 20;
    }
    !has_ending(text)
        && BEGINNINGS.iter().any(|beginning| {
            let Some(rest) = text.strip_prefix(beginning).filter(|rest| rest.len() >= LEAST) else { return false };
            // Names of files begin with the short ones too.
            if beginning.len() <= 3 {
                runs(rest).any(|run| run.len() >= LEAST && is_varied(run))
            } else {
                is_varied(rest)
            }
        })
}

/// Whether a text changes between kinds of characters as names do not, or is longer than a word is without a break.
fn is_random(text: &str) -> bool {
    let rooted = text.starts_with('/');
    if rooted && text.len() < 40 {
        return false;
    }
    let bytes = text.as_bytes();
    let pairs = || bytes.windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphanumeric));
    // A capital that begins a word is no change.
    let changes = |pair: &&[u8]| match (pair[0], pair[1]) {
        (one, other) if one.is_ascii_digit() != other.is_ascii_digit() => true,
        (one, other) => one.is_ascii_lowercase() && other.is_ascii_uppercase(),
    };
    let (all, breaks) = (pairs().count(), pairs().filter(changes).count());
    runs(text).any(|run| run.len() >= 32)
        || (all >= 11 && breaks * 100 >= all * if all < 15 || rooted { 45 } else { 30 })
}

/// The runs of letters and digits.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

/// Whether there are digits, or capitals among small letters behind the first.
fn is_varied(text: &str) -> bool {
    let mixed = text.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase());
    text.bytes().any(|byte| byte.is_ascii_digit()) || mixed
}

/// Whether a name ends as those of files do: `.txt`, `.7z`.
fn has_ending(text: &str) -> bool {
    let ending =
        |ending: &str| (1..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.rsplit_once('.').is_some_and(|(name, last)| !name.is_empty() && ending(last))
}

/// Whether a word looks like a token, a key or another secret, and like no name, file or address.
pub fn looks_secret(text: &str) -> bool {
    let text = text.trim();
    if begins_as_secret(text) {
        return true;
    }
    // App ids of Feishu and Lark are public.
    if text.len() < LEAST || (text.starts_with("cli_") && text.len() <= 24) || text.contains("://") {
        return false;
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=.~:".contains(&byte)) {
        return false;
    }
    if text.starts_with(['/', '.', '~']) || has_ending(text) {
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

/// GitHub, GitLab, Google, Slack, AWS, `OpenAI` and their like, npm, `PyPI`, Hugging Face, `DigitalOcean`, `SendGrid`, Stripe, age; Feishu and Lark.
const BEGINNINGS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "GOCSPX-",
    "ya29.",
    "1//",
    "AIza",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "AKIA",
    "ASIA",
    "sk-",
    "npm_",
    "pypi-",
    "hf_",
    "dop_v1_",
    "SG.",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "AGE-SECRET-KEY-",
    "u-",
    "ur-",
    "t-",
    "a-",
];

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
            assert!(looks_secret(secret) && is_no_file(secret), "{secret}");
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
    fn a_secret_in_the_place_of_a_files_name_is_known() {
        for secret in [
            "GOCSPX-aBcDeFgHiJkLmNoPqRsTuVwXyZ12",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ.c2ln",
            "bk_token=kR2w8a_9",
            "Cookie: bk_token=abc; bk_ticket=def",
            "bk_uid=admin; bk_ticket=3sqcJQ6XnDgYpEOR6G1mgdGM",
            "/sqcJQ6XnDgYpEOR6G1mgdGM+SMPnJtgk6pGSmIZ5GU=",
            "-----BEGIN PRIVATE KEY-----\nMIIE",
            "Bearer u-6U1SbDiM6XIH2DcTCPyeub",
            "hunter2!hunter2",
            "abcdefghijklmnopqrstuvwxyzabcdefgh",
            "3f9aB2cD8eF1",
            "0d9f-aa31-77c2-b4e8-19ce-5f60-3a7d-8b21",
        ] {
            assert!(is_no_file(secret), "{secret}");
            assert!(!file(secret).contains(secret), "{}", file(secret));
        }
        for name in [
            "backup20241129",
            "tokenward-backup-2024-11-29",
            "vault-copy-20241129T140500",
            "MyLongFileNameForTokens",
            "feishu-config.ini",
            "notes/2024/plan",
            "u-boot-configuration-of-2024",
            "/run/secrets/app7secret9of3ours1",
            "/home/ada/Projects2024/app3/Config/settings9/file",
            "./GOCSPX-aBcDeFgHiJkLmNoPqRsTuVwXyZ12",
            "token.7z",
            "weird name (copy 2)",
            "copy",
            ".env.local",
            "飞书令牌配置文件第二版",
            "",
        ] {
            assert!(!is_no_file(name), "{name}");
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
