//! What the answer to a call through BlueKing's API gateway means (reference/blueking.md §4).
//!
//! Enters: an answer as it came and the kind of bearer it was asked with. Leaves: nothing for a success, or a
//! [`CallRefusal`]. The gateway's own numbers decide, whatever the status: an API may be set up to answer 200 to everything.
//! What a system behind the gateway says is judged by its status and by `result`; its numbers are its own.

use jiff::Timestamp;
use tokenward_core::{RefusalClass, Remedy};

use super::codes::{self, CodeMeaning, INVALID_ARGS};
use crate::api_call::code_of;
use crate::bearer::Bearer;
use crate::call_refusal::{self, Finding, by_status};
use crate::{CallAnswer, CallRefusal, CallTrouble};

/// Reads a refusal from an answer; `None` for a success.
pub(crate) fn judge(bearer: &Bearer, answer: &CallAnswer, now: Timestamp) -> Option<CallRefusal> {
    let body = if CallAnswer::may_say_no(answer.status, &answer.headers) { answer.json() } else { None };
    let by_header = || answer.headers.get(ERROR_CODE)?.to_str().ok()?.trim().parse().ok();
    let code = body.as_ref().and_then(code_of).or_else(by_header).filter(|code| *code != 0);
    let fact = code.and_then(|code| codes::lookup(codes::Call::Gateway, code));
    let says_no = body.as_ref().and_then(|body| body.get("result")?.as_bool()) == Some(false);
    let by_status = by_status(answer.status, code.is_some());
    if by_status.is_none() && fact.is_none() && !says_no {
        return None;
    }
    let message = call_refusal::message(answer, body.as_ref(), &[bearer.expose()]);
    let known = code.zip(fact).map(|(code, fact)| of_fact(bearer, code, fact, message.as_deref()));
    let trouble = known.or(by_status).unwrap_or(CallTrouble::Other);
    let fact = fact.map(|fact| CodeMeaning { remedy: codes::at_blueking(fact.remedy), ..fact });
    Some(call_refusal::refusal(answer, trouble, Finding { code, fact, message, missing_scopes: Vec::new() }, now))
}

fn of_fact(bearer: &Bearer, code: i64, fact: CodeMeaning, message: Option<&str>) -> CallTrouble {
    match (fact.class, fact.remedy) {
        _ if code == INVALID_ARGS => invalid_args(bearer, message.unwrap_or_default()),
        (RefusalClass::AccessDead | RefusalClass::AppTokenDead, _) => dead(bearer),
        (_, Remedy::WaitForLimit) => CallTrouble::RateLimited,
        (_, Remedy::CheckUrl) => CallTrouble::NoSuchApi,
        (RefusalClass::Retry, _) => CallTrouble::Passing,
        (RefusalClass::Configuration | RefusalClass::UserState, _) => CallTrouble::Settings,
        _ => CallTrouble::Other,
    }
}

/// One code for a token that is not good, a token of the wrong kind and a wrong parameter. What speaks of a token that no
/// user stands behind is no matter for a renewal; what speaks of a token, or of nothing in particular, costs one.
fn invalid_args(bearer: &Bearer, message: &str) -> CallTrouble {
    let text = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(APP_TOKEN) {
        CallTrouble::NotTaken
    } else if says(TOKEN) || says(NOTHING_SAID) || text.is_empty() {
        dead(bearer)
    } else {
        CallTrouble::Other
    }
}

/// One token stands for the app and for the user, so a no to either is a no to the one that was sent.
const fn dead(bearer: &Bearer) -> CallTrouble {
    match bearer {
        Bearer::User(_) => CallTrouble::UserTokenDead,
        Bearer::App(_) | Bearer::Tenant(_) => CallTrouble::AppTokenDead,
    }
}

/// Set by the gateway on its own errors, where an API may change the body.
const ERROR_CODE: &str = "x-bkapi-error-code";
/// How the gateway says that a token is the app's and the API wants a user.
const APP_TOKEN: &[&str] = &["application type", "cannot indicate the user", "app's own", "应用类型", "应用态"];
const TOKEN: &[&str] = &["access_token", "access token", "token is", "re-authorize", "令牌", "票据"];
/// The text without any reason.
const NOTHING_SAID: &[&str] = &["invalid_args"];
