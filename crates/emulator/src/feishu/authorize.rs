//! The authorization page, on its present and its older addresses (reference/feishu.md §3).
//!
//! Errors that concern the redirect URI, the app or its scopes never redirect: they are pages with the platform's code.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::book::{App, Authorization, Code, Visit};
use crate::feishu::endpoints::CONSENT_PATH;
use crate::memory::State;
use crate::oauth::{ConsentPage, ErrorPage, Language, PageUser, render};
use crate::rules::Consent;
use crate::words::{Challenge, Door, Encodings, Endpoint, Key, Reply, Request, is_verifier, same_but_port};

/// A1, A2, A3.
pub(super) fn show(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    let fields = request.query_fields();
    let language = Language::of(request);
    let (app, authorization) = match examine(state, endpoint, request, &fields) {
        Ok(found) => found,
        Err((code, detail)) => {
            visit.code = Some(code);
            return refuse(language, code, &detail, &request.log_id);
        }
    };
    visit.app = Some(app.id.clone());
    match state.rules.consent.clone() {
        Consent::Deny => denied(&authorization),
        Consent::Auto { user } => match state.agreeing_user(user.as_deref()) {
            Some(user) => grant(state, authorization, &user),
            None => refuse(language, 20008, "the sandbox has no such user", &request.log_id),
        },
        Consent::Ask => {
            let known =
                |user: &str| state.consents.get(&(app.id.clone(), user.to_owned())).cloned().unwrap_or_default();
            // Only what the first user has not granted yet is shown as new (reference/feishu.md §3.1).
            let granted = state.users.first().map(|user| known(&user.id)).unwrap_or_default();
            let scopes: Vec<(String, bool)> =
                authorization.scopes.iter().map(|scope| (scope.clone(), !granted.contains(scope))).collect();
            let users = PageUser::list(&state.users, Some(&app.id));
            let ticket = state.randomness.text(32);
            state.pending.insert(ticket.clone(), authorization);
            let page = ConsentPage {
                language,
                app: &app.name,
                app_id: &app.id,
                brand: app.brand.name(),
                action: CONSENT_PATH,
                ticket: &ticket,
                scopes: &scopes,
                users: &users,
            };
            Reply::html(200, render(&page))
        }
    }
}

/// What a person clicked on the consent page.
pub(super) fn decide(state: &mut State, request: &Request, visit: &mut Visit) -> Reply {
    let language = Language::of(request);
    let fields = request.body_fields(Encodings::Form).unwrap_or_default();
    let ticket = fields.get("ticket").and_then(|ticket| state.pending.remove(ticket));
    let Some(authorization) = ticket else {
        return refuse(language, 20001, "this consent page was answered before, or is unknown", &request.log_id);
    };
    visit.app = Some(authorization.app.clone());
    if fields.get("decision").map(String::as_str) != Some("allow") {
        return denied(&authorization);
    }
    match state.agreeing_user(fields.get("user").map(String::as_str)) {
        Some(user) => {
            visit.user = Some(user.clone());
            grant(state, authorization, &user)
        }
        None => refuse(language, 20008, "the sandbox has no such user", &request.log_id),
    }
}

/// Space-separated scopes; more than 50 are too many (reference/feishu.md §3.1).
pub(super) fn parse_scopes(text: &str) -> Result<BTreeSet<String>, u32> {
    let scopes: BTreeSet<String> = text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    if scopes.len() > 50 { Err(20001) } else { Ok(scopes) }
}

type Fault = (u32, String);

fn examine(
    state: &State,
    endpoint: Endpoint,
    request: &Request,
    fields: &BTreeMap<String, String>,
) -> Result<(App, Authorization), Fault> {
    let field = |name: &str| fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let oldest = endpoint == Endpoint::AuthorizeIndex;
    let id_name = if oldest { "app_id" } else { "client_id" };
    let id = field(id_name).ok_or_else(|| (20001, format!("{id_name} is missing")))?;
    let unknown = || {
        let words = Language::of(request).say("there is no app with the App ID", "没有使用此 App ID 的应用：");
        (20048, format!("{words} {id}"))
    };
    let app = state.apps.get(id).ok_or_else(unknown)?;
    if app.brand != request.brand {
        return Err((20046, format!("{id} is an app of {}, this is {}", app.brand, request.brand)));
    }
    if !app.enabled {
        return Err((20069, format!("{id} is disabled")));
    }
    let redirect_uri = field("redirect_uri").ok_or_else(|| (20001, "redirect_uri is missing".to_owned()))?;
    if !is_registered(app, redirect_uri, state.rules.loopback_any_port) {
        return Err((20029, format!("{redirect_uri} is not among the app's redirect URLs")));
    }
    if !oldest && field("response_type") != Some("code") {
        return Err((20001, "response_type must be code".to_owned()));
    }
    let text = if oldest { "" } else { field("scope").unwrap_or_default() };
    let scopes = parse_scopes(text).map_err(|code| (code, "more than 50 scopes in one request".to_owned()))?;
    let missing: Vec<&str> = scopes.iter().filter(|scope| !app.scopes.contains(*scope)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err((20027, format!("not enabled for this app: {}", missing.join(" "))));
    }
    let authorization = Authorization {
        door: Door::Accounts,
        realm: String::new(),
        app: app.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        scopes,
        state: fields.get("state").cloned(),
        challenge: if oldest { None } else { challenge(fields)? },
    };
    Ok((app.clone(), authorization))
}

/// PKCE: the method is `plain` when it is left out (RFC 7636 §4.3, reference/feishu.md §3.1).
fn challenge(fields: &BTreeMap<String, String>) -> Result<Option<Challenge>, Fault> {
    let method = fields.get("code_challenge_method").map(String::as_str);
    let Some(value) = fields.get("code_challenge") else {
        return match method {
            None => Ok(None),
            Some(_) => Err((20001, "code_challenge_method without code_challenge".to_owned())),
        };
    };
    let hashed = match method {
        Some("S256") => true,
        Some("plain") | None => false,
        Some(_) => {
            return Err((20001, "code_challenge_method must be S256 or plain".to_owned()));
        }
    };
    // A SHA-256 in base64url has 43 characters; a plain challenge is a verifier.
    if !is_verifier(value) || (hashed && value.len() != 43) {
        return Err((20001, "code_challenge has a wrong length or a character that is not allowed".to_owned()));
    }
    Ok(Some(Challenge { value: value.clone(), hashed }))
}

/// The whole path counts, there are no patterns; what follows `?` or `#` may be left out of the registered value.
fn is_registered(app: &App, uri: &str, loopback_any_port: bool) -> bool {
    if Url::parse(uri).is_err() {
        return false;
    }
    let bare = uri.split(['?', '#']).next().unwrap_or(uri);
    app.redirect_urls.iter().any(|registered| {
        registered == uri || registered == bare || (loopback_any_port && same_but_port(registered, bare))
    })
}

fn grant(state: &mut State, authorization: Authorization, user: &str) -> Reply {
    let code = state.randomness.text(64);
    let expires_at = state.clock.now().plus_seconds(state.rules.lifetimes.code);
    let consent = state.consents.entry((authorization.app.clone(), user.to_owned())).or_default();
    consent.extend(authorization.scopes.iter().cloned());
    let location = callback(&authorization, "code", &code);
    state
        .codes
        .insert(Key::of(&code), Code { authorization, user: user.to_owned(), expires_at, used: false, grant: None });
    Reply::redirect(302, &location)
}

fn denied(authorization: &Authorization) -> Reply {
    Reply::redirect(302, &callback(authorization, "error", "access_denied"))
}

/// The query goes before a fragment; no `state` asked means none answered (reference/feishu.md §3.2, §3.3).
fn callback(authorization: &Authorization, name: &str, value: &str) -> String {
    let (address, fragment) = match authorization.redirect_uri.split_once('#') {
        Some((address, fragment)) => (address, format!("#{fragment}")),
        None => (authorization.redirect_uri.as_str(), String::new()),
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, value);
    if let Some(state) = &authorization.state {
        query.append_pair("state", state);
    }
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{}{fragment}", query.finish())
}

fn refuse(language: Language, code: u32, detail: &str, log_id: &str) -> Reply {
    Reply::html(400, render(&ErrorPage::new(language, code, detail, log_id)))
}
