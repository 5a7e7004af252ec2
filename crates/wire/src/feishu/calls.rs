//! What the answer to a business call means (reference §11).
//!
//! Enters: an answer as it came and the kind of bearer it was asked with. Leaves: nothing for a success, or a
//! [`CallRefusal`]. Judged by `code`, whatever the status: some older APIs say 200 and mean no. One question cannot be
//! answered by code alone: 99991668, 99991663 and 99991664 mean *this token is dead* and *this API takes no such
//! token*; there the text decides (`CallOptions::not_taken_words`).

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION};
use jiff::Timestamp;
use serde_json::Value;
use tokenward_core::{RefusalClass, Remedy, Words};
use url::Url;

use super::codes;
use crate::call::{authority, code_of, log_id_in};
use crate::calls::Bearer;
use crate::http::wait_asked;
use crate::{CallAnswer, clean};

/// What stands in a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallTrouble {
    /// The user's access token is invalid or expired: a turn gives a new one.
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
    /// What the code means by the reference; `None` for a code that is in no table.
    pub meaning: Option<Words>,
    /// What a person can do, as far as the code says.
    pub remedy: Option<Remedy>,
    /// The HTTP status.
    pub status: u16,
    /// The provider's own text (`msg`), on one line, without anything that looks like a token.
    pub message: Option<String>,
    /// The provider's log id (reference §11.2).
    pub log_id: Option<String>,
    /// The scopes it names; any one of them suffices (reference §11).
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

/// Reads a refusal from an answer; `None` for a success.
pub(crate) fn judge(bearer: &Bearer, answer: &CallAnswer, not_taken: &[String], now: Timestamp) -> Option<CallRefusal> {
    let success = (200..300).contains(&answer.status);
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // A download may be any bytes; only what calls itself JSON, or might be an error, is read as one.
    let body = if CallAnswer::may_say_no(answer.status, &answer.headers) { answer.json() } else { None };
    // Text that happens to be JSON is taken for the provider's word only where it has the provider's two fields.
    let words = success && kind.trim().to_ascii_lowercase().starts_with("text/");
    let body = body.filter(|body| !words || body.get("msg").is_some());
    let code = body.as_ref().and_then(code_of).filter(|code| *code != 0);
    if success && code.is_none() {
        return None;
    }
    let secrets = [bearer.expose()];
    let text = |name: &str| body.as_ref()?.get(name)?.as_str().and_then(|text| clean::line(text, &secrets));
    let message = text("msg")
        .or_else(|| text("message"))
        .or_else(|| text("error_description"))
        .or_else(|| plain(answer, kind, &secrets));
    let fact = code.and_then(|code| codes::lookup(codes::Call::Api, code));
    let known = code.zip(fact).map(|(code, fact)| of_fact(bearer, code, fact, message.as_deref(), not_taken));
    let trouble = match known {
        Some(trouble) => trouble,
        None if answer.status == 429 => CallTrouble::RateLimited,
        None if code.is_none() && matches!(answer.status, 404 | 405) => CallTrouble::NoSuchApi,
        // 304 answers a caller who asked whether something has changed.
        None if (300..400).contains(&answer.status) && answer.status != 304 => CallTrouble::Redirected,
        None if answer.status >= 500 => CallTrouble::Passing,
        None => CallTrouble::Other,
    };
    Some(CallRefusal {
        trouble,
        code,
        meaning: fact.map(|fact| fact.meaning),
        remedy: fact.map(|fact| fact.remedy),
        status: answer.status,
        message,
        log_id: answer.log_id().or_else(|| log_id_in(body.as_ref()?)),
        missing_scopes: body.as_ref().map(scopes_named).unwrap_or_default(),
        retry_after: wait_asked(&answer.headers, now).map(Duration::from_secs),
        redirect_host: (trouble == CallTrouble::Redirected).then(|| elsewhere(answer)).flatten(),
        answer: answer.clone(),
    })
}

fn of_fact(bearer: &Bearer, code: i64, fact: codes::Fact, message: Option<&str>, not_taken: &[String]) -> CallTrouble {
    let says_not_taken = || {
        let text = message.unwrap_or_default().to_lowercase();
        // A text that names both cases ("invalid, expired or not supported") decides nothing: then it costs one renewal.
        AMBIGUOUS.contains(&code)
            && not_taken.iter().any(|word| text.contains(word.as_str()))
            && !DEAD_WORDS.iter().any(|word| text.contains(word))
    };
    match (fact.class, fact.remedy) {
        (RefusalClass::AccessDead | RefusalClass::AppTokenDead, _) if says_not_taken() => CallTrouble::NotTaken,
        (RefusalClass::AccessDead | RefusalClass::AppTokenDead, _) => dead(bearer, code),
        (_, Remedy::GrantScope) => CallTrouble::ScopeNotGranted,
        (_, Remedy::EnableScope) => CallTrouble::ScopeNotEnabled,
        (_, Remedy::WaitForLimit) => CallTrouble::RateLimited,
        (_, Remedy::CheckUrl) => CallTrouble::NoSuchApi,
        (RefusalClass::Retry, _) => CallTrouble::Passing,
        (RefusalClass::Configuration | RefusalClass::UserState | RefusalClass::NeedsConsent, _) => {
            CallTrouble::Settings
        }
        _ => CallTrouble::Other,
    }
}

/// Which token a code about a dead one speaks of. A code about the other kind says that the API wants that kind.
const fn dead(bearer: &Bearer, code: i64) -> CallTrouble {
    let of_app = matches!(code, 99_991_663 | 99_991_664);
    let of_any = matches!(code, OLD_INVALID_TOKEN | WRONG_FORM);
    match bearer {
        // The form of a token that the provider issued is right; there is nothing that a turn could mend.
        Bearer::User(_) if code == WRONG_FORM => CallTrouble::Other,
        Bearer::User(_) if of_app => CallTrouble::NotTaken,
        Bearer::User(_) => CallTrouble::UserTokenDead,
        Bearer::App(_) | Bearer::Tenant(_) if of_app || of_any => CallTrouble::AppTokenDead,
        Bearer::App(_) | Bearer::Tenant(_) => CallTrouble::NotTaken,
    }
}

/// Reference §11: `error.permission_violations[].subject`.
fn scopes_named(body: &Value) -> Vec<String> {
    let list = body.get("error").and_then(|error| error.get("permission_violations")).and_then(Value::as_array);
    let mut scopes: Vec<String> = Vec::new();
    for subject in list.into_iter().flatten().filter_map(|violation| violation.get("subject")?.as_str()) {
        if let Some(scope) = clean::id(subject)
            && !scopes.contains(&scope)
            && scopes.len() < MOST_SCOPES
        {
            scopes.push(scope);
        }
    }
    scopes
}

/// The text of an answer that is plain text, such as the platform's "404 page not found".
fn plain(answer: &CallAnswer, kind: &str, secrets: &[&str]) -> Option<String> {
    let is_text = kind.to_ascii_lowercase().starts_with("text/plain");
    let begin = &answer.body[..answer.body.len().min(PAGE_READ)];
    is_text.then(|| clean::line(&String::from_utf8_lossy(begin), secrets)).flatten()
}

fn elsewhere(answer: &CallAnswer) -> Option<String> {
    let location = answer.headers.get(LOCATION)?.to_str().ok()?;
    Url::parse(location).ok().as_ref().map(authority)
}

/// The words by which answers are known to say that an API takes no token of this kind. The reference has the fact and
/// not the wording, so this is a guess, and a setting.
pub(crate) const NOT_TAKEN_WORDS: &[&str] =
    &["not support", "unsupported", "does not take", "is not taken", "not allowed to use", "不支持", "不接受"];
/// Words of a text that speaks of a dead token.
const DEAD_WORDS: [&str; 2] = ["expire", "过期"];
/// The codes with two meanings (reference §11).
const AMBIGUOUS: [i64; 3] = [99_991_663, 99_991_664, 99_991_668];
/// "Invalid token" of old APIs, whichever kind.
const OLD_INVALID_TOKEN: i64 = 4001;
/// A token of a form that is refused; official clients fetch a new tenant token for it.
const WRONG_FORM: i64 = 99_991_671;
const MOST_SCOPES: usize = 50;
const PAGE_READ: usize = 4096;
