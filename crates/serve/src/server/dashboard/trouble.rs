//! Why a page is not what was asked for, and what is shown instead.

use askama::Template;
use http::StatusCode;
use tokenward_core::{Code, Verb};
use tokenward_words::{Language, detail_in_chinese, happened, next_step};

use super::super::problem::Problem;
use super::frame::{Frame, marked};

/// Why there is no page.
pub(super) enum Trouble {
    /// As over the API.
    Told(Problem),
    /// The key lacks what the page is for.
    Lacks(Verb),
    /// The form is none of the session's.
    OldForm,
    /// The form is of another site.
    ForeignForm,
    /// Others could read along.
    NotEncrypted,
    /// There is no such page.
    NoPage,
}

impl<P: Into<Problem>> From<P> for Trouble {
    fn from(problem: P) -> Self {
        Self::Told(problem.into())
    }
}

impl Trouble {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Told(problem) => problem.status,
            Self::Lacks(_) | Self::OldForm | Self::ForeignForm | Self::NotEncrypted => StatusCode::FORBIDDEN,
            Self::NoPage => StatusCode::NOT_FOUND,
        }
    }

    /// What it is in the log and in the audit trail.
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::Told(problem) => problem.code,
            Self::Lacks(_) => Code::ApiKeyNotAllowed,
            Self::OldForm | Self::ForeignForm | Self::NotEncrypted | Self::NoPage => Code::ServerRequest,
        }
    }

    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Told(problem) => problem.retry_after(),
            _ => None,
        }
    }

    /// What happened, and what to do about it.
    pub(super) fn words(&self, l: Language) -> (String, String) {
        match self {
            Self::Told(problem) => match problem.code {
                Code::NotLoggedIn => (l.page_no_login(), l.page_no_login_next()),
                Code::UnknownProfile => (l.page_no_profile(), l.page_no_profile_next()),
                code => (l.of(happened(code)).to_owned(), l.of(next_step(code)).to_owned()),
            },
            Self::Lacks(verb) => (l.page_lacks(verb), l.page_lacks_next(verb)),
            Self::OldForm => (l.page_old_form(), l.page_old_form_next()),
            Self::ForeignForm => (l.page_foreign_form(), l.page_foreign_form_next()),
            Self::NotEncrypted => (l.page_not_encrypted(), l.page_not_encrypted_next()),
            Self::NoPage => (l.page_no_page(), l.page_no_page_next()),
        }
    }

    /// What the engine or the provider said of it.
    pub(super) fn detail(&self, l: Language) -> Option<String> {
        let Self::Told(problem) = self else { return None };
        let detail = problem.told_detail()?;
        match l {
            Language::English => Some(detail.to_owned()),
            Language::Chinese => detail_in_chinese(detail).or_else(|| Some(detail.to_owned())),
        }
    }

    /// The code, where it says more than the sentence.
    fn shown_code(&self) -> Option<Code> {
        match self {
            Self::Told(problem) => Some(problem.code),
            _ => None,
        }
    }

    pub(super) fn page(&self, l: Language, frame: impl FnOnce(String) -> Frame) -> TroublePage {
        let (title, next) = self.words(l);
        let detail = self.detail(l).map(|detail| tokenward_core::visible(&detail).into_owned());
        TroublePage { frame: frame(title.clone()), l, title, next: marked(&next), detail, code: self.shown_code() }
    }
}

/// A page that says so.
#[derive(Template)]
#[template(path = "dashboard/trouble.html")]
pub(super) struct TroublePage {
    frame: Frame,
    l: Language,
    title: String,
    next: String,
    detail: Option<String>,
    code: Option<Code>,
}
