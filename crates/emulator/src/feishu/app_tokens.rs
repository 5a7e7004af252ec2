//! App and tenant tokens: self-built apps, store apps and their tickets (reference/feishu.md §9).

use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::feishu::Refusal;
use crate::feishu::token::same;
use crate::grants::{Access, Holder, Standing};
use crate::history::Visit;
use crate::message::{Encodings, Reply, Request};
use crate::registry::App;
use crate::state::State;

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
    let (token, expire) = current(state, &app, "app", "a-", Holder::App { tenant_too: false }, repeat);
    Ok(Reply::json(200, &json!({"code": 0, "msg": "ok", "app_access_token": token, "expire": expire})))
}

/// P4.
pub(super) fn store_tenant(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let fields = Fields::read(request)?;
    let bearer = fields.required("app_access_token")?;
    let tenant = fields.required("tenant_key")?.to_owned();
    let now = state.clock.now();
    let access = state.ledger.find_access(bearer).filter(|access| {
        matches!(access.holder, Holder::App { tenant_too: false }) && access.standing(now) == Standing::Alive
    });
    let id = access.ok_or_else(|| Refusal::new(10013).because("the app_access_token is not valid"))?.app.clone();
    visit.app = Some(id.clone());
    let app = usable(state.apps.get(&id).ok_or_else(|| Refusal::new(11209))?, request)?.clone();
    if !state.users.iter().any(|user| user.tenant_key == tenant) {
        return Err(Refusal::new(10005).because("no such tenant"));
    }
    if !app.installed {
        return Err(Refusal::new(11210));
    }
    let repeat = state.rules.store_tokens_repeat;
    let (token, expire) = current(state, &app, &format!("tenant {tenant}"), "t-", Holder::Tenant, repeat);
    Ok(Reply::json(200, &json!({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire})))
}

/// P5. The ticket itself travels as an event; the control endpoint hands it out.
pub(super) fn resend_ticket(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let fields = Fields::read(request)?;
    let app = authenticate(state, &fields, request, visit)?;
    if !app.store {
        return Err(Refusal::new(10016));
    }
    let ticket = state.chance.hex(32);
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
    current(state, app, "self", "t-", Holder::App { tenant_too: true }, true)
}

/// The newest token of a slot while it has 30 minutes left, a further one otherwise; the older one lives on.
fn current(state: &mut State, app: &App, slot: &str, prefix: &str, holder: Holder, repeat: bool) -> (String, u64) {
    let now = state.clock.now();
    let slot = (app.id.clone(), slot.to_owned());
    let newest = state.app_tokens.get(&slot).and_then(|key| state.ledger.access(*key));
    if let Some(access) = newest.filter(|access| repeat && access.standing(now) == Standing::Alive) {
        let left = access.expires_at.seconds_left(now);
        if left >= state.rules.lifetimes.app_renewal {
            return (access.value.clone(), left);
        }
    }
    let life = state.rules.lifetimes.app;
    let value = format!("{prefix}{}", state.chance.text(40));
    let access = Access {
        value: value.clone(),
        holder,
        app: app.id.clone(),
        scopes: app.scopes.clone(),
        expires_at: now.plus_seconds(life),
        ended_at: None,
    };
    let key = state.ledger.keep_access(access);
    state.app_tokens.insert(slot, key);
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
