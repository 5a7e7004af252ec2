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

    /// The same where the secret of an app belongs. A person may have chosen that: a mark at its beginning or a word in it says nothing.
    pub(crate) fn of_secret(text: &str) -> Self {
        let inner = text.trim();
        match Self::of(text) {
            Self::Reference if !is_plain_reference(inner) => Self::Token,
            Self::Placeholder if !is_plain_placeholder(inner) => Self::Token,
            nature => nature,
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
    text.starts_with(['$', '{', '!', '`', '%', '@', '#'])
        || variable
        || is_path(text)
        || text.contains("::")
        || text.contains("://")
        || ["${", "$(", "{{", "%(", "ENC[", "SECRET["].iter().any(|mark| text.contains(mark))
        || REFERENCES.iter().any(|prefix| lower.starts_with(prefix))
        || SEALED.iter().any(|head| text.starts_with(head))
        || text.ends_with(')') && text.contains('(')
        || ["[\"", "['", "process.env", "os.environ"].iter().any(|mark| text.contains(mark))
}

/// What nobody would choose for a secret.
fn is_plain_reference(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let variable =
        text.strip_prefix('$').is_some_and(|rest| name(rest) && !rest.bytes().any(|byte| byte.is_ascii_lowercase()));
    let between = |mark: char| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)).is_some_and(name);
    variable
        || between('%')
        || text.contains("://")
        || ["${", "$(", "{{", "%(", "ENC[", "SECRET[", "process.env", "os.environ"]
            .iter()
            .any(|mark| text.contains(mark))
        || ["!secret ", "!vault", "!ref ", "!env ", "@/", "`"].iter().any(|start| text.starts_with(start))
        || text.starts_with('{') && text.ends_with('}')
        || REFERENCES.iter().any(|prefix| lower.starts_with(prefix))
        || SEALED.iter().any(|head| text.starts_with(head))
}

fn is_plain_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_filler = |mark: char| text.len() > 2 && text.chars().all(|c| c.eq_ignore_ascii_case(&mark));
    text.starts_with('<') && text.ends_with('>')
        || is_filler('x')
        || is_filler('*')
        || ["your", "changeme", "change_me", "replace", "placeholder", "insert", "todo"]
            .iter()
            .any(|word| lower.starts_with(word))
}

/// A file's path, or one in a store of secrets: `/run/secrets/rt`, `dev/feishu/refresh`, `1password:dev/feishu`. Tokens hold slashes too,
/// between letters and digits that nobody would take for words.
fn is_path(text: &str) -> bool {
    let (store, path) = text.split_once(':').unwrap_or(("", text));
    let begins = ["/", "./", "../", "~/"].iter().any(|start| path.starts_with(start));
    let is_word = |word: &str| {
        let is_name = (2..20).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase());
        is_name || (1..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = path.trim_start_matches(['/', '.', '~']).split('/').peekable();
    let is_long = begins || path.contains('/');
    is_long
        && parts.peek().is_some()
        && parts.all(|part| part.split(['-', '_', '.', '#']).all(is_word))
        && store.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// How sealed texts begin: AWS KMS, Google's KMS, Fernet, age.
const SEALED: [&str; 6] = ["AQICAH", "AQECAH", "CiQA", "CiUA", "gAAAAA", "age1"];

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
    // `0000…`, a UUID of zeros, `n/a`.
    let mut marks = lower.chars().filter(|c| c.is_alphanumeric());
    let first = marks.next();
    if marks.all(|c| Some(c) == first) || ["true", "false", "yes", "no", "on", "off", "n/a"].contains(&&*lower) {
        return true;
    }
    let words: Vec<&str> =
        lower.split(['-', '_', '.', ' ', '[', ']', '(', ')']).filter(|word| !word.is_empty()).collect();
    let filler = |word: &str| word.len() > 2 && word.chars().all(|c| c == 'x') || word == "x";
    let Some(last) = words.last() else { return true };
    if filler(last) && words.iter().all(|word| filler(word) || word.len() < 6) {
        return true;
    }
    // A random token is not made of words alone. A word that says so may stand beside a number.
    let alphabetic = |word: &&str| word.len() < 20 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let number = |word: &&str| word.len() < 5 && word.bytes().all(|byte| byte.is_ascii_digit());
    let plain = words.iter().all(alphabetic);
    let numbered = words.iter().all(|word| alphabetic(word) || number(word));
    let marked =
        words.iter().any(|word| WORDS.contains(word) || word.starts_with("your") || word.starts_with("changeme"));
    numbered && marked || plain && words.iter().all(|word| NAMES.contains(word))
}

/// Words that a person writes where a value is to come.
const WORDS: [&str; 27] = [
    "not",
    "unset",
    "enter",
    "value",
    "missing",
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
            "/run/secrets/feishu_refresh_token",
            "./secrets/rt.txt",
            "~/secrets/refresh_token",
            "@/run/secrets/rt",
            "@@TOKEN@@",
            "projects/123/secrets/feishu-rt/versions/latest",
            "secret/data/feishu#refresh",
            "dev/feishu/refresh",
            "1Password:dev/feishu",
            "ref:feishu/refresh",
            "AWS::SSM::feishu",
            "SECRET[feishu/refresh]",
            "#{feishu_token}",
            "gAAAAABhZ0123456789abcdef",
            "age1qyqszqgpqyqszqgpqyqszqgp",
            "AQECAHhwxyz0123456789",
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
            "not-set-yet-please",
            "refresh_token_value",
            "dummy_refresh_token_123",
            "sample-token-0001",
            "0000000000000000",
            "00000000-0000-0000-0000-000000000000",
            "aaaaaaaaaaaaaaaaaaaa",
            "enter_token",
            "true",
            "n/a",
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
            "/9j4AAQSkZJRgABAQAAAQ",
            "4/0AX4XfWhAbc/Def-7Ghi",
            "abc:Def/Ghi7Jkl",
            "rt-refresh-0002-abcdef12",
        ] {
            assert_eq!(Nature::of(text), Nature::Token, "{text}");
        }
    }

    proptest! {
        #[test]
        fn random_tokens_are_tokens(text in "[A-Za-z0-9_~/+-]{8}[0-9][A-Za-z0-9_~/+-]{12,60}") {
            prop_assume!(!SEALED.iter().any(|head| text.starts_with(head)));
            prop_assert_ne!(Nature::of(&text), Nature::Placeholder);
        }
    }
}
