//! Calls with a token: user info, and two business paths that guard their scopes (reference §10, §11).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::endpoint::{Endpoint, MY_LIBRARY_PATH};
use crate::feishu::Refusal;
use crate::grants::{Holder, Standing};
use crate::history::{Fingerprint, Visit};
use crate::message::{Reply, Request};
use crate::registry::{App, User, UserStatus};
use crate::state::State;

/// U1: needs a user token and no scope.
pub(super) fn user_info(state: &State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let caller = Caller::read(state, request, Endpoint::UserInfo, visit)?;
    let Some(user) = &caller.user else {
        return Err(Refusal::new(99_991_663).because(NO_TENANT_TOKEN));
    };
    let Some(user) = state.user(user) else {
        return Err(Refusal::new(20008));
    };
    standing(user.status)?;
    let data = profile(user, &caller.app, &caller.scopes);
    Ok(Reply::json(200, &json!({"code": 0, "msg": "success", "data": data})))
}

/// The wiki's list of spaces (user or tenant token) and the personal library (user token only; reference §12.1).
pub(super) fn business(state: &State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let caller = Caller::read(state, request, Endpoint::Api, visit)?;
    let personal = request.path == MY_LIBRARY_PATH;
    if personal && caller.user.is_none() {
        return Err(Refusal::new(99_991_663).because(NO_TENANT_TOKEN));
    }
    let first = if personal { "wiki:space:read" } else { "wiki:space:retrieve" };
    caller.needs_one_of(&[first, "wiki:wiki", "wiki:wiki:readonly"])?;
    let user = caller.user.as_deref().and_then(|user| state.user(user));
    if user.is_some_and(|user| user.status != UserStatus::Active) {
        return Err(Refusal::new(99_991_668));
    }
    let owner = caller.user.as_deref().unwrap_or("tenant");
    let space = json!({
        "space_id": Fingerprint::of(owner).as_str(), "name": "Sandbox", "description": "",
        "space_type": if personal { "my_library" } else { "team" }, "visibility": "private",
    });
    let data =
        if personal { json!({"space": space}) } else { json!({"items": [space], "has_more": false, "page_token": ""}) };
    Ok(Reply::json(200, &json!({"code": 0, "msg": "success", "data": data})))
}

/// The codes of v1 and user info for users in a bad state.
pub(super) fn standing(status: UserStatus) -> Result<(), Refusal> {
    match status {
        UserStatus::Active => Ok(()),
        UserStatus::Absent => Err(Refusal::new(20008)),
        UserStatus::Resigned => Err(Refusal::new(20021)),
        UserStatus::Frozen => Err(Refusal::new(20022)),
        UserStatus::Unregistered => Err(Refusal::new(20023)),
    }
}

/// Who the user is, as far as the token's scopes tell (reference §7, §10).
pub(super) fn profile(user: &User, app: &App, scopes: &BTreeSet<String>) -> Value {
    let picture = |pixels: u32| format!("https://sandbox.invalid/avatar/{}/{pixels}.png", user.id);
    let mut data = json!({
        "name": user.name, "en_name": user.name, "open_id": user.open_id(&app.id), "union_id": user.union_id(),
        "tenant_key": user.tenant_key, "avatar_url": picture(0), "avatar_thumb": picture(72),
        "avatar_middle": picture(240), "avatar_big": picture(640),
    });
    let may = |scope: &str| scopes.contains(scope);
    if may("contact:user.email:readonly") {
        data["email"] = json!(format!("{}@sandbox.invalid", user.id));
    }
    if may("contact:user.employee:readonly") {
        data["enterprise_email"] = json!(format!("{}@work.sandbox.invalid", user.id));
        data["employee_no"] = json!(user.id);
    }
    if may("contact:user.employee_id:readonly") {
        data["user_id"] = json!(user.id);
    }
    if may("contact:user.phone:readonly") {
        data["mobile"] = json!("+10000000000");
    }
    data
}

/// The owner of a good token.
struct Caller {
    app: App,
    user: Option<String>,
    scopes: BTreeSet<String>,
}

impl Caller {
    fn read(state: &State, request: &Request, endpoint: Endpoint, visit: &mut Visit) -> Result<Self, Refusal> {
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
        Ok(Self { app: app.clone(), user, scopes: access.scopes.clone() })
    }

    /// The app must have enabled one of the scopes (99991672), and the user must have granted it (99991679).
    fn needs_one_of(&self, scopes: &[&str]) -> Result<(), Refusal> {
        let violations = |kind: &str| -> Value {
            scopes.iter().map(|scope| json!({"type": kind, "subject": scope})).collect::<Vec<_>>().into()
        };
        if !scopes.iter().any(|scope| self.app.scopes.contains(*scope)) {
            return Err(Refusal::new(99_991_672).with("permission_violations", violations("action_scope_required")));
        }
        if self.user.is_some() && !scopes.iter().any(|scope| self.scopes.contains(*scope)) {
            return Err(Refusal::new(99_991_679).with("permission_violations", violations("action_privilege_required")));
        }
        Ok(())
    }
}

const NO_TENANT_TOKEN: &str = "Invalid access token for authorization: this call does not take a tenant_access_token";
