//! A request for a page, as its handler reads it.

use tokenward_words::Language;
use zeroize::Zeroizing;

use super::super::parsed_request::Ask;
use super::super::state::Inner;
use super::place::Place;
use super::reply::{ROOT, Reply};
use super::session::Session;

/// A request for a page.
pub(super) struct Visit {
    pub(super) ask: Ask,
    pub(super) look: Look,
    pub(super) place: Place,
    /// The browser's session; a new one where it brought none.
    pub(super) session: Session,
    /// Whether it brought one that had ended.
    pub(super) has_ended: bool,
    pub(super) fields: Fields,
}

/// How a page is shown.
#[derive(Clone)]
pub(super) struct Look {
    pub(super) language: Language,
    /// Where the page is looked at again: its path, and what stands behind the question mark.
    pub(super) address: String,
}

impl Visit {
    /// What a field of the form or of the address says; an empty one says nothing.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        found.filter(|value| !value.is_empty())
    }

    pub(super) fn server(&self) -> &Inner {
        &self.ask.server
    }

    pub(super) const fn l(&self) -> Language {
        self.look.language
    }

    /// To the page with which somebody signs in, who then comes back here.
    pub(super) fn sign_in(&self, was_known: bool) -> Reply {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("next", &self.look.address);
        if was_known {
            query.append_pair("told", "ended");
        }
        Reply::see(format!("{ROOT}/sign-in?{}", query.finish()))
    }
}

/// One of them may be an API key.
pub(super) type Fields = Vec<(String, Zeroizing<String>)>;
