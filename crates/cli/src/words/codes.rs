//! What each stable code tells and what to do about it, and about a provider's refusal, in a language.

use tokenward_core::{Code, Remedy};

use super::Lang;

impl Lang {
    /// What happened.
    pub(crate) fn happened(self, code: Code) -> &'static str {
        self.of(tokenward_words::happened(code))
    }

    /// What to do next.
    pub(crate) fn next_step(self, code: Code) -> &'static str {
        self.of(tokenward_words::next_step(code))
    }

    /// What to do next where the console of Feishu and Lark is the place for it.
    pub(crate) fn next_in_console(self, code: Code) -> Option<&'static str> {
        tokenward_words::next_in_console(code).map(|words| self.of(words))
    }

    /// The remedy in words.
    pub(crate) fn remedy(self, remedy: Remedy) -> &'static str {
        self.of(tokenward_words::remedy(remedy))
    }
}
