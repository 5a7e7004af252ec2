//! How the three dialects' answers are read: what says yes, what codes and words mean, and whom an answer names.

use tokenward_core::{Remedy, Subject};

use super::auth_api_options::AuthApiOptions;
use super::codes::{self, Call};
use crate::oauth_error_codes::CodeMeaning;
use crate::redact;
use crate::response_outcome::{Dialect, Reader};

/// SSM and the auth api: `code` is 0 or `"0"`, `result` true, the rest is in `data` (reference/blueking.md §2.1, §2.2).
#[derive(Clone, Copy)]
pub(super) struct Wrapped<'a> {
    pub(super) call: Call,
    /// What an installation says of its own codes.
    pub(super) options: Option<&'a AuthApiOptions>,
}

impl Wrapped<'_> {
    pub(super) const fn ssm() -> Self {
        Self { call: Call::Ssm, options: None }
    }

    pub(super) const fn ssm_verify() -> Self {
        Self { call: Call::SsmVerify, options: None }
    }
}

impl Dialect for Wrapped<'_> {
    const CODE_IS_TEXT: bool = true;
    const RESULTS: bool = true;

    fn code(self, code: i64) -> Option<CodeMeaning> {
        let told = self.options.and_then(|options| options.codes.get(&code));
        told.map(|(class, remedy)| CodeMeaning { class: *class, remedy: *remedy, meaning: codes::TOLD_BY_SETTINGS })
            .or_else(|| codes::lookup(self.call, code))
    }

    /// These services have no words; whatever stands in front of them and has some did not see what became of the token.
    fn word(self, _: &str, _: &str) -> Option<CodeMeaning> {
        None
    }

    fn remedy(self, remedy: Remedy) -> Remedy {
        codes::at_blueking(remedy)
    }

    /// SSM names a user in `identity`, the auth api in `user_id` or, when asked, under `id_providers`. The app's own tokens have
    /// an empty name, or none: they are nobody's.
    fn subject(self, reader: &Reader<'_, Self>) -> Option<Subject> {
        let of_provider = || {
            let providers = reader.map("id_providers")?;
            let named = |name: &str| providers.get(name)?.get("username")?.as_str().and_then(redact::name);
            named("rtx").or_else(|| providers.keys().find_map(|name| named(name)))
        };
        let id = match self.call {
            Call::Ssm | Call::SsmVerify => reader.inner("identity", "username").as_deref().and_then(redact::name),
            Call::AuthApi => reader.exact("user_id").as_deref().and_then(redact::name),
            _ => of_provider(),
        };
        Some(Subject { id: id?, ..Subject::default() })
    }
}

/// bkauth keeps to the RFCs.
impl Dialect for Call {
    const CODES: bool = false;
    const STATUS_SAYS_YES: bool = true;
    const MANY_SERVERS: bool = true;

    fn code(self, _: i64) -> Option<CodeMeaning> {
        None
    }

    fn word(self, word: &str, text: &str) -> Option<CodeMeaning> {
        codes::lookup_word(self, word, text)
    }

    fn remedy(self, remedy: Remedy) -> Remedy {
        match remedy {
            // What it is asked for are resources: bkauth knows no other scopes.
            Remedy::EnableScope => Remedy::NameResource,
            remedy => codes::at_blueking(remedy),
        }
    }

    fn may_be_empty(self) -> bool {
        self == Self::BkAuthRevoke
    }

    /// Only an introspection names somebody. The name is what the other dialects know the user by.
    fn subject(self, reader: &Reader<'_, Self>) -> Option<Subject> {
        if self != Self::BkAuthIntrospect {
            return None;
        }
        let exact = |name: &str| reader.exact(name).as_deref().and_then(redact::name);
        Some(Subject {
            id: exact("username").or_else(|| exact("sub"))?,
            tenant: exact("tenant_id"),
            ..Subject::default()
        })
    }
}
