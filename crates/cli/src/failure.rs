//! A failure as a person meets it: what happened · what was kept · what to do next · code and page · the provider's
//! own words for it.
//!
//! Enters: an error of the engine, the settings or this crate. Leaves: text or JSON on stderr, and the exit code,
//! which is the code's class (`Code::exit`). No secret can be in it, since no error holds one (I4).

use std::process::ExitCode;

use serde::Serialize;
use tokenward::{Error, Kept};
use tokenward_core::{Code, Refusal};

use crate::say::Lang;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    happened: Option<String>,
    detail: Option<String>,
    kept: Option<Kept>,
    /// `None`: the catalogue's advice for the code. An empty list: the sentence says what to do.
    next: Option<Vec<String>>,
    refusal: Option<Refusal>,
    /// An exit code that needs no words: a reader that went away, a signal that was told already.
    silent: Option<u8>,
}

/// A failure as JSON; the fields are documented in `docs/reference/json.md`.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    code: Code,
    name: &'static str,
    exit: u8,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'static str>,
    next: Vec<String>,
    page: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<ProviderDocument>,
}

#[derive(Debug, Serialize)]
struct ProviderDocument {
    code: Option<i64>,
    http_status: u16,
    meaning: Option<&'static str>,
    description: Option<String>,
    log_id: Option<String>,
    retry_after: Option<u64>,
    missing_scopes: Vec<String>,
}

impl Failure {
    /// A failure told in the catalogue's words for its code.
    pub(crate) const fn of(code: Code) -> Self {
        Self { code, happened: None, detail: None, kept: None, next: None, refusal: None, silent: None }
    }

    /// A failure told in words of its own.
    pub(crate) fn new(code: Code, happened: String) -> Self {
        Self { happened: Some(happened), ..Self::of(code) }
    }

    /// An end without words.
    pub(crate) const fn silent(exit: u8) -> Self {
        Self { silent: Some(exit), ..Self::of(Code::Internal) }
    }

    /// Adds what the system or a library said.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what to do next, in place of the catalogue's advice for the code.
    pub(crate) fn then(mut self, next: String) -> Self {
        self.next.get_or_insert_default().push(next);
        self
    }

    /// Adds all of these.
    pub(crate) fn then_all(self, next: impl IntoIterator<Item = String>) -> Self {
        next.into_iter().fold(self, Self::then)
    }

    /// Marks the sentence as one that says what to do, so that no general advice follows.
    pub(crate) fn complete(mut self) -> Self {
        self.next.get_or_insert_default();
        self
    }

    /// The stable code.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// Whether there is nothing to say about it.
    pub(crate) const fn is_silent(&self) -> bool {
        self.silent.is_some()
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.silent.unwrap_or(self.code.exit() as u8))
    }

    fn message(&self, lang: Lang) -> String {
        self.happened.clone().unwrap_or_else(|| lang.happened(self.code).to_owned())
    }

    fn page(&self) -> String {
        format!("docs/errors/{}.md", self.code)
    }

    /// What to do next: our own words, the remedy for the provider's refusal, or the code's general advice.
    fn advice(&self, lang: Lang) -> Vec<String> {
        if let Some(next) = &self.next {
            return next.clone();
        }
        let Some(refusal) = &self.refusal else { return vec![lang.next_step(self.code).to_owned()] };
        let mut advice = vec![lang.remedy(refusal.remedy).to_owned()];
        if let Some(seconds) = refusal.retry_after {
            advice.push(lang.retry_after(lang.span(seconds)));
        }
        if !refusal.missing_scopes.is_empty() {
            advice.push(lang.missing_scopes(refusal.missing_scopes.join(" ")));
        }
        advice
    }

    /// The failure in lines; `head` and `label` dress the words that stand before the others.
    pub(crate) fn text(&self, lang: Lang, head: impl Fn(&str) -> String, label: impl Fn(&str) -> String) -> String {
        let mut lines = vec![format!("{} {} ({})", head(&lang.error_head()), self.message(lang), self.code)];
        let mut line = |name: String, text: String| lines.push(format!("  {} {text}", label(&name)));
        if let Some(detail) = &self.detail {
            line(lang.detail_head(), detail.clone());
        }
        if let Some(kept) = self.kept {
            line(lang.kept_head(), lang.kept(kept).to_owned());
        }
        for next in self.advice(lang) {
            line(lang.next_head(), next);
        }
        if let Some(refusal) = &self.refusal {
            line(lang.provider_head(), provider_words(refusal, lang));
        }
        line(lang.page_head(), self.page());
        lines.join("\n")
    }

    /// The failure as JSON.
    pub(crate) fn document(&self, lang: Lang) -> Document {
        Document {
            code: self.code,
            name: self.code.name(),
            exit: self.silent.unwrap_or(self.code.exit() as u8),
            message: self.message(lang),
            detail: self.detail.clone(),
            kept: self.kept.map(kept_name),
            next: self.advice(lang),
            page: self.page(),
            provider: self.refusal.as_ref().map(|refusal| ProviderDocument {
                code: refusal.provider_code,
                http_status: refusal.status,
                meaning: refusal.meaning.map(|words| lang.of(words)),
                description: refusal.description.clone(),
                log_id: refusal.log_id.clone(),
                retry_after: refusal.retry_after,
                missing_scopes: refusal.missing_scopes.clone(),
            }),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut failure = Self::of(error.code());
        failure.kept = Some(error.kept());
        failure.refusal = error.refusal().cloned();
        failure.detail = error.detail().map(str::to_owned).or_else(|| error.vault_error().map(ToString::to_string));
        failure
    }
}

/// How `kept` is written in JSON.
const fn kept_name(kept: Kept) -> &'static str {
    match kept {
        Kept::Nothing => "nothing",
        Kept::TokenUnspent => "token-unspent",
        Kept::AnswerInJournal => "answer-in-journal",
        Kept::AnswerInRescueSlot => "answer-in-rescue-slot",
        Kept::Doubt => "doubt",
        Kept::Record => "record",
        // `Everything`, and whatever a newer engine may say: no failure erases a login (I6).
        _ => "everything",
    }
}

/// The provider's code, meaning, own description, HTTP status and log id, as far as they are known.
fn provider_words(refusal: &Refusal, lang: Lang) -> String {
    let code = refusal.provider_code.map(|code| match refusal.meaning {
        Some(meaning) => format!("{code} ({})", lang.of(meaning)),
        None => code.to_string(),
    });
    let description = refusal.description.as_ref().map(|text| format!("\"{text}\""));
    let status = (refusal.status != 0).then(|| format!("HTTP {}", refusal.status));
    let log_id = refusal.log_id.as_ref().map(|id| format!("log id {id}"));
    [code, description, status, log_id].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
