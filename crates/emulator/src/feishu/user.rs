//! User info (reference/feishu.md §10), and what scopes tell of a user.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::book::{App, User, UserStatus, Visit};
use crate::feishu::caller::{Caller, NO_TENANT_TOKEN};
use crate::memory::State;
use crate::words::{Endpoint, Refusal, Reply, Request};

/// U1: needs a user token and no scope.
pub(super) fn user_info(state: &State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let caller = Caller::read(state, request, Endpoint::UserInfo, visit)?;
    if !caller.who.is_user {
        return Err(Refusal::new(99_991_663).because(NO_TENANT_TOKEN));
    }
    let Some(user) = state.user(&caller.who.id) else {
        return Err(Refusal::new(20008));
    };
    standing(user.status)?;
    let data = profile(user, &caller.app, &caller.scopes);
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

/// Who the user is, as far as the token's scopes tell (reference/feishu.md §7, §10).
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
