//! Device authorization (reference/feishu.md §8.3, RFC 8628): start, the page with the user code, and the poll.

use serde_json::{Value, json};

use crate::book::{App, Decision, Device, Visit};
use crate::feishu::authorize::parse_scopes;
use crate::feishu::client::{Client, admit, authenticate};
use crate::feishu::endpoints::DEVICE_PAGE_PATH;
use crate::feishu::issued_tokens::finish;
use crate::feishu::token_issuance;
use crate::memory::State;
use crate::oauth::{DevicePage, DeviceResult, Language, PageUser, render};
use crate::rules::Consent;
use crate::words::{Door, Encodings, Refusal, Reply, Request, TokenApi, normalise_user_code, same};

/// D1.
pub(super) fn start(state: &mut State, request: &Request, visit: &mut Visit) -> Result<Reply, Refusal> {
    let fields = request.body_fields(Encodings::Form).ok_or_else(|| Refusal::new(20063))?;
    let app = authenticate(state, &Client::read(request, &fields)?, request)?;
    visit.app = Some(app.id.clone());
    let scopes = parse_scopes(fields.get("scope").map_or("", String::as_str)).map_err(Refusal::new)?;
    if let Some(missing) = scopes.iter().find(|scope| !app.scopes.contains(*scope)) {
        return Err(Refusal::new(20027).because(format!("the app has not enabled the scope {missing}")));
    }
    let decision = match &state.rules.device_consent {
        Consent::Ask => Decision::Open,
        Consent::Deny => Decision::Denied,
        Consent::Auto { user } => {
            let user = state.agreeing_user(user.as_deref()).ok_or_else(|| Refusal::new(20008))?;
            Decision::Allowed { user }
        }
    };
    let (life, interval) = (state.rules.lifetimes.device, state.rules.lifetimes.device_interval);
    let (device_code, user_code) = (state.randomness.text(64), state.randomness.user_code());
    let page = state.url(request.brand, Door::Accounts) + DEVICE_PAGE_PATH;
    let body = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": life, "interval": interval,
    });
    let expires_at = state.clock.now().plus_seconds(life);
    state.devices.push(Device {
        app: app.id,
        brand: app.brand,
        realm: String::new(),
        secret: device_code,
        user_code,
        scopes,
        expires_at,
        interval,
        last_poll: None,
        decision,
    });
    Ok(Reply::json(200, &body).header("cache-control", "no-store"))
}

/// One poll of the token endpoint.
pub(super) fn redeem(
    state: &mut State,
    app: &App,
    device_code: &str,
    api: TokenApi,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let now = state.clock.now();
    let device = state
        .devices
        .iter_mut()
        .find(|device| same(&device.secret, device_code) && device.app == app.id)
        .ok_or_else(|| Refusal::device("invalid_grant"))?;
    if device.decision == Decision::Redeemed {
        return Err(Refusal::device("invalid_grant"));
    }
    if device.expires_at <= now {
        return Err(Refusal::device("expired_token"));
    }
    let too_soon = device.last_poll.is_some_and(|last| now < last.plus_seconds(device.interval));
    device.last_poll = Some(now);
    let user = match &device.decision {
        Decision::Denied => return Err(Refusal::device("access_denied")),
        Decision::Open if too_soon => {
            device.interval = device.interval.saturating_add(5);
            return Err(Refusal::device("slow_down"));
        }
        Decision::Open | Decision::Redeemed => {
            return Err(Refusal::device("authorization_pending"));
        }
        Decision::Allowed { user } => user.clone(),
    };
    let scopes = device.scopes.clone();
    admit(state, app, &user)?;
    if let Some(device) = state.devices.iter_mut().find(|device| same(&device.secret, device_code)) {
        device.decision = Decision::Redeemed;
    }
    state.consents.entry((app.id.clone(), user.clone())).or_default().extend(scopes.iter().cloned());
    let grant = token_issuance::open(state, app, &user, scopes);
    finish(state, grant, api, None, visit)
}

/// The page where a person enters or confirms the user code.
pub(super) fn page(state: &mut State, request: &Request) -> Reply {
    let language = Language::of(request);
    let posted = request.body_fields(Encodings::Form).unwrap_or_default();
    let query = request.query_fields();
    let typed = posted.get("user_code").or_else(|| query.get("user_code")).map_or("", String::as_str);
    let code = normalise_user_code(typed);
    let Some(allow) = posted.get("decision").map(|decision| decision == "allow") else {
        let users = PageUser::list(&state.users, None);
        return Reply::html(200, render(&DevicePage { language, code: &code, users: &users, unknown: false }));
    };
    let user =
        posted.get("user").and_then(|user| state.agreeing_user(Some(user))).or_else(|| state.agreeing_user(None));
    let decision = if allow { user.map(|user| Decision::Allowed { user }) } else { Some(Decision::Denied) };
    let brand = request.brand;
    let settled = decision.and_then(|decision| state.decide_device(&code, decision).filter(|owner| *owner == brand));
    if settled.is_some() {
        Reply::html(200, render(&DeviceResult { language, allowed: allow }))
    } else {
        let users = PageUser::list(&state.users, None);
        Reply::html(404, render(&DevicePage { language, code: &code, users: &users, unknown: true }))
    }
}
