//! What SSM and `auth_api` have in common: grants for one owner at a time, and refreshes that are constant or rotate.
//!
//! Enters: an owner and the rules. Leaves: a set of tokens. One owner (app, user, and environment where it counts) has one
//! living login: a later grant is given the same tokens, or takes its place.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::blueking::refusal::Refusal;
use crate::blueking::rules::{CodeForm, Identity, RefreshFate, TokenRules};
use crate::blueking::{bkauth, cookies};
use crate::endpoint::{Brand, Door};
use crate::families::{Minted, Owner, Shape, Standing, Terms};
use crate::feishu::same;
use crate::history::{Death, Visit};
use crate::message::{Fields, Reply, Request};
use crate::plain;
use crate::registry::App;
use crate::sandbox::Unknown;
use crate::state::State;

impl TokenRules {
    pub(super) fn terms(&self) -> Terms {
        Terms {
            access_seconds: self.access_seconds,
            refresh_seconds: self.refreshable.then_some(self.refresh_seconds),
            sliding: self.sliding,
            rotates: self.refresh == RefreshFate::Rotates,
            single_use: self.single_use,
            old_access_token: self.old_access_token,
            shape: Shape::Alphanumeric,
        }
    }

    /// Whether a refresh token stays good when it was used.
    pub(super) fn reusable(&self) -> bool {
        self.refresh == RefreshFate::Constant || !self.single_use
    }

    pub(super) fn success_code(&self) -> Value {
        match self.success_code {
            CodeForm::Number => json!(0),
            CodeForm::Text => json!("0"),
        }
    }

    /// The name that an answer gives a user, if it gives one.
    pub(super) fn identity<'n>(&'n self, user: &'n str) -> Option<&'n str> {
        match &self.identity {
            Identity::Absent => None,
            Identity::Anonymous => Some(""),
            Identity::Other { user } => Some(user),
            Identity::True => Some(user),
        }
    }
}

/// Tokens for an owner. `reuse` gives the present ones again while they have more than so many seconds left.
pub(super) fn grant(
    state: &mut State,
    rules: &TokenRules,
    owner: Owner,
    reuse: Option<u64>,
    visit: &mut Visit,
) -> Option<Minted> {
    let living = state.families.of(&owner);
    if let (Some(family), Some(seconds)) = (living, reuse)
        && let Some(present) = state.families.present(family, seconds, state.clock.now())
    {
        visit.answer(state.families.get(family)?, &present, false);
        return Some(present);
    }
    if let Some(family) = living {
        state.supersede(family, rules.old_access_token);
    }
    let family = state.open_family(owner, BTreeSet::new());
    let minted = state.mint(family, &rules.terms(), None)?;
    visit.answer(state.families.get(family)?, &minted, true);
    Some(minted)
}

/// Turns a refresh token. Whose it is comes before its state, so that a stranger causes nothing.
pub(super) fn refresh(
    state: &mut State,
    rules: &TokenRules,
    door: Door,
    app: &str,
    token: &str,
    visit: &mut Visit,
) -> Result<Minted, &'static str> {
    let at = state.families.find_refresh(token).ok_or("the refresh token is not known")?;
    let owner = state.families.get(at.family).map(|family| family.owner.clone());
    let owner = owner.filter(|owner| owner.door == door && owner.app == app);
    let owner = owner.ok_or("the refresh token belongs to another app")?;
    match state.families.standing(at, state.clock.now()) {
        Standing::Good => {}
        Standing::Expired => return Err("the refresh token has expired"),
        Standing::Ended | Standing::Revoked { .. } => return Err("the refresh token is not valid any more"),
        Standing::Used { .. } => {
            if rules.family_revocation {
                state.end_family(at.family, Death::FamilyRevoked);
            }
            return Err("the refresh token was used");
        }
    }
    if owner.user.is_some_and(|user| state.user(&user).is_none()) {
        return Err("the user is gone");
    }
    let minted = state.turn(at, &rules.terms(), None).ok_or("the refresh token is not known")?;
    if let Some(family) = state.families.get(at.family) {
        visit.answer(family, &minted, true);
    }
    Ok(minted)
}

/// The app that a request names and proves to be: by header, or by fields.
pub(super) fn app<'s>(state: &'s State, request: &Request, fields: &Fields) -> Result<&'s App, &'static str> {
    let (id, secret) = credentials(request, fields);
    let app = named(state, id.as_deref())?;
    if secret.is_some_and(|secret| same(&app.secret, &secret)) { Ok(app) } else { Err("the app's secret is wrong") }
}

/// The app that a request names; where it brings a secret, that must be right.
pub(super) fn app_by_name<'s>(state: &'s State, request: &Request, fields: &Fields) -> Result<&'s App, &'static str> {
    let (id, secret) = credentials(request, fields);
    let app = named(state, id.as_deref())?;
    if secret.is_none_or(|secret| same(&app.secret, &secret)) { Ok(app) } else { Err("the app's secret is wrong") }
}

fn named<'s>(state: &'s State, id: Option<&str>) -> Result<&'s App, &'static str> {
    let id = id.ok_or("the app is not named")?;
    let app = state.apps.get(id).filter(|app| app.brand == Brand::BlueKing).ok_or("there is no such app")?;
    if app.enabled { Ok(app) } else { Err("the app is disabled") }
}

pub(super) fn credentials(request: &Request, fields: &Fields) -> (Option<String>, Option<String>) {
    let read = |header: &str, field: &str| {
        let header = request.headers.get(header).and_then(|value| value.to_str().ok());
        header.or_else(|| fields.get(field).map(String::as_str)).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    (read("x-bk-app-code", "app_code"), read("x-bk-app-secret", "app_secret"))
}

/// The user of a cookie grant.
pub(super) fn user(state: &State, rules: &TokenRules, fields: &Fields) -> Result<String, Refusal> {
    match cookies::owner(state, fields) {
        Ok(user) => Ok(user.id.clone()),
        Err(why) => Err(Refusal::new(rules.cookie_code, why)),
    }
}

/// The tokens of an answer, without identity.
pub(super) fn body(minted: &Minted) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("access_token".to_owned(), json!(minted.access_token));
    if let Some((refresh, _)) = &minted.refresh {
        body.insert("refresh_token".to_owned(), json!(refresh));
    }
    body.insert("expires_in".to_owned(), json!(minted.expires_in));
    body
}

/// Whose session a request brings along (see [`TokenRules::set_cookie`]).
pub(super) fn session(state: &State, request: &Request) -> Option<String> {
    let cookies = request.headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == SESSION).then(|| state.blueking.sessions.get(value).cloned()).flatten())
}

/// Sets a session cookie for the user, if the rules want one.
pub(super) fn with_session(state: &mut State, rules: &TokenRules, user: Option<&str>, reply: Reply) -> Reply {
    let Some(user) = user.filter(|_| rules.set_cookie) else {
        return reply;
    };
    let session = state.chance.hex(32);
    let cookie = format!("{SESSION}={session}; Path=/; HttpOnly");
    state.blueking.sessions.insert(session, user.to_owned());
    reply.header("set-cookie", &cookie)
}

/// Mints a login without any request, as the rules of its door have it.
pub(crate) fn seed(state: &mut State, owner: Owner, scopes: BTreeSet<String>) -> Result<(String, Minted), Unknown> {
    let app = state.apps.get(&owner.app).filter(|app| Some(app.brand) == owner.door.brand());
    app.ok_or_else(|| Unknown::new("app", &owner.app))?;
    if let Some(user) = owner.user.as_deref().filter(|user| state.user(user).is_none()) {
        return Err(Unknown::new("user", user));
    }
    let terms = match owner.door {
        Door::Ssm => state.rules.blueking.ssm.tokens.terms(),
        Door::AuthApi => state.rules.blueking.auth_api.tokens.terms(),
        Door::Bkauth => bkauth::terms(&state.rules.blueking.bkauth, &owner.realm)
            .ok_or_else(|| Unknown::new("realm", &owner.realm))?,
        Door::Plain if plain::is_issuer(&state.rules.plain, &owner.realm) => {
            plain::terms(&state.rules.plain, &scopes, owner.user.is_some())
        }
        Door::Plain => return Err(Unknown::new("issuer", &owner.realm)),
        Door::Gateway | Door::Accounts | Door::Open => {
            return Err(Unknown::new("door that issues such tokens", owner.door.name()));
        }
    };
    let earlier = matches!(owner.door, Door::Ssm | Door::AuthApi).then(|| state.families.of(&owner)).flatten();
    if let Some(earlier) = earlier {
        state.supersede(earlier, terms.old_access_token);
    }
    let (door, family) = (owner.door, state.open_family(owner, scopes));
    let minted = state.mint(family, &terms, None);
    let id = state.families.get(family).map(|family| family.id.clone());
    id.zip(minted).ok_or_else(|| Unknown::new("door", door.name()))
}

const SESSION: &str = "bk_sandbox_session";
