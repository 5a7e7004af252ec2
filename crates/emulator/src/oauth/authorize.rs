//! The authorization endpoint and its consent page (RFC 6749 §4.1, RFC 7636, RFC 9207).
//!
//! A wrong client or redirect URL never redirects: it is a page. Every other error goes to the client by redirect.

use std::collections::BTreeSet;

use url::Url;

use crate::book::{App, Authorization, Code, Visit};
use crate::memory::State;
use crate::oauth::{ConsentPage, ErrorPage, Language, PageUser, Server, client, form, render};
use crate::rules::Consent;
use crate::words::{Brand, Challenge, Fields, Key, Reply, Request, is_verifier, same_but_port};

/// The authorization request.
pub(crate) fn show(state: &mut State, server: &Server, request: &Request, visit: &mut Visit) -> Reply {
    let fields = request.query_fields();
    let language = Language::of(request);
    let refuse = |why: &str| refuse(language, why, &request.log_id);
    let (app, redirect_uri) = match whose(state, server, &fields) {
        Ok(found) => found,
        Err(why) => {
            visit.error = Some("invalid_request".to_owned());
            return refuse(&why);
        }
    };
    visit.app = Some(app.id.clone());
    let mut authorization = Authorization {
        door: server.door,
        realm: server.realm.clone(),
        app: app.id.clone(),
        redirect_uri,
        scopes: BTreeSet::new(),
        state: fields.get("state").cloned(),
        challenge: None,
    };
    match examine(server, &app, &fields) {
        Ok((scopes, challenge)) => (authorization.scopes, authorization.challenge) = (scopes, challenge),
        Err((error, why)) => {
            visit.error = Some(error.to_owned());
            return back(server, &authorization, &[("error", error), ("error_description", why)]);
        }
    }
    match state.rules.consent.clone() {
        Consent::Deny => denied(server, &authorization),
        Consent::Auto { user } => match state.agreeing_user(user.as_deref()) {
            Some(user) => {
                visit.user = Some(user.clone());
                grant(state, server, authorization, &user)
            }
            None => refuse("the sandbox has no such user"),
        },
        Consent::Ask => {
            let scopes: Vec<(String, bool)> = authorization.scopes.iter().map(|scope| (scope.clone(), true)).collect();
            let users = PageUser::list(&state.users, None);
            let ticket = state.randomness.text(32);
            state.pending.insert(ticket.clone(), authorization);
            let page = ConsentPage {
                language,
                app: &app.name,
                app_id: &app.id,
                brand: server.door.brand().map_or("", Brand::name),
                action: &server.consent_path,
                ticket: &ticket,
                scopes: &scopes,
                users: &users,
            };
            Reply::html(200, render(&page))
        }
    }
}

/// An error that goes back to the client; `None` where client or redirect URL are in doubt, so that it may go nowhere.
pub(crate) fn turn_back(state: &State, server: &Server, fields: &Fields, error: &str, why: &str) -> Option<Reply> {
    let (app, redirect_uri) = whose(state, server, fields).ok()?;
    let authorization = Authorization {
        door: server.door,
        realm: server.realm.clone(),
        app: app.id,
        redirect_uri,
        scopes: BTreeSet::new(),
        state: fields.get("state").cloned(),
        challenge: None,
    };
    Some(back(server, &authorization, &[("error", error), ("error_description", why)]))
}

/// What a person clicked on the consent page.
pub(crate) fn decide(state: &mut State, server: &Server, request: &Request, visit: &mut Visit) -> Reply {
    let fields = form(request);
    let refuse = |why: &str| refuse(Language::of(request), why, &request.log_id);
    let ticket = fields.get("ticket").filter(|ticket| {
        let pending = state.pending.get(*ticket);
        pending.is_some_and(|pending| pending.door == server.door && pending.realm == server.realm)
    });
    let Some(authorization) = ticket.and_then(|ticket| state.pending.remove(ticket)) else {
        return refuse("this consent page was answered before, or is unknown");
    };
    visit.app = Some(authorization.app.clone());
    if fields.get("decision").map(String::as_str) != Some("allow") {
        return denied(server, &authorization);
    }
    match state.agreeing_user(fields.get("user").map(String::as_str)) {
        Some(user) => {
            visit.user = Some(user.clone());
            grant(state, server, authorization, &user)
        }
        None => refuse("the sandbox has no such user"),
    }
}

/// Client and redirect URL: as long as they are in doubt, nothing is sent anywhere.
fn whose(state: &State, server: &Server, fields: &Fields) -> Result<(App, String), String> {
    let id = fields.get("client_id").ok_or("client_id is missing")?;
    let app = state.apps.get(id).filter(|app| Some(app.brand) == server.door.brand());
    let app = app.ok_or_else(|| format!("there is no client {id}"))?;
    client::permitted(app, server).map_err(|_| format!("{id} may not be used here"))?;
    let redirect_uri = match (fields.get("redirect_uri"), app.redirect_urls.as_slice()) {
        (Some(asked), _) => asked.clone(),
        (None, [only]) => only.clone(),
        (None, _) => return Err("redirect_uri is missing".to_owned()),
    };
    let registered = app.redirect_urls.iter().any(|registered| {
        *registered == redirect_uri || (server.loopback_any_port && same_but_port(registered, &redirect_uri))
    });
    // A fragment is never allowed (RFC 6749 §3.1.2).
    let sound = Url::parse(&redirect_uri).is_ok_and(|url| url.fragment().is_none());
    if registered && sound {
        Ok((app.clone(), redirect_uri))
    } else {
        Err(format!("{redirect_uri} is not registered for {id}"))
    }
}

type Examined = (BTreeSet<String>, Option<Challenge>);

fn examine(server: &Server, app: &App, fields: &Fields) -> Result<Examined, (&'static str, &'static str)> {
    match fields.get("response_type").map(String::as_str) {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "response_type must be code")),
        None => return Err(("invalid_request", "response_type is missing")),
    }
    let scopes = parse_scopes(fields.get("scope").map_or("", String::as_str));
    if !may_ask(app, &scopes) {
        return Err(("invalid_scope", "the client may not ask for one of the scopes"));
    }
    let public = app.client_auth == crate::words::ClientAuth::None;
    let Some(value) = fields.get("code_challenge") else {
        let needed = server.needs_pkce || public || fields.contains_key("code_challenge_method");
        return if needed { Err(("invalid_request", "code_challenge is required")) } else { Ok((scopes, None)) };
    };
    let hashed = match fields.get("code_challenge_method").map_or("plain", String::as_str) {
        "S256" => true,
        "plain" if server.takes_plain_challenge => false,
        _ => return Err(("invalid_request", "code_challenge_method must be S256")),
    };
    if !is_verifier(value) || (hashed && value.len() != 43) {
        return Err(("invalid_request", "code_challenge has a wrong length or character"));
    }
    Ok((scopes, Some(Challenge { value: value.clone(), hashed })))
}

/// Whether an app may ask for scopes. An app of BlueKing without any may ask for all.
pub(super) fn may_ask(app: &App, scopes: &BTreeSet<String>) -> bool {
    (app.brand == Brand::BlueKing && app.scopes.is_empty()) || scopes.is_subset(&app.scopes)
}

pub(super) fn parse_scopes(text: &str) -> BTreeSet<String> {
    text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

fn grant(state: &mut State, server: &Server, authorization: Authorization, user: &str) -> Reply {
    let code = state.randomness.text(43);
    let expires_at = state.clock.now().plus_seconds(server.code_seconds);
    let reply = back(server, &authorization, &[("code", &code)]);
    let code_kept = Code { authorization, user: user.to_owned(), expires_at, used: false, grant: None };
    state.codes.insert(Key::of(&code), code_kept);
    reply
}

fn denied(server: &Server, authorization: &Authorization) -> Reply {
    back(server, authorization, &[("error", "access_denied")])
}

/// Back to the client, with its `state` and, where the server says so, `iss`.
fn back(server: &Server, authorization: &Authorization, pairs: &[(&str, &str)]) -> Reply {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    if let Some(state) = &authorization.state {
        query.append_pair("state", state);
    }
    if let Some(issuer) = &server.issuer {
        query.append_pair("iss", issuer);
    }
    let joint = if authorization.redirect_uri.contains('?') { '&' } else { '?' };
    Reply::redirect(302, &format!("{}{joint}{}", authorization.redirect_uri, query.finish()))
}

fn refuse(language: Language, why: &str, log_id: &str) -> Reply {
    Reply::html(400, render(&ErrorPage::new(language, 400, why, log_id)))
}
