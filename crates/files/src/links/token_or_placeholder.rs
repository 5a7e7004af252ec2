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
        || ["${", "$(", "{{", "%(", "<%", "ENC[", "SECRET["].iter().any(|mark| text.contains(mark))
        || REFERENCES.iter().any(|prefix| lower.starts_with(prefix))
        || SEALED.iter().any(|head| text.starts_with(head))
        || is_member(text)
        || is_marked_name(text)
        || is_file_name(text)
        || is_cipher(&lower)
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

/// A value of a program or a template: `secrets.RT`, `steps.login.outputs.token`.
fn is_member(text: &str) -> bool {
    let Some((first, rest)) = text.split_once('.') else { return false };
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    MEMBERS.contains(&first.to_ascii_lowercase().as_str()) && text.len() < 80 && rest.split('.').all(is_name)
}

/// What a template fills in: `__RT__`. Letters of one case, as in a name, and not as in a random text.
fn is_marked_name(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("__").and_then(|text| text.strip_suffix("__")) else { return false };
    let is_of = |case: fn(&u8) -> bool| inner.bytes().all(|byte| case(&byte) || byte.is_ascii_digit() || byte == b'_');
    !inner.is_empty() && inner.len() < 40 && (is_of(u8::is_ascii_uppercase) || is_of(u8::is_ascii_lowercase))
}

/// A file beside the one that names it: `rt.txt`, `C:\secrets\rt`.
fn is_file_name(text: &str) -> bool {
    let is_drive = matches!(text.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic());
    let is_named = text.rsplit_once('.').is_some_and(|(stem, end)| {
        let is_stem = stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._- ".contains(&byte));
        !stem.is_empty() && is_stem && stem.len() < 40 && FILES.contains(&end)
    });
    is_drive || is_named
}

/// A text that names how it is sealed before what it is: `v1:AES:…`, `aes-256-gcm:…`; Bitwarden's `2.…|…|…`, which tells the kind by
/// its number.
fn is_cipher(lower: &str) -> bool {
    let mut parts = lower.split(':').take(3);
    let first = parts.next().unwrap_or_default();
    let is_version = first.strip_prefix('v').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let named = if is_version { parts.next() } else { Some(first) };
    let is_named = named.is_some_and(|name| name.len() < 20 && CIPHERS.iter().any(|cipher| name.starts_with(cipher)));
    let is_bitwarden = matches!(lower.as_bytes(), [b'0'..=b'7', b'.', ..]) && lower.matches('|').count() == 2;
    is_named && lower.contains(':') || is_bitwarden
}

/// A file's path, or one in a store of secrets: `/run/secrets/rt`, `dev/feishu/refresh`, `1password:dev/feishu`. Tokens hold slashes too,
/// between letters and digits that nobody would take for words.
fn is_path(text: &str) -> bool {
    let (store, path) = text.split_once(':').unwrap_or(("", text));
    let begins = ["/", "./", "../", "~/"].iter().any(|start| path.starts_with(start));
    let is_word = |word: &str| {
        let rest = word.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(word);
        let is_of = |text: &str, case: fn(&u8) -> bool| text.bytes().all(|byte| case(&byte));
        let is_name = (2..20).contains(&word.len())
            && (is_of(rest, u8::is_ascii_lowercase) || is_of(word, u8::is_ascii_uppercase));
        is_name || (1..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = path.trim_start_matches(['/', '.', '~']).split('/').peekable();
    let is_plain = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    // Without a slash a store is named, and words alone: `ref:feishu_refresh`.
    let is_entry = !store.is_empty() && [store, path].iter().all(|part| part.split(['-', '_', '.', '#']).all(is_plain));
    let is_long = begins || path.contains('/') || is_entry;
    is_long
        && parts.peek().is_some()
        && parts.all(|part| part.split(['-', '_', '.', '#']).all(is_word))
        && store.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// How sealed texts begin: AWS KMS, Google's KMS, Fernet, age, its files in base64, OpenSSL's `enc`, Laravel, Windows's DPAPI in base64 and
/// as PowerShell writes it, systemd's credentials.
const SEALED: [&str; 12] = [
    "AQICAH",
    "AQECAH",
    "CiQA",
    "CiUA",
    "gAAAAA",
    "age1",
    "YWdlLWVuY3J5cHRpb24u",
    "U2FsdGVkX1",
    "eyJpdiI6",
    "AQAAANCMnd8BFdERjHoAwE",
    "01000000d08c9ddf0115d1118c7a00c04fc297eb",
    "k6iUCUh0RJCQyvL8k8q1U",
];

/// What values of programs and templates are members of.
const MEMBERS: [&str; 15] = [
    "secrets", "secret", "vars", "var", "env", "inputs", "steps", "needs", "values", "local", "github", "process",
    "config", "settings", "params",
];

/// How the names of files end that hold a secret.
const FILES: [&str; 23] = [
    "txt", "json", "key", "pem", "gpg", "pgp", "asc", "age", "enc", "env", "yaml", "yml", "toml", "ini", "cfg", "conf",
    "secret", "secrets", "token", "tokens", "cred", "kdbx", "p12",
];

/// How the names of ciphers and of what seals begin.
const CIPHERS: [&str; 9] = ["aes", "gcm", "chacha", "xchacha", "rsa", "ecies", "xsalsa", "jasypt", "3des"];

/// Beginnings of references and sealed texts that have no `://`, in lower case.
const REFERENCES: [&str; 69] = [
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
    "ref:",
    "gpg:",
    "pgp:",
    "age:",
    "cat:",
    "enc:",
    "enc(",
    "encrypt:",
    "cipher:",
    "ciphertext:",
    "crypt:",
    "sealed:",
    "secrets:",
    "sec:",
    "lookup:",
    "getenv:",
    "environ:",
    "shell:",
    "bash:",
    "command:",
    "output:",
    "consul:",
    "chamber:",
    "credstash:",
    "keepass:",
    "lastpass:",
    "lpass:",
    "1password:",
    "onepassword:",
    "hashivault:",
    "docker-secret:",
    "k8s:",
];

fn is_placeholder(text: &str) -> bool {
    // Tokens are visible ASCII (RFC 6749 appendix A); Microsoft's have an asterisk in them.
    let is_blotted = text.contains("***") || text.trim_matches('*').len() < SHORTEST && text.contains('*');
    if text.starts_with('<') || !text.is_ascii() || text.contains("...") || is_blotted {
        return true;
    }
    // `secret`, `abc`.
    if text.len() < SHORTEST && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return true;
    }
    if text.len() <= 80 && text.to_ascii_lowercase().contains("xxxxxx") {
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
    let is_one_letter = |word: &str| word.bytes().all(|byte| Some(&byte) == word.as_bytes().first());
    let filler = |word: &str| word.len() > 2 && is_one_letter(word) || word == "x";
    // `ur-xxxx-yyyy`: nothing but filling, behind a short word at most.
    let Some((first, rest)) = words.split_first() else { return true };
    let is_head = filler(first) || first.len() < 6 && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_head && rest.iter().all(|word| filler(word)) && (filler(first) || !rest.is_empty()) {
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
            "secrets.RT",
            "steps.login.outputs.token",
            "vars.FEISHU_REFRESH_TOKEN",
            "__RT__",
            "__feishu_refresh_token__",
            "ref:feishu_refresh",
            "ref:Feishu9",
            "gpg:rt.asc",
            "cat:/run/rt",
            "rt.txt",
            "refresh_token.json",
            "feishu.rt.key",
            r"C:\secrets\rt",
            "U2FsdGVkX1+vupppZksvRf5pq5g5XjFRlipRkwB0K1Y=",
            "enc:v1:0a1b2c3d4e5f60718293",
            "v1:AES:0a1b2c3d4e5f:60718293",
            "aes-256-gcm:0a1b2c:3d4e5f:607182",
            "AES256:0a1b2c3d4e5f60718293",
            "ENC(G6N718UuyPE5bHyWKyuLQSm02auQPUtm)",
            "encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3dAt+Z9HPMfLEIRVz50hmLXPXRuDBXaJi",
            "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/rt)",
            "{{resolve:secretsmanager:feishu:SecretString:rt}}",
            "${{ secrets.FEISHU_RT }}",
            "{{ .Values.feishu.refreshToken | b64enc }}",
            "2.AbCdEf0123==|GhIjKl4567==|MnOpQr89=",
            "$ANSIBLE_VAULT;1.1;AES256",
            "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSB",
            "eyJpdiI6IlF3ZXJ0eSIsInZhbHVlIjoiYWJjIn0=",
            "01000000d08c9ddf0115d1118c7a00c04fc297eb01000000",
            "<%= ENV['FEISHU_RT'] %>",
            "Dev/Feishu/Refresh",
            "keyring:feishu",
            "k8s:default/feishu#rt",
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
            "ur-xxxx-yyyy",
            "u-XXXXXXXXXXab",
            "ur-aaaa-bbbb-cccc",
            "secret",
            "abc",
            "test",
            "\u{4f60}\u{7684}token",
            "\u{8bf7}\u{586b}\u{5199}",
            "\u{5237}\u{65b0}\u{4ee4}\u{724c}",
            "u-\u{2026}",
            "u-***ab",
            "ur*",
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
            "t-g1044qeGEDXTB6NDJOGV4JQCYDGHRBARFTGT1234",
            "eyJhbGciOiJFUzI1NiIsImZlYXR1cmVfY29kZSI6IkZlYXR1cmVPQXV0aEpXVFNpZ25fQ04iLCJraWQiOiI3MTg1In0.eyJqdGkiOiI3MjY3OTQ3In0.Vq-xx_xxxx9",
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AbCdEf0123456789.GhIjKlMnOpQr.StUvWxYz",
            "v4.public.eyJkYXRhIjoidGhpcyJ9bkQ3Ym9BZ2",
            "v1.MRjcrS6e7ZBsMAvEuMDg9TzNqKbZyV5yQ0ObX1",
            "M.C507_BL2.0.U.-CjQ9z*4kX!y2bN*mR7tLwPqE8sDfG$$",
            "0.AXoAb1c2d3e4f5g6h7i8j9k0.AgABAwEAAADnfolhJpSnRYB1SVj-Hgd8",
            "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI",
            "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcd",
            "glpat-x9yZ8wV7uT6sR5qP4oN3",
            "EAABsbCS1iHgBO7ZCxT9uZBvW8s",
            "5Aep861KIwKdekr90KlxVVUI47zdR6dX_VB2.TJvGh",
            "xoxe-1-My0xLTI1NzQ2OTk0ODk3",
            "AQXdSP_W41_UPs5ioT_t8HESyODB4FqbkJ8LrV_5mff4",
            "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
            "2YotnFZFEjr1zCsicMWpAA",
            "tGzv3JOkF0XG5Qx2TlKWIA",
            "SlAV32hkKG",
            "8xLOxBtZp8",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF",
            "d2f5a7c0-1b3e-4f60-9a8b-7c6d5e4f3a2b",
            "ory_rt_8xLOxBtZp8-A1b2C3d4.E5f6",
            "000A-A~a0--+0+_A+-0-X",
            "a1-b2-c3-d4-xxx",
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
