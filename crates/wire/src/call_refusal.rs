//! A no to a business call, in words that do not depend on the provider.
//!
//! Enters: an answer and what a dialect makes of it. Leaves: a [`CallRefusal`]. Nothing of the bearer is in it (I4): texts are
//! cleaned of it before they come here.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION};
use jiff::Timestamp;
use serde_json::Value;
use tokenward_core::{Remedy, Words};
use url::Url;

use crate::api_call::{authority, log_id_in};
use crate::http::wait_asked;
use crate::oauth_error_codes::CodeMeaning;
use crate::{CallAnswer, redact};

/// What stands in a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallTrouble {
    /// The user's access token is invalid or expired: a rotation gives a new one.
    UserTokenDead,
    /// The app's or tenant's token is invalid or expired: a new one can be fetched.
    AppTokenDead,
    /// The API takes no token of this kind.
    NotTaken,
    /// The user has not granted a scope; one of those named suffices.
    ScopeNotGranted,
    /// The app has not enabled a scope; one of those named suffices.
    ScopeNotEnabled,
    /// Too many calls; see [`CallRefusal::retry_after`].
    RateLimited,
    /// Passing trouble of the provider.
    Passing,
    /// There is no such path, or it does not take this method.
    NoSuchApi,
    /// The answer sends us elsewhere; redirects are not followed with a token.
    Redirected,
    /// A setting of the app, the tenant or the user stands in the way.
    Settings,
    /// Anything else: mostly what is called for does not exist, is not allowed to this caller, or is malformed.
    Other,
}

/// A provider's no to a call.
#[derive(Clone)]
#[non_exhaustive]
pub struct CallRefusal {
    /// What stands in the way.
    pub trouble: CallTrouble,
    /// The provider's code, where the answer had one.
    pub code: Option<i64>,
    /// What the code means by the dialect's table; `None` for a code that is in no table.
    pub meaning: Option<Words>,
    /// What a person can do, as far as the code says.
    pub remedy: Option<Remedy>,
    /// The HTTP status.
    pub status: u16,
    /// The provider's own text (`msg`, `message`, `error_description`), on one line, without anything that looks like a token.
    pub message: Option<String>,
    /// The provider's log id.
    pub log_id: Option<String>,
    /// The scopes it names; any one of them suffices.
    pub missing_scopes: Vec<String>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// The host a redirect names.
    pub redirect_host: Option<String>,
    /// The answer as it came.
    pub answer: CallAnswer,
}

impl fmt::Debug for CallRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRefusal")
            .field("trouble", &self.trouble)
            .field("code", &self.code)
            .field("status", &self.status)
            .field("message", &self.message)
            .field("log_id", &self.log_id)
            .field("missing_scopes", &self.missing_scopes)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CallRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the provider answered HTTP {}", self.status)?;
        if let Some(code) = self.code {
            write!(f, ", code {code}")?;
        }
        if let Some(meaning) = self.meaning {
            write!(f, " ({})", meaning.en)?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if !self.missing_scopes.is_empty() {
            write!(f, "; any one of these scopes suffices: {}", self.missing_scopes.join(", "))?;
        }
        if let Some(host) = &self.redirect_host {
            write!(f, "; it points to {host}")?;
        }
        if let Some(log_id) = &self.log_id {
            write!(f, " (log id {log_id})")?;
        }
        Ok(())
    }
}

/// What a dialect found in an answer.
#[derive(Default)]
pub(crate) struct Finding {
    pub(crate) code: Option<i64>,
    pub(crate) fact: Option<CodeMeaning>,
    pub(crate) message: Option<String>,
    pub(crate) missing_scopes: Vec<String>,
}

/// The refusal that an answer is.
pub(crate) fn refusal(answer: &CallAnswer, trouble: CallTrouble, finding: Finding, now: Timestamp) -> CallRefusal {
    CallRefusal {
        trouble,
        code: finding.code,
        meaning: finding.fact.map(|fact| fact.meaning),
        remedy: finding.fact.map(|fact| fact.remedy),
        status: answer.status,
        message: finding.message,
        log_id: answer.log_id().or_else(|| log_id_in(&answer.json()?)),
        missing_scopes: finding.missing_scopes,
        retry_after: wait_asked(&answer.headers, now).map(Duration::from_secs),
        redirect_host: (trouble == CallTrouble::Redirected).then(|| elsewhere(answer)).flatten(),
        answer: answer.clone(),
    }
}

/// What a status says where no code says more; `None` for a success.
pub(crate) const fn by_status(status: u16, has_code: bool) -> Option<CallTrouble> {
    match status {
        200..300 => None,
        // It answers a caller who asked whether something has changed.
        304 => Some(CallTrouble::Other),
        300..400 => Some(CallTrouble::Redirected),
        404 | 405 if !has_code => Some(CallTrouble::NoSuchApi),
        429 => Some(CallTrouble::RateLimited),
        500.. => Some(CallTrouble::Passing),
        _ => Some(CallTrouble::Other),
    }
}

/// The provider's own text in an answer, cleaned.
pub(crate) fn message(answer: &CallAnswer, body: Option<&Value>, secrets: &[&str]) -> Option<String> {
    let text = |name: &str| body?.get(name)?.as_str().and_then(|text| redact::line(text, secrets));
    ["msg", "message", "error_description"].iter().find_map(|name| text(name)).or_else(|| plain(answer, secrets))
}

/// The text of an answer that is plain text, such as "404 page not found".
fn plain(answer: &CallAnswer, secrets: &[&str]) -> Option<String> {
    let is_text = content_type(&answer.headers).starts_with("text/plain");
    let begin = &answer.body[..answer.body.len().min(PAGE_READ)];
    is_text.then(|| redact::line(&String::from_utf8_lossy(begin), secrets)).flatten()
}

/// Whether a body calls itself text.
pub(crate) fn is_text(headers: &HeaderMap) -> bool {
    content_type(headers).starts_with("text/")
}

fn content_type(headers: &HeaderMap) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

fn elsewhere(answer: &CallAnswer) -> Option<String> {
    let location = answer.headers.get(LOCATION)?.to_str().ok()?;
    Url::parse(location).ok().as_ref().map(authority)
}

const PAGE_READ: usize = 4096;
