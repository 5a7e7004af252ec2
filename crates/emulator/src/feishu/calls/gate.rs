//! The gate of every call with a token (reference/feishu.md §11): whose token, whether it is good, what it may do, how
//! often.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::content::Principal;
use crate::endpoint::Endpoint;
use crate::feishu::calls::routes::{Pace, Tokens, find};
use crate::feishu::{Refusal, errors};
use crate::grants::{Holder, Standing};
use crate::history::Visit;
use crate::message::{Reply, Request};
use crate::registry::{App, UserStatus};
use crate::state::State;

/// A request that passed the gate.
pub(super) struct Ask<'a> {
    pub(super) caller: Caller,
    pub(super) request: &'a Request,
    parameters: Vec<(&'static str, &'a str)>,
    query: BTreeMap<String, String>,
}

impl Ask<'_> {
    /// A parameter of the path; empty when the route has none of that name.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A field of the query that is not empty.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The body; an empty one is an empty object.
    pub(super) fn body(&self) -> Option<Value> {
        if self.request.body.is_empty() {
            return Some(json!({}));
        }
        serde_json::from_slice(&self.request.body).ok().filter(Value::is_object)
    }

    pub(super) fn who(&self) -> &Principal {
        &self.caller.who
    }
}

/// A good answer of a business call.
pub(super) fn good(data: &Value) -> Reply {
    Reply::json(200, &json!({"code": 0, "msg": "success", "data": data}))
}

/// A text field of a body that is not empty.
pub(super) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str).filter(|value| !value.is_empty())
}

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
    let ask = Ask { caller, request, parameters, query: request.query_fields() };
    if let Some(limited) = limited(state, route.pace, &route.name(), &ask) {
        visit.code = Some(99_991_400);
        return Ok(limited);
    }
    (route.answer)(state, &ask)
}

/// reference/feishu.md §11.1 and §12: limits count per app; docx writes count per document too, and the two answer
/// differently.
fn limited(state: &mut State, pace: Pace, name: &str, ask: &Ask<'_>) -> Option<Reply> {
    let limits = state.rules.api_limits;
    let app = &ask.caller.app.id;
    let per_second = |status, key, limit| Counted { status, key, per_second: Some(limit), per_minute: None };
    let per_minute = |key, limit| Counted { status: 429, key, per_second: None, per_minute: Some(limit) };
    let document = ask.parameter("document_id");
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
        if let Some(seconds) = state.must_wait(&counter.key, per_second, per_minute) {
            let limit = per_second.or(per_minute).unwrap_or(0);
            return Some(errors::rate_limited(counter.status, limit, seconds, &ask.request.log_id));
        }
    }
    for counter in &counted {
        state.count_against_limit(&counter.key);
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

/// The owner of a good token.
pub(crate) struct Caller {
    pub(crate) app: App,
    pub(crate) who: Principal,
    pub(crate) scopes: BTreeSet<String>,
}

impl Caller {
    pub(crate) fn read(
        state: &State,
        request: &Request,
        endpoint: Endpoint,
        visit: &mut Visit,
    ) -> Result<Self, Refusal> {
        let bearer = request.bearer().ok_or_else(|| Refusal::new(99_991_661))?;
        let tenant_like = bearer.starts_with("t-") || bearer.starts_with("a-");
        if !tenant_like && !bearer.starts_with("u-") && !bearer.starts_with("eyJ") {
            return Err(Refusal::new(99_991_671));
        }
        let dead_user = if endpoint == Endpoint::UserInfo { state.rules.user_info_dead_code } else { 99_991_668 };
        let dead = match bearer {
            _ if bearer.starts_with("a-") => 99_991_664,
            _ if tenant_like => 99_991_663,
            _ => dead_user,
        };
        let access = state.ledger.find_access(bearer).ok_or_else(|| Refusal::new(dead))?;
        visit.app = Some(access.app.clone());
        let user = match &access.holder {
            Holder::User { grant, generation, user } => {
                visit.user = Some(user.clone());
                visit.grant = state.ledger.grant(*grant).map(|grant| grant.id.clone());
                visit.generation = generation.map(crate::grants::narrow);
                Some(user.clone())
            }
            Holder::Tenant | Holder::App { tenant_too: true } => None,
            Holder::App { tenant_too: false } => {
                return Err(Refusal::new(99_991_663).because("an app_access_token is not taken here"));
            }
        };
        let app = state.apps.get(&access.app).ok_or_else(|| Refusal::new(99_991_543))?;
        if app.brand != request.brand {
            return Err(Refusal::new(dead));
        }
        match access.standing(state.clock.now()) {
            Standing::Alive => {}
            Standing::Expired if user.is_some() && endpoint == Endpoint::UserInfo && dead_user == 20005 => {
                return Err(Refusal::new(20006));
            }
            Standing::Expired if user.is_some() => {
                return Err(Refusal::new(state.rules.expired_access_code));
            }
            Standing::Expired | Standing::Ended => return Err(Refusal::new(dead)),
        }
        if !app.enabled {
            return Err(Refusal::new(99_991_662));
        }
        if !app.installed {
            return Err(Refusal::new(99_991_673));
        }
        if !app.address_allowed {
            return Err(Refusal::new(99_991_401));
        }
        if !app.quota_left {
            return Err(Refusal::new(99_991_403));
        }
        let is_user = user.is_some();
        let who = Principal { brand: app.brand, id: user.unwrap_or_else(|| app.id.clone()), is_user };
        Ok(Self { app: app.clone(), who, scopes: access.scopes.clone() })
    }

    /// The app must have enabled one of the scopes (99991672), and the user must have granted it (99991679).
    fn needs_one_of(&self, scopes: &[&str]) -> Result<(), Refusal> {
        let violations = |kind: &str| -> Value {
            scopes.iter().map(|scope| json!({"type": kind, "subject": scope})).collect::<Vec<_>>().into()
        };
        if !scopes.iter().any(|scope| self.app.scopes.contains(*scope)) {
            return Err(Refusal::new(99_991_672).with("permission_violations", violations("action_scope_required")));
        }
        if self.who.is_user && !scopes.iter().any(|scope| self.scopes.contains(*scope)) {
            return Err(Refusal::new(99_991_679).with("permission_violations", violations("action_privilege_required")));
        }
        Ok(())
    }
}

pub(crate) const NO_TENANT_TOKEN: &str =
    "Invalid access token for authorization: this call does not take a tenant_access_token";
const NO_USER_TOKEN: &str = "Invalid access token for authorization: this call does not support user_access_token";
