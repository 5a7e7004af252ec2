//! The control endpoint: everything a test in another process wants of the sandbox, as JSON over HTTP.
//!
//! Answers are `{"ok":true,…}` or HTTP 4xx with `{"ok":false,"error":"…"}`. `docs/reference/sandbox.md` lists the routes.
//! Only loopback names are taken as `Host`, and no `Origin`: a web page must not turn the knobs.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use http::header::{HOST, ORIGIN};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::book::{AppSpec, Decision, Event, UserSpec, check};
use crate::content::SpaceSpec;
use crate::dialects;
use crate::faults::Fault;
use crate::feishu::{catalogue, catalogue_beyond, catalogue_calls};
use crate::memory::State;
use crate::rules::Rules;
use crate::server::shared::Shared;
use crate::words::{Door, Moment, Reply, Request, TokenApi, Unknown};

pub(crate) fn answer(shared: &Shared, request: &Request) -> Reply {
    let host = request.header(&HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "127.0.0.1" | "localhost" | "[::1]") || request.headers.contains_key(ORIGIN) {
        return Reply::json(403, &json!({"ok": false, "error": "only loopback clients that are not web pages"}));
    }
    let path: Vec<&str> = request.path.trim_matches('/').split('/').skip(1).collect();
    if !request.path.starts_with("/control") {
        return Reply::not_found();
    }
    match route(shared, &request.method, &path, request) {
        Ok(mut body) => {
            body["ok"] = json!(true);
            Reply::json(200, &body)
        }
        Err(Wrong(status, error)) => Reply::json(status, &json!({"ok": false, "error": error})),
    }
}

/// A control request that cannot be followed: HTTP status and why.
struct Wrong(u16, String);

impl From<Unknown> for Wrong {
    fn from(unknown: Unknown) -> Self {
        Self(404, unknown.to_string())
    }
}

type Done = Result<Value, Wrong>;

fn route(shared: &Shared, method: &Method, path: &[&str], request: &Request) -> Done {
    let mut state = shared.lock();
    let state = &mut *state;
    match (method.as_str(), path) {
        ("GET", []) => {
            let (apps, users, now) = (&state.apps, &state.users, state.clock.now());
            Ok(json!({"urls": state.urls, "doors": state.doors, "apps": apps, "users": users, "now": now}))
        }
        ("GET", ["clock"]) => Ok(clock(state)),
        ("POST", ["clock"]) => Ok(set_clock(state, &read(request)?)),
        ("GET", ["rules"]) => Ok(json!({"rules": state.rules})),
        ("PATCH", ["rules"]) => change_rules(state, read(request)?),
        ("GET", ["faults"]) => Ok(json!({"faults": state.faults.list(), "hanging": shared.hanging()})),
        ("POST", ["faults"]) => {
            state.faults.inject(read::<Fault>(request)?);
            Ok(json!({"faults": state.faults.list()}))
        }
        ("DELETE", ["faults"]) => {
            state.faults.clear();
            Ok(json!({}))
        }
        ("POST", ["release"]) => {
            shared.release();
            Ok(json!({}))
        }
        ("GET", ["apps"]) => Ok(json!({"apps": state.apps})),
        ("POST", ["apps"]) => {
            let app = state.add_app(read::<AppSpec>(request)?);
            Ok(json!({"app": app}))
        }
        (_, ["apps", id, rest @ ..]) => app(state, method, id, rest, request),
        ("GET", ["users"]) => Ok(json!({"users": state.users})),
        ("POST", ["users"]) => {
            let user = state.add_user(read::<UserSpec>(request)?);
            Ok(json!({"user": user}))
        }
        ("PATCH", ["users", id]) => {
            let user = state.users.iter_mut().find(|user| user.id == *id).ok_or_else(|| Unknown::new("user", id))?;
            *user = patched(user, read(request)?, "id")?;
            Ok(json!({"user": user}))
        }
        ("GET", ["grants"]) => Ok(json!({"grants": state.current_tokens()})),
        ("POST", ["grants"]) => {
            let Seed { app, user, scopes, api } = read(request)?;
            let tokens = dialects::seed(state, api, &app, &user, scopes)?;
            Ok(json!({"tokens": tokens}))
        }
        ("POST", ["logins"]) => {
            let Login { door, realm, app, user, scopes } = read(request)?;
            let tokens = dialects::seed_beyond(state, door, &realm, &app, user.as_deref(), scopes)?;
            Ok(json!({"tokens": tokens}))
        }
        ("GET", ["requests"]) => Ok(json!({"requests": state.requests})),
        ("DELETE", ["requests"]) => {
            state.requests.clear();
            Ok(json!({}))
        }
        ("POST", ["withdraw"]) => withdraw(state, request),
        ("GET", ["devices"]) => Ok(devices(state)),
        ("POST", ["devices", code]) => {
            let DeviceDecision { user } = read(request)?;
            let decision = user.map_or(Decision::Denied, |user| Decision::Allowed { user });
            state.decide_device(code, decision).ok_or_else(|| Unknown::new("user code", code))?;
            Ok(json!({}))
        }
        ("GET", ["history"]) => {
            let since = request.query_fields().get("since").and_then(|since| since.parse().ok()).unwrap_or(0);
            Ok(json!({"history": state.history.since(since)}))
        }
        ("POST", ["history"]) => {
            let sequence = state.remember(read::<Remark>(request)?.into());
            Ok(json!({"sequence": sequence}))
        }
        ("GET", ["documents"]) => {
            let trees = state.content.documents.values().filter_map(|document| state.content.document_tree(document));
            Ok(json!({"documents": trees.collect::<Vec<_>>()}))
        }
        ("GET", ["documents", id]) => {
            let document = state.document(id)?;
            let outline = document.page.outline();
            Ok(json!({"document": document, "outline": outline}))
        }
        ("GET", ["spaces"]) => Ok(json!({"spaces": state.content.trees()})),
        ("POST", ["spaces"]) => {
            let spec = read::<SpaceSpec>(request)?;
            Ok(json!({"space_id": state.add_space(spec)}))
        }
        ("GET", ["medias"]) => Ok(json!({"medias": state.content.medias.values().collect::<Vec<_>>()})),
        ("GET", ["counters"]) => Ok(json!({"counters": state.history.counters()})),
        ("GET", ["check"]) => {
            let verdict = check(state.history.since(0));
            Ok(json!({"clean": verdict.is_clean(), "verdict": verdict}))
        }
        ("GET", ["catalogue"]) => {
            Ok(json!({"catalogue": catalogue(), "beyond": catalogue_beyond(), "calls": catalogue_calls()}))
        }
        _ => Err(Wrong(404, format!("no such control route: {method} {}", request.path))),
    }
}

fn app(state: &mut State, method: &Method, id: &str, rest: &[&str], request: &Request) -> Done {
    let ticket = state.randomness.hex(32);
    let app = state.apps.get_mut(id).ok_or_else(|| Unknown::new("app", id))?;
    match (method.as_str(), rest) {
        ("GET", []) => Ok(json!({"app": app})),
        ("PATCH", []) => {
            *app = patched(app, read(request)?, "id")?;
            Ok(json!({"app": app}))
        }
        ("DELETE", []) => {
            state.apps.remove(id);
            Ok(json!({}))
        }
        // The body is the event that the platform pushes (`app_ticket`), so that a test can hand it on as it is.
        ("GET", ["ticket"]) => Ok(json!({"ticket": app.ticket, "event": ticket_event(id, &app.ticket)})),
        ("POST", ["ticket"]) => {
            app.ticket = ticket;
            Ok(json!({"ticket": app.ticket, "event": ticket_event(id, &app.ticket)}))
        }
        _ => Err(Wrong(404, format!("no such control route: {method} {}", request.path))),
    }
}

fn ticket_event(app: &str, ticket: &str) -> Value {
    json!({"type": "event_callback", "event": {"type": "app_ticket", "app_id": app, "app_ticket": ticket}})
}

fn clock(state: &State) -> Value {
    let now = state.clock.now();
    json!({"now": now, "date": now.to_string(), "real": state.clock.real(), "frozen": state.clock.is_frozen()})
}

fn set_clock(state: &mut State, wish: &ClockWish) -> Value {
    if let Some(to) = wish.set {
        state.clock.set(to);
    }
    if let Some(seconds) = wish.advance_seconds {
        state.advance(Duration::from_secs(seconds));
    }
    if let Some(frozen) = wish.frozen {
        state.clock.freeze(frozen);
    }
    clock(state)
}

fn change_rules(state: &mut State, patch: Value) -> Done {
    // A sequence would do for a struct as far as serde is concerned.
    if !patch.is_object() {
        return Err(Wrong(400, "a JSON object is expected".to_owned()));
    }
    let mut rules = json!(state.rules);
    merge(&mut rules, patch);
    state.rules = serde_json::from_value::<Rules>(rules).map_err(|error| Wrong(400, error.to_string()))?;
    Ok(json!({"rules": state.rules}))
}

/// The user takes back what was given to an app.
fn withdraw(state: &mut State, request: &Request) -> Done {
    let Withdraw { app, user } = read(request)?;
    state.user(&user).ok_or_else(|| Unknown::new("user", &user))?;
    Ok(json!({"ended": state.withdraw(&app, &user)}))
}

fn devices(state: &State) -> Value {
    let open: Vec<Value> = state
        .devices
        .iter()
        .filter(|device| device.decision == Decision::Open)
        .map(|device| json!({"user_code": device.user_code, "app": device.app, "expires_at": device.expires_at}))
        .collect();
    json!({"devices": open})
}

/// A record with some fields replaced; unknown fields are refused, and `fixed` cannot be changed.
fn patched<T: serde::Serialize + DeserializeOwned>(old: &T, patch: Value, fixed: &str) -> Result<T, Wrong> {
    if !patch.is_object() {
        return Err(Wrong(400, "a JSON object is expected".to_owned()));
    }
    let mut new = json!(old);
    let unknown = patch.as_object().into_iter().flatten().find(|(name, _)| new.get(*name).is_none() || *name == fixed);
    if let Some((name, _)) = unknown {
        return Err(Wrong(400, format!("no field {name} that can be changed")));
    }
    merge(&mut new, patch);
    serde_json::from_value(new).map_err(|error| Wrong(400, error.to_string()))
}

/// RFC 7396, except that tagged values (`by`, `fate`, `is`) are replaced whole.
fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch))
            if !["by", "fate", "is"].iter().any(|tag| patch.contains_key(*tag)) =>
        {
            for (name, value) in patch {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Wrong> {
    serde_json::from_slice(&request.body).map_err(|error| Wrong(400, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockWish {
    set: Option<Moment>,
    advance_seconds: Option<u64>,
    frozen: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    app: String,
    user: String,
    scopes: BTreeSet<String>,
    #[serde(default = "v3")]
    api: TokenApi,
}

const fn v3() -> TokenApi {
    TokenApi::V3
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    door: Door,
    #[serde(default)]
    realm: String,
    app: String,
    user: Option<String>,
    #[serde(default)]
    scopes: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdraw {
    app: String,
    user: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceDecision {
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remark {
    note: String,
    #[serde(default)]
    client_killed: bool,
}

impl From<Remark> for Event {
    fn from(remark: Remark) -> Self {
        if remark.client_killed { Self::ClientKilled { note: remark.note } } else { Self::Note { note: remark.note } }
    }
}
