//! What is around each page: who looks, from where, whether a form is one of ours, whether the key may, what is written down, and the headers
//! of every answer. A page is made here or not at all, so none is without them.
//!
//! A form is taken where its sender is a page of ours, as far as the browser says, and brings along what only the session's own pages know. The
//! session's cookie comes with no request of another site (`SameSite=Strict`). A refusal of a known key is in the audit trail, as over the API.

use std::sync::{Arc, OnceLock};

use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokenward_core::{Code, ProfileName, Verb};
use tokio::time::Instant;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::super::audit_queue::entry;
use super::super::caller::Caller;
use super::super::parsed_request::Ask;
use super::super::problem::Problem;
use super::super::refusal_log;
use super::super::state::Inner;
use super::frame::{Frame, Here, Nav, language};
use super::page::{Handler, Page, Showing};
use super::place::{Place, is_foreign};
use super::reply::{ROOT, Reply, own_address};
use super::session::{Brought, Session};
use super::trouble::Trouble;
use super::visit::{Fields, Look, Visit};

/// Runs a request as a task of its own: a browser that goes away ends nothing.
pub(super) async fn answer(server: Arc<Inner>, page: &'static Page, path: RawPathParams, request: Request) -> Response {
    let (time, begun) = (server.limits.request_time, Instant::now());
    let named = path.iter().next().map(|(_, value)| value.to_owned());
    let (head, body) = request.into_parts();
    let (look, chosen) = look(&head);
    let task = tokio::spawn(run(Arc::clone(&server), page, named, (head, body), look.clone()));
    let reply = match tokio::time::timeout(time, task).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) => told(&look, &Problem::internal("the request failed inside the server (a bug)").into(), None),
        Err(_) => told(&look, &Problem::busy(Code::StillTurning).into(), None),
    };
    let reply = chosen.into_iter().fold(reply, Reply::cookie);
    let (status, ms) = (reply.status.as_u16(), begun.elapsed().as_millis());
    server.counts.answered(page.name, status);
    tracing::info!(route = page.name, status, ms, "request");
    let policy = server.dashboard.as_ref().map(|dashboard| &dashboard.policy);
    reply.response(policy)
}

/// In which language, and where it is looked at again: what a form has done is not.
fn look(head: &Parts) -> (Look, Option<HeaderValue>) {
    let query = head.uri.query().unwrap_or_default();
    let (language, chosen) = language(&head.headers, query);
    let address = head.uri.path_and_query().filter(|_| head.method != Method::POST);
    let address = address.map_or(ROOT, |address| address.as_str());
    (Look { language, address: own_address(address).unwrap_or(ROOT).to_owned() }, chosen)
}

async fn run(
    server: Arc<Inner>,
    page: &'static Page,
    named: Option<String>,
    request: (Parts, Body),
    look: Look,
) -> Reply {
    let mut nav = None;
    let done = match page.handler {
        Handler::Fixed(reply) => Ok(reply()),
        Handler::Stranger(_) | Handler::Known(..) => looked(server, page, named, request, &look, &mut nav).await,
    };
    done.unwrap_or_else(|trouble| told(&look, &trouble, nav))
}

/// Who looks, from where, and with which form.
async fn looked(
    server: Arc<Inner>,
    page: &'static Page,
    named: Option<String>,
    (head, body): (Parts, Body),
    look: &Look,
    nav: &mut Option<Nav>,
) -> Result<Reply, Trouble> {
    let place = Place::of(&head.headers, &server);
    if place == Place::Open {
        return Err(Trouble::NotEncrypted);
    }
    let is_form = head.method == Method::POST;
    if is_form && is_foreign(&head.headers) {
        refusal_log::tell_of(page.name, None, StatusCode::FORBIDDEN, Code::ServerRequest);
        return Err(Trouble::ForeignForm);
    }
    let brought = Session::of(&head.headers, place, &server.session).await?;
    let (is_new, has_ended) = (!matches!(brought, Brought::Session(_)), matches!(brought, Brought::Ended));
    let session = match brought {
        Brought::Session(session) => session,
        Brought::Ended | Brought::Nothing => Session::begin(None, &server.session),
    };
    let fields = if is_form {
        form(&head.headers, body, server.limits.body).await?
    } else {
        pairs(head.uri.query().unwrap_or_default().as_bytes())
    };
    let (about, name) = (Arc::default(), Arc::new(OnceLock::new()));
    // Only these paths have a name in them.
    if page.path.contains("{grant}")
        && let Some(profile) = named.as_deref().filter(|named| named.parse::<Uuid>().is_err())
        && let Ok(profile) = profile.parse::<ProfileName>()
    {
        let _ = name.set(profile);
    }
    let ending = head.extensions.get().cloned();
    let ask = Ask { server, uri: head.uri, headers: head.headers, named, body: Bytes::new(), about, name, ending };
    let visit = Visit { ask, look: look.clone(), place, session, has_ended, fields };
    if is_form && !visit.field(FORM).is_some_and(|brought| !is_new && visit.session.has_form(brought)) {
        return match page.handler {
            Handler::Known(..) if is_new => Ok(visit.sign_in(has_ended)),
            _ => Err(Trouble::OldForm),
        };
    }
    match page.handler {
        Handler::Fixed(reply) => Ok(reply()),
        Handler::Stranger(handler) => handler(visit).await,
        Handler::Known(verb, handler) => known(page, (verb, handler), visit, is_form, nav).await,
    }
}

/// What somebody is shown who has signed in: as the key is now.
async fn known(
    page: &'static Page,
    (verb, handler): (Option<Verb>, fn(Caller, Visit) -> Showing),
    visit: Visit,
    is_form: bool,
    nav: &mut Option<Nav>,
) -> Result<Reply, Trouble> {
    let server = Arc::clone(&visit.ask.server);
    let Some(key) = visit.session.key() else { return Ok(visit.sign_in(visit.has_ended)) };
    let act = page.act.unwrap_or(page.name);
    let (about, name) = (Arc::clone(&visit.ask.about), Arc::clone(&visit.ask.name));
    let taken = |key| server.rates.take(key, Instant::now(), server.limits.key_rate);
    let Some(caller) = Caller::of_session(key, &server.session).await? else {
        refusal_log::tell_of(page.name, Some(&key.to_string()), StatusCode::UNAUTHORIZED, Code::ApiKeyUnknown);
        // As over the API: no more of them than a good key may cause.
        if taken(key).is_ok()
            && let Ok(place) = server.audit.place()
        {
            let outcome = Code::ApiKeyUnknown.as_str();
            place.write(entry(server.session.now(), act, key.to_string(), (None, name.get()), outcome));
        }
        return Ok(visit.sign_in(true).cookie(Session::no_cookie(visit.place)?));
    };
    taken(key).map_err(Problem::too_often)?;
    *nav = Some(Nav::of(&visit, &caller));
    let seen = match visit.session.seen_again(server.session.now()) {
        Some(seen) => Some(seen.cookie(visit.place, &server.session).await?),
        None => None,
    };
    let lacking = verb.filter(|verb| !caller.may(*verb));
    let place = if page.act.is_some() || lacking.is_some() { Some(server.audit.place()?) } else { None };
    let done = match lacking {
        Some(verb) => Err(Trouble::Lacks(verb)),
        None => handler(caller, visit).await,
    };
    if let Err(trouble) = &done
        && (is_form || matches!(trouble.status().as_u16(), 401 | 403 | 500..))
    {
        refusal_log::tell_of(page.name, Some(&key.to_string()), trouble.status(), trouble.code());
    }
    if let Some(place) = place {
        let outcome = done.as_ref().map_or_else(|trouble| trouble.code().as_str(), |_| "done");
        place.write(entry(server.session.now(), act, key.to_string(), (about.get().copied(), name.get()), outcome));
    }
    Ok(seen.into_iter().fold(done?, Reply::cookie))
}

/// A trouble as a page.
fn told(look: &Look, trouble: &Trouble, nav: Option<Nav>) -> Reply {
    let frame = |title| Frame::new(look.language, &look.address, nav, Here::Elsewhere, title);
    let page = trouble.page(look.language, frame);
    let shown = Reply::page(trouble.status(), &page);
    // A template of ours that cannot be filled in is a bug, and the status is told all the same.
    shown.unwrap_or_else(|problem| Reply::bare(problem.status)).retry_after(trouble.retry_after())
}

/// The fields of a form.
async fn form(headers: &HeaderMap, body: Body, most: usize) -> Result<Fields, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::bad_request("the body is no form"));
    }
    let too_long = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Code::ServerRequest);
    Ok(pairs(&to_bytes(body, most).await.map_err(too_long)?))
}

fn pairs(text: &[u8]) -> Fields {
    let pairs = url::form_urlencoded::parse(text);
    pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect()
}

/// What a form brings along so that it is known as one of the session's.
pub(super) const FORM: &str = "form";
