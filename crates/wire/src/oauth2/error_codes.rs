//! What the RFCs' error words mean in the answers to this dialect's calls, and whom those answers name.

use tokenward_core::{RefusalClass, Remedy, Subject};

use crate::oauth_error_codes::{self, CodeMeaning, fact};
use crate::redact;
use crate::response_outcome::{Dialect, Reader};

/// The calls of this dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// The token endpoint (RFC 6749 §3.2).
    Token,
    /// Device authorization (RFC 8628 §3.1).
    DeviceBegin,
    /// Revocation (RFC 7009).
    Revoke,
    /// Introspection (RFC 7662).
    Introspect,
    /// User info (OpenID Connect Core §5.3).
    UserInfo,
    /// Metadata (RFC 8414).
    Metadata,
}

/// What an error word means in the answer to a call, beside its sentence.
///
/// At the token endpoint only a word that speaks of the grant itself may condemn it (I6). What is said of bearers concerns
/// nothing that was sent there, unless the sentence says that it is the refresh token which is meant.
pub fn lookup(call: Call, word: &str, sentence: &str) -> Option<CodeMeaning> {
    let known = oauth_error_codes::word(word)?;
    let about_a_bearer = known.class == RefusalClass::AccessDead || known.remedy == Remedy::GrantScope;
    let refresh_token = || {
        let sentence = sentence.to_ascii_lowercase();
        ["refresh token", "refresh_token", "refreshtoken"].iter().any(|name| sentence.contains(name))
    };
    match call {
        Call::Token if about_a_bearer => {
            refresh_token().then(|| oauth_error_codes::word("invalid_refresh_token")).flatten()
        }
        // There is no person at these (RFC 7662 §2.3; RFC 6750): the caller is refused.
        Call::Introspect | Call::UserInfo | Call::Revoke if word == "access_denied" => Some(MAY_NOT_ASK),
        _ => Some(known),
    }
}

/// An answer to an introspection that says no more than that the token is not good (RFC 7662 §2.2).
pub(crate) const INACTIVE: CodeMeaning = fact(
    RefusalClass::AccessDead,
    Remedy::RenewAccess,
    "the access token is invalid, expired or revoked",
    "访问令牌无效、已过期或已撤销",
);

/// RFC 6750 §3.1 lets only a token that is not good be answered with 401.
const NOT_TAKEN: CodeMeaning =
    fact(RefusalClass::AccessDead, Remedy::RenewAccess, "the access token is not accepted", "访问令牌未被接受");
const MAY_NOT_ASK: CodeMeaning =
    fact(RefusalClass::Configuration, Remedy::EnableApp, "the app may not make this call", "应用无权进行此调用");

impl Dialect for Call {
    const CODES: bool = false;
    const STATUS_SAYS_YES: bool = true;
    const MANY_SERVERS: bool = true;

    /// Nobody knows where such a client is registered, so no page of a console can be named.
    fn remedy(self, remedy: Remedy) -> Remedy {
        match remedy {
            Remedy::CheckSecret => Remedy::CheckClient,
            Remedy::EnableApp => Remedy::AllowGrant,
            Remedy::EnableScope => Remedy::CheckScopes,
            Remedy::RegisterRedirect => Remedy::RegisterRedirectThere,
            Remedy::CheckUrl => Remedy::CheckEndpoints,
            remedy => remedy,
        }
    }

    fn code(self, _: i64) -> Option<CodeMeaning> {
        None
    }

    fn word(self, word: &str, sentence: &str) -> Option<CodeMeaning> {
        lookup(self, word, sentence)
    }

    fn status(self, status: u16) -> Option<CodeMeaning> {
        (self == Self::UserInfo && status == 401).then_some(NOT_TAKEN)
    }

    /// RFC 7009 §2.2: the client does not need a body.
    fn may_be_empty(self) -> bool {
        self == Self::Revoke
    }

    /// `sub` is exact; the names are for people (OpenID Connect Core §5.1, RFC 7662 §2.2). Answers of the token endpoint name
    /// nobody: what is in an ID token is for whoever checks its signature.
    fn subject(self, reader: &Reader<'_, Self>) -> Option<Subject> {
        if !matches!(self, Self::Introspect | Self::UserInfo) {
            return None;
        }
        let id = ["sub", "username"].iter().find_map(|name| reader.exact(name).and_then(|text| redact::id(&text)));
        let name = reader.text(&["name", "preferred_username", "username", "nickname", "email"]);
        Some(Subject { id: id?, union_id: None, tenant: None, name })
    }
}
