//! What the answer to a business call means (reference/feishu.md §11).
//!
//! Enters: an answer as it came and the kind of bearer it was asked with. Leaves: nothing for a success, or a
//! [`CallRefusal`]. Judged by `code`, whatever the status: some older APIs say 200 and mean no. One question cannot be
//! answered by code alone: 99991668, 99991663 and 99991664 mean *this token is dead* and *this API takes no such
//! token*; there the text decides (`CallOptions::not_taken_words`).

use jiff::Timestamp;
use serde_json::Value;
use tokenward_core::{RefusalClass, Remedy};

use super::codes;
use crate::api_call::code_of;
use crate::bearer::Bearer;
use crate::call_refusal::{self, Finding, by_status};
use crate::{CallAnswer, CallRefusal, CallTrouble, redact};

/// Reads a refusal from an answer; `None` for a success.
pub(crate) fn judge(bearer: &Bearer, answer: &CallAnswer, not_taken: &[String], now: Timestamp) -> Option<CallRefusal> {
    // A download may be any bytes; only what calls itself JSON, or might be an error, is read as one.
    let body = if CallAnswer::may_say_no(answer.status, &answer.headers) { answer.json() } else { None };
    // Text that happens to be JSON is taken for the provider's word only where it has the provider's two fields.
    let words = (200..300).contains(&answer.status) && call_refusal::is_text(&answer.headers);
    let body = body.filter(|body| !words || body.get("msg").is_some());
    let code = body.as_ref().and_then(code_of).filter(|code| *code != 0);
    let by_status = by_status(answer.status, code.is_some());
    if by_status.is_none() && code.is_none() {
        return None;
    }
    let message = call_refusal::message(answer, body.as_ref(), &[bearer.expose()]);
    let fact = code.and_then(|code| codes::lookup(codes::Call::Api, code));
    let known = code.zip(fact).map(|(code, fact)| of_fact(bearer, code, fact, message.as_deref(), not_taken));
    let trouble = known.or(by_status).unwrap_or(CallTrouble::Other);
    let missing_scopes = body.as_ref().map(scopes_named).unwrap_or_default();
    Some(call_refusal::refusal(answer, trouble, Finding { code, fact, message, missing_scopes }, now))
}

fn of_fact(
    bearer: &Bearer,
    code: i64,
    fact: codes::CodeMeaning,
    message: Option<&str>,
    not_taken: &[String],
) -> CallTrouble {
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
        // The form of a token that the provider issued is right; there is nothing that a rotation could mend.
        Bearer::User(_) if code == WRONG_FORM => CallTrouble::Other,
        Bearer::User(_) if of_app => CallTrouble::NotTaken,
        Bearer::User(_) => CallTrouble::UserTokenDead,
        Bearer::App(_) | Bearer::Tenant(_) if of_app || of_any => CallTrouble::AppTokenDead,
        Bearer::App(_) | Bearer::Tenant(_) => CallTrouble::NotTaken,
    }
}

/// reference/feishu.md §11: `error.permission_violations[].subject`.
fn scopes_named(body: &Value) -> Vec<String> {
    let list = body.get("error").and_then(|error| error.get("permission_violations")).and_then(Value::as_array);
    let mut scopes: Vec<String> = Vec::new();
    for subject in list.into_iter().flatten().filter_map(|violation| violation.get("subject")?.as_str()) {
        if let Some(scope) = redact::id(subject)
            && !scopes.contains(&scope)
            && scopes.len() < MOST_SCOPES
        {
            scopes.push(scope);
        }
    }
    scopes
}

/// The words by which answers are known to say that an API takes no token of this kind. The reference has the fact and
/// not the wording, so this is a guess, and a setting.
pub(crate) const NOT_TAKEN_WORDS: &[&str] =
    &["not support", "unsupported", "does not take", "is not taken", "not allowed to use", "不支持", "不接受"];
/// Words of a text that speaks of a dead token.
const DEAD_WORDS: [&str; 2] = ["expire", "过期"];
/// The codes with two meanings (reference/feishu.md §11).
const AMBIGUOUS: [i64; 3] = [99_991_663, 99_991_664, 99_991_668];
/// "Invalid token" of old APIs, whichever kind.
const OLD_INVALID_TOKEN: i64 = 4001;
/// A token of a form that is refused; official clients fetch a new tenant token for it.
const WRONG_FORM: i64 = 99_991_671;
const MOST_SCOPES: usize = 50;
