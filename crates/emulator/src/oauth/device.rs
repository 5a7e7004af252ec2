//! Device authorization (RFC 8628): start, the page with the user code, and the poll.

use serde_json::{Value, json};

use crate::book::{App, Decision, Device, Visit};
use crate::memory::State;
use crate::oauth::authorize::{may_ask, parse_scopes};
use crate::oauth::{
    DevicePage, DeviceResult, Language, PageUser, Refusal, Server, code_exchange, form, render, required,
};
use crate::rules::Consent;
use crate::words::{Fields, Reply, Request, normalise_user_code, same};

/// The start of a device flow.
pub(crate) fn start(
    state: &mut State,
    server: &Server,
    app: &App,
    fields: &Fields,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    visit.app = Some(app.id.clone());
    let scopes = parse_scopes(fields.get("scope").map_or("", String::as_str));
    if !may_ask(app, &scopes) {
        return Err(Refusal::new("invalid_scope", "the client may not ask for one of the scopes"));
    }
    let decision = match &state.rules.device_consent {
        Consent::Ask => Decision::Open,
        Consent::Deny => Decision::Denied,
        Consent::Auto { user } => {
            let user = state.agreeing_user(user.as_deref());
            Decision::Allowed { user: user.ok_or_else(|| Refusal::new("server_error", "there is no such user"))? }
        }
    };
    let (device_code, user_code) = (state.randomness.text(43), state.randomness.user_code());
    let page = &server.device_page;
    let body = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": server.device_seconds, "interval": server.device_interval,
    });
    state.devices.push(Device {
        app: app.id.clone(),
        brand: app.brand,
        realm: server.realm.clone(),
        secret: device_code,
        user_code,
        scopes,
        expires_at: state.clock.now().plus_seconds(server.device_seconds),
        interval: server.device_interval,
        last_poll: None,
        decision,
    });
    Ok(body)
}

/// One poll of the token endpoint (RFC 8628 §3.4, §3.5).
pub(crate) fn redeem(
    state: &mut State,
    server: &Server,
    app: &App,
    fields: &Fields,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let code = required(fields, "device_code")?;
    let now = state.clock.now();
    let device = state
        .devices
        .iter_mut()
        .find(|device| same(&device.secret, code) && device.app == app.id && device.realm == server.realm)
        .filter(|device| device.decision != Decision::Redeemed)
        .ok_or_else(|| Refusal::new("invalid_grant", "the device code is not valid"))?;
    if device.expires_at <= now {
        return Err(Refusal::new("expired_token", "the device code has expired"));
    }
    let too_soon = device.last_poll.is_some_and(|last| now < last.plus_seconds(device.interval));
    device.last_poll = Some(now);
    let user = match &device.decision {
        Decision::Denied => return Err(Refusal::new("access_denied", "the user refused")),
        Decision::Open if too_soon => {
            device.interval = device.interval.saturating_add(5);
            return Err(Refusal::new("slow_down", "polled too often; add five seconds to the interval"));
        }
        Decision::Open | Decision::Redeemed => {
            return Err(Refusal::new("authorization_pending", "the user has not decided yet"));
        }
        Decision::Allowed { user } => user.clone(),
    };
    let scopes = device.scopes.clone();
    code_exchange::admit(state, &user)?;
    if let Some(device) = state.devices.iter_mut().find(|device| same(&device.secret, code)) {
        device.decision = Decision::Redeemed;
    }
    code_exchange::open(state, server, app, user, scopes, visit).map(|(body, _)| body)
}

/// The page where a person enters or confirms the user code.
pub(crate) fn page(state: &mut State, server: &Server, request: &Request) -> Reply {
    let language = Language::of(request);
    let (posted, query) = (form(request), request.query_fields());
    let typed = posted.get("user_code").or_else(|| query.get("user_code")).map_or("", String::as_str);
    let code = normalise_user_code(typed);
    let ask = |state: &State, status: u16, unknown: bool| {
        let users = PageUser::list(&state.users, None);
        Reply::html(status, render(&DevicePage { language, code: &code, users: &users, unknown }))
    };
    let Some(allow) = posted.get("decision").map(|decision| decision == "allow") else {
        return ask(state, 200, false);
    };
    let here = |device: &Device| {
        device.user_code == code && device.realm == server.realm && Some(device.brand) == server.door.brand()
    };
    if !state.devices.iter().any(here) {
        return ask(state, 404, true);
    }
    let named = posted.get("user").and_then(|user| state.agreeing_user(Some(user)));
    let user = named.or_else(|| state.agreeing_user(None));
    let decision = if allow { user.map(|user| Decision::Allowed { user }) } else { Some(Decision::Denied) };
    match decision.and_then(|decision| state.decide_device(&code, decision)) {
        Some(_) => Reply::html(200, render(&DeviceResult { language, allowed: allow })),
        None => ask(state, 404, true),
    }
}
