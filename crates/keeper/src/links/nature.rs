//! What a text at a token's place is: a token, nothing, a text that stands in for one, a reference to one, or a document.
//!
//! Decided in one place, so that nothing but a token is ever sent to a provider, and nothing that another program resolves is ever
//! written over. A token is whatever is none of the others: servers choose their own alphabets.

use super::tree::Tree;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Nothing but white space.
    Empty,
    /// As far as can be seen, a token.
    Token,
    /// Text that a person is to replace: `<token>`, `your_token_here`, `changeme`.
    Placeholder,
    /// What another program resolves or opens: `op://…`, `${TOKEN}`, `ENC[…]`.
    Reference,
    /// A JSON object or list, in which tokens may stand at places of their own.
    Document,
}

impl Nature {
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim();
        let text =
            text.strip_prefix(['"', '\'']).and_then(|inner| inner.strip_suffix(['"', '\''])).unwrap_or(text).trim();
        match () {
            () if text.is_empty() => Self::Empty,
            () if Tree::of_text(text).is_some() => Self::Document,
            () if is_reference(text) => Self::Reference,
            () if is_placeholder(text) => Self::Placeholder,
            () => Self::Token,
        }
    }

    /// The same at a refresh token's place, whose text would be sent: one that is too short for a token stands in for one. No
    /// provider's is shorter, since RFC 6749 §10.10 asks for 128 bits that nobody can guess.
    pub(crate) fn of_refresh(text: &str) -> Self {
        match Self::of(text) {
            Self::Token if text.trim().len() < SHORTEST => Self::Placeholder,
            nature => nature,
        }
    }
}

/// In bytes.
pub(super) const SHORTEST: usize = 12;

/// No token of any server has a scheme, or begins as a shell, a template or a sealed text does.
fn is_reference(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let variable = text.len() > 2 && text.starts_with('%') && text.ends_with('%');
    text.starts_with(['$', '{', '!', '`', '%'])
        || variable
        || text.contains("://")
        || ["${", "$(", "{{", "%(", "ENC["].iter().any(|mark| text.contains(mark))
        || REFERENCES.iter().any(|prefix| lower.starts_with(prefix))
        || text.starts_with("AQICAH")
        || text.ends_with(')') && text.contains('(')
        || ["[\"", "['", "process.env", "os.environ"].iter().any(|mark| text.contains(mark))
}

/// Beginnings of references and sealed texts that have no `://`, in lower case.
const REFERENCES: [&str; 37] = [
    "vault:",
    "file:",
    "op:",
    "ref+",
    "arn:",
    "aws-sm:",
    "awssm:",
    "aws-ssm:",
    "ssm:",
    "secretsmanager:",
    "gcp-sm:",
    "gcpsm:",
    "gsm:",
    "sm:",
    "azure-kv:",
    "azkv:",
    "akv:",
    "keyvault:",
    "@microsoft.keyvault",
    "bws:",
    "bitwarden:",
    "doppler:",
    "infisical:",
    "keyring:",
    "keychain:",
    "pass:",
    "gopass:",
    "secret:",
    "secretref:",
    "env:",
    "sops:",
    "encrypted:",
    "kms:",
    "cmd:",
    "exec:",
    "age-encryption.org",
    "-----begin",
];

fn is_placeholder(text: &str) -> bool {
    if text.starts_with('<') || text.contains(['…', '*']) || text.contains("...") {
        return true;
    }
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(['-', '_', '.', ' ', '[', ']', '(', ')']).filter(|word| !word.is_empty()).collect();
    let filler = |word: &str| word.len() > 2 && word.chars().all(|c| c == 'x') || word == "x";
    let Some(last) = words.last() else { return true };
    if filler(last) && words.iter().all(|word| filler(word) || word.len() < 6) {
        return true;
    }
    // A random token is not made of words alone.
    let plain = words.iter().all(|word| word.len() < 20 && word.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let marked =
        words.iter().any(|word| WORDS.contains(word) || word.starts_with("your") || word.starts_with("changeme"));
    plain && (marked || words.iter().all(|word| NAMES.contains(word)))
}

/// Words that a person writes where a value is to come.
const WORDS: [&str; 22] = [
    "your",
    "here",
    "change",
    "changeme",
    "changeit",
    "replace",
    "replaceme",
    "placeholder",
    "example",
    "sample",
    "dummy",
    "fake",
    "todo",
    "tbd",
    "fixme",
    "insert",
    "paste",
    "fill",
    "null",
    "none",
    "nil",
    "undefined",
];

/// Words that name a token and are none.
const NAMES: [&str; 11] =
    ["user", "access", "refresh", "token", "tokens", "uat", "secret", "feishu", "lark", "the", "my"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_and_sealed_texts_are_no_tokens() {
        for text in [r#"{"access_token":"x"}"#, "[]", " {} "] {
            assert_eq!(Nature::of(text), Nature::Document, "{text}");
        }
        for text in [
            "os.environ[\"FEISHU_TOKEN\"]",
            "os.getenv('FEISHU_TOKEN')",
            "process.env.FEISHU_TOKEN",
            "{env:TOKEN}",
            "keyring:feishu/refresh",
            "Bearer $(pass show feishu)",
            "op://dev/feishu/refresh",
            "ENC[AES256_GCM,data:abc=,iv:x,tag:y,type:str]",
            "vault:secret/data/feishu#refresh",
            "file:/run/secrets/rt",
            "aws-sm://feishu/refresh",
            "gcp-sm://p/s",
            "ref+vault://x/y",
            "arn:aws:secretsmanager:eu-1:1:secret:x",
            "${FEISHU_RT}",
            "$FEISHU_RT",
            "$(pass feishu)",
            "{{ .Values.token }}",
            "!secret feishu",
            "%(token)s",
            "${input:uat}",
            "{env:TOKEN}",
            "%FEISHU_TOKEN%",
            "`pass x`",
            "AQICAHhwxyz0123456789",
            "-----BEGIN AGE ENCRYPTED FILE-----",
            "\"op://a/b\"",
            "u-${TOKEN}",
        ] {
            assert_eq!(Nature::of(text), Nature::Reference, "{text}");
        }
    }

    #[test]
    fn placeholders_are_no_tokens() {
        for text in [
            "your_refresh_token_here",
            "<your token>",
            "<...>",
            "changeme",
            "CHANGE_ME",
            "xxxx",
            "xxxxxxxxxxxxxxxx",
            "u-xxxxxxxxxx",
            "REPLACE_ME",
            "null",
            "none",
            "TODO",
            "YOUR-ACCESS-TOKEN",
            "your-token",
            "insert token here",
            "ur-...",
            "****",
            "refresh_token",
            "paste_here",
        ] {
            assert_eq!(Nature::of(text), Nature::Placeholder, "{text}");
        }
        assert_eq!(Nature::of(" \t"), Nature::Empty);
        assert_eq!((Nature::of("u-1234567"), Nature::of_refresh("u-1234567")), (Nature::Token, Nature::Placeholder));
    }

    #[test]
    fn tokens_of_any_server_are_tokens() {
        for text in [
            "u-7f1bcd13fc57d46bac21793a18e560",
            "ur-oQ0mMq6MCcueAv0pbx2fQQhxqv__CbLu6G8ySFwafeKww2Def2BJdOkW3.9gCFM.LBQgFri901QaqeuL",
            "eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiI3In0.c2ln",
            "ya29.a0AfH6SMBx-1",
            "1//0gLx_abc-DEF",
            "gho_16C7e42F292c6912E7710c838347Ae178B4a",
            "xoxp-123-456-abc",
            "12|Laravel0PlainText9",
            "6Fjfp0ZBr1KtDRbnfVdmIw",
            "00D50000000IZ3Z!AQ0AQDpEDKYsn7ioKug2aSmgCjgrPjG9eRLza8jXWoW7uA90V39rvQaIy1FGxjFHN1ZtusBGljncdEi8eRiuit1QdQ1Z2KSV",
            "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf",
        ] {
            assert_eq!(Nature::of(text), Nature::Token, "{text}");
        }
    }

    proptest! {
        #[test]
        fn random_tokens_are_tokens(text in "[A-Za-z0-9_~/+-]{8}[0-9][A-Za-z0-9_~/+-]{12,60}") {
            prop_assume!(!text.starts_with("AQICAH"));
            prop_assert_ne!(Nature::of(&text), Nature::Placeholder);
        }
    }
}
