//! How Feishu's answers are read: what its codes mean in which call, and whom it names.

use tokenward_core::{Subject, TokenApi};

use super::codes::{self, Call};
use crate::oauth_error_codes::CodeMeaning;
use crate::redact;
use crate::response_outcome::{Dialect, Reader};

/// The refresh of a family.
pub(super) const fn refresh_call(api: TokenApi) -> Call {
    match api {
        TokenApi::V2 => Call::V2Refresh,
        TokenApi::OidcV1 => Call::OidcRefresh,
        TokenApi::LegacyV1 => Call::LegacyRefresh,
        // Other platforms' answers never come here.
        TokenApi::V3 | TokenApi::Ssm | TokenApi::AuthApi | TokenApi::BkAuth | TokenApi::Rfc6749 => Call::V3Refresh,
    }
}

impl Dialect for Call {
    const TELLS_REFRESH_LIFE: bool = true;
    const NO_SUCH_ENDPOINT: &'static [i64] = &codes::NO_SUCH_ENDPOINT;

    fn code(self, code: i64) -> Option<CodeMeaning> {
        codes::lookup(self, code)
    }

    fn word(self, word: &str, _: &str) -> Option<CodeMeaning> {
        codes::lookup_word(self, word)
    }

    /// RFC 7009 §2.2: the client does not need a body.
    fn may_be_empty(self) -> bool {
        self == Self::Revoke
    }

    /// reference/feishu.md §7, §10. Ids are compared, so they are taken exactly: what looks like a token in a sentence
    /// is an identity here.
    fn subject(self, reader: &Reader<'_, Self>) -> Option<Subject> {
        let id = |name: &str| reader.exact(name).and_then(|text| redact::id(&text));
        Some(Subject {
            id: id("open_id")?,
            union_id: id("union_id"),
            tenant: id("tenant_key"),
            name: reader.text(&["name", "en_name"]),
        })
    }
}
