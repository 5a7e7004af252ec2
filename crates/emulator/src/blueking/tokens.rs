//! What SSM and `auth_api` have in common: grants for one owner at a time, and refreshes that are constant or rotate.
//!
//! Enters: an owner and the rules. Leaves: a set of tokens. One owner (app, user, and environment where it counts) has one
//! living login: a later grant is given the same tokens, or takes its place.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::blueking::cookie_auth;
use crate::blueking::refusal::Refusal;
use crate::book::{App, Death, Issued, Owner, RefreshEnd, Shape, Standing, Terms, Visit};
use crate::memory::State;
use crate::rules::{CodeForm, Identity, RefreshFate, TokenRules};
use crate::words::{Brand, Door, Fields, Reply, Request, same};

impl TokenRules {
    pub(crate) fn terms(&self) -> Terms {
        Terms {
            access_seconds: self.access_seconds,
            refresh_seconds: self.refreshable.then_some(self.refresh_seconds),
            refresh_end: RefreshEnd::sliding(self.sliding),
            rotates: self.refresh == RefreshFate::Rotates,
            single_use: self.single_use,
            old_access_token: self.old_access_token,
            shape: Shape::Alphanumeric,
            api: None,
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
) -> Option<Issued> {
    let living = state.ledger.of(&owner);
    if let (Some(grant), Some(seconds)) = (living, reuse)
        && let Some(present) = state.ledger.present(grant, seconds, state.clock.now())
    {
        visit.answer(state.ledger.grant(grant)?, &present, false);
        return Some(present);
    }
    if let Some(grant) = living {
        state.supersede(grant, rules.old_access_token);
    }
    let grant = state.open_grant(owner, BTreeSet::new());
    let issued = state.issue(grant, &rules.terms(), None)?;
    visit.answer(state.ledger.grant(grant)?, &issued, true);
    Some(issued)
}

/// Rotates a refresh token. Whose it is comes before its state, so that a stranger causes nothing.
pub(super) fn refresh(
    state: &mut State,
    rules: &TokenRules,
    door: Door,
    app: &str,
    token: &str,
    visit: &mut Visit,
) -> Result<Issued, &'static str> {
    let id = state.ledger.find_refresh(token).ok_or("the refresh token is not known")?;
    let owner = state.ledger.grant(id.grant).map(|grant| grant.owner.clone());
    let owner = owner.filter(|owner| owner.door == door && owner.app == app);
    let owner = owner.ok_or("the refresh token belongs to another app")?;
    match state.ledger.standing(id, state.clock.now()) {
        Standing::Good => {}
        Standing::Expired => return Err("the refresh token has expired"),
        Standing::Ended | Standing::Revoked { .. } => return Err("the refresh token is not valid any more"),
        Standing::Used { .. } => {
            if rules.family_revocation {
                state.end_grant(id.grant, Death::FamilyRevoked);
            }
            return Err("the refresh token was used");
        }
    }
    if owner.user.is_some_and(|user| state.user(&user).is_none()) {
        return Err("the user is gone");
    }
    let issued = state.rotate(id, &rules.terms(), None).ok_or("the refresh token is not known")?;
    if let Some(grant) = state.ledger.grant(id.grant) {
        visit.answer(grant, &issued, true);
    }
    Ok(issued)
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
    match cookie_auth::owner(state, fields) {
        Ok(user) => Ok(user.id.clone()),
        Err(why) => Err(Refusal::new(rules.cookie_code, why)),
    }
}

/// The tokens of an answer, without identity.
pub(super) fn body(issued: &Issued) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("access_token".to_owned(), json!(issued.access_token));
    if let Some((refresh, _)) = &issued.refresh {
        body.insert("refresh_token".to_owned(), json!(refresh));
    }
    body.insert("expires_in".to_owned(), json!(issued.expires_in));
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
    let session = state.randomness.hex(32);
    let cookie = format!("{SESSION}={session}; Path=/; HttpOnly");
    state.blueking.sessions.insert(session, user.to_owned());
    reply.header("set-cookie", &cookie)
}

const SESSION: &str = "bk_sandbox_session";
