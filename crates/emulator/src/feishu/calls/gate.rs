//! The gate of every call with a token (reference/feishu.md §11): whose token, whether it is good, what it may do, how
//! often.

use crate::book::{UserStatus, Visit};
use crate::feishu::caller::{Caller, NO_TENANT_TOKEN};
use crate::feishu::calls::authorized_call::Call;
use crate::feishu::calls::routes::{Pace, Tokens, find};
use crate::feishu::errors;
use crate::memory::State;
use crate::words::{Endpoint, Refusal, Reply, Request};

/// Answers a business call.
pub(crate) fn answer(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let Some(route) = find(&request.method, &request.path) else {
        return Ok(Reply::not_found());
    };
    let caller = Caller::read(state, request, Endpoint::Api, visit)?;
    match (route.tokens, caller.who.is_user) {
        (Tokens::User, false) => return Err(Refusal::new(99_991_663).because(NO_TENANT_TOKEN)),
        (Tokens::Tenant, true) => return Err(Refusal::new(99_991_668).because(NO_USER_TOKEN)),
        _ => {}
    }
    if !route.scopes.is_empty() {
        caller.needs_one_of(route.scopes)?;
    }
    let inactive = state.user(&caller.who.id).is_some_and(|user| user.status != UserStatus::Active);
    if caller.who.is_user && (inactive || state.user(&caller.who.id).is_none()) {
        return Err(Refusal::new(99_991_668));
    }
    let parameters = route.parameters(&request.path).unwrap_or_default();
    let call = Call::new(caller, request, parameters);
    if let Some(limited) = limited(state, route.pace, &route.name(), &call) {
        visit.code = Some(99_991_400);
        return Ok(limited);
    }
    (route.answer)(state, &call)
}

/// reference/feishu.md §11.1 and §12: limits count per app; docx writes count per document too, and the two answer
/// differently.
fn limited(state: &mut State, pace: Pace, name: &str, call: &Call<'_>) -> Option<Reply> {
    let (limits, now) = (state.rules.api_limits, state.clock.now());
    let app = &call.caller.app.id;
    let per_second = |status, key, limit| Counted { status, key, per_second: Some(limit), per_minute: None };
    let per_minute = |key, limit| Counted { status: 429, key, per_second: None, per_minute: Some(limit) };
    let document = call.parameter("document_id");
    let counted = match pace {
        // A document that is yet to be made has no limit of its own.
        Pace::DocxWrite if document.is_empty() => vec![per_second(400, format!("docx {app}"), limits.docx_per_second)],
        Pace::Free => Vec::new(),
        Pace::Wiki => vec![per_minute(format!("{name} {app}"), limits.wiki_per_minute)],
        Pace::Import => vec![per_minute(format!("{name} {app}"), limits.import_per_minute)],
        Pace::Upload => vec![per_second(429, format!("{name} {app}"), limits.upload_per_second)],
        Pace::DocxWrite => vec![
            per_second(400, format!("docx {app}"), limits.docx_per_second),
            per_second(429, format!("docx {document}"), limits.document_per_second),
        ],
    };
    let limited = |limit: Option<u32>| limit.filter(|limit| *limit > 0);
    for counter in &counted {
        let (per_second, per_minute) = (limited(counter.per_second), limited(counter.per_minute));
        if let Some(seconds) = state.rate_limits.must_wait(&counter.key, per_second, per_minute, now) {
            let limit = per_second.or(per_minute).unwrap_or(0);
            return Some(errors::rate_limited(counter.status, limit, seconds, &call.request.log_id));
        }
    }
    for counter in &counted {
        state.rate_limits.count(&counter.key, now);
    }
    None
}

/// What a request counts against, and the HTTP status when that is too much.
struct Counted {
    status: u16,
    key: String,
    per_second: Option<u32>,
    per_minute: Option<u32>,
}

const NO_USER_TOKEN: &str = "Invalid access token for authorization: this call does not support user_access_token";
