//! App and tenant tokens: self-built apps, store apps and their tickets (reference/feishu.md §9).

use serde_json::{Value, json};

use crate::book::{App, AppToken, AppTokenKind, Visit};
use crate::memory::State;
use crate::words::{Encodings, Endpoint, Refusal, Reply, Request, same};

/// P1 and P2. Both hand out one and the same token (reference/feishu.md §9: "both tokens equal in the example").
pub(super) fn internal(
    state: &mut State,
    endpoint: Endpoint,
    request: &Request,
    visit: &mut Visit,
) -> Result<Reply, Refusal> {
    let fields = Fields::read(request)?;
    let app = authenticate(state, &fields, request, visit)?;
    if app.store {
        return Err(Refusal::new(10005).because("a store app needs an app_ticket"));
    }
    let (token, expire) = self_built(state, &app);
    let mut body = json!({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire});
    if endpoint == Endpoint::AppTokenInternal {
        body["app_access_token"] = json!(token);
    }
    Ok(Reply::json(200, &body))
}

/// P3.
pub(super) fn store_app(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let fields = Fields::read(request)?;
    let app = authenticate(state, &fields, request, visit)?;
    let ticket = fields.required("app_ticket")?;
    if !app.store {
        return Err(Refusal::new(10005).because("a self-built app has no app_ticket"));
    }
    if !same(&app.ticket, ticket) {
        return Err(Refusal::new(10012).because("the app_ticket is not the current one"));
    }
    let repeat = state.rules.store_tokens_repeat;
    let (token, expire) = current(state, &app, "app", "a-", AppTokenKind::App, repeat);
    Ok(Reply::json(200, &json!({"code": 0, "msg": "ok", "app_access_token": token, "expire": expire})))
}

/// P4.
pub(super) fn store_tenant(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let fields = Fields::read(request)?;
    let bearer = fields.required("app_access_token")?;
    let tenant = fields.required("tenant_key")?.to_owned();
    let now = state.clock.now();
    let token = state.app_tokens.find(bearer).filter(|token| token.kind == AppTokenKind::App && token.is_good(now));
    let id = token.ok_or_else(|| Refusal::new(10013).because("the app_access_token is not valid"))?.app.clone();
    visit.app = Some(id.clone());
    let app = usable(state.apps.get(&id).ok_or_else(|| Refusal::new(11209))?, request)?.clone();
    if !state.users.iter().any(|user| user.tenant_key == tenant) {
        return Err(Refusal::new(10005).because("no such tenant"));
    }
    if !app.installed {
        return Err(Refusal::new(11210));
    }
    let repeat = state.rules.store_tokens_repeat;
    let (token, expire) = current(state, &app, &format!("tenant {tenant}"), "t-", AppTokenKind::Tenant, repeat);
    Ok(Reply::json(200, &json!({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire})))
}

/// P5. The ticket itself travels as an event; the control endpoint hands it out.
pub(super) fn resend_ticket(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let fields = Fields::read(request)?;
    let app = authenticate(state, &fields, request, visit)?;
    if !app.store {
        return Err(Refusal::new(10016));
    }
    let ticket = state.randomness.hex(32);
    if let Some(app) = state.apps.get_mut(&app.id) {
        app.ticket = ticket;
    }
    Ok(Reply::json(200, &json!({"code": 0, "msg": "ok"})))
}

/// `client_credentials` on v3: a tenant token under OAuth names (reference/feishu.md §8.1).
pub(super) fn by_client_credentials(state: &mut State, app: &App, visit: &mut Visit) -> Result<Value, Refusal> {
    visit.app = Some(app.id.clone());
    if app.store {
        return Err(Refusal::new(20036).because("a store app has no tenant of its own"));
    }
    let (token, expires_in) = self_built(state, app);
    Ok(json!({"code": 0, "access_token": token, "token_type": "Bearer", "expires_in": expires_in}))
}

fn self_built(state: &mut State, app: &App) -> (String, u64) {
    current(state, app, "self", "t-", AppTokenKind::AppAndTenant, true)
}

/// The newest token of a slot while it has 30 minutes left, a further one otherwise; the older one lives on.
fn current(state: &mut State, app: &App, slot: &str, prefix: &str, kind: AppTokenKind, repeat: bool) -> (String, u64) {
    let now = state.clock.now();
    let newest = state.app_tokens.newest(&app.id, slot).filter(|token| repeat && token.is_good(now));
    if let Some(token) = newest {
        let left = token.expires_at.seconds_left(now);
        if left >= state.rules.lifetimes.app_renewal {
            return (token.value.clone(), left);
        }
    }
    let life = state.rules.lifetimes.app;
    let value = format!("{prefix}{}", state.randomness.text(40));
    let (app, scopes, expires_at) = (app.id.clone(), app.scopes.clone(), now.plus_seconds(life));
    state.app_tokens.keep(slot, AppToken { value: value.clone(), kind, app, scopes, expires_at });
    (value, life)
}

struct Fields(std::collections::BTreeMap<String, String>);

impl Fields {
    fn read(request: &Request) -> Result<Self, Refusal> {
        request.body_fields(Encodings::JsonOrUnnamed).map(Self).ok_or_else(|| Refusal::new(10003))
    }

    fn required(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.0.get(name).map(String::as_str).filter(|value| !value.is_empty());
        value.ok_or_else(|| Refusal::new(10003))
    }
}

fn authenticate(state: &State, fields: &Fields, request: &Request, visit: &mut Visit) -> Result<App, Refusal> {
    let id = fields.required("app_id")?;
    let secret = fields.required("app_secret")?;
    visit.app = Some(id.to_owned());
    // An unknown app_id is "invalid param" on the wire (reference/feishu.md §9, PROBE).
    let app = state.apps.get(id).ok_or_else(|| Refusal::new(10003))?;
    if !same(&app.secret, secret) {
        return Err(Refusal::new(10015));
    }
    usable(app, request).cloned()
}

fn usable<'a>(app: &'a App, request: &Request) -> Result<&'a App, Refusal> {
    if app.brand != request.brand {
        Err(Refusal::new(20046))
    } else if !app.enabled {
        Err(Refusal::new(10014))
    } else if !app.installed && !app.store {
        Err(Refusal::new(11210))
    } else if !app.address_allowed {
        Err(Refusal::new(99_991_401))
    } else if !app.quota_left {
        Err(Refusal::new(99_991_403))
    } else {
        Ok(app)
    }
}
