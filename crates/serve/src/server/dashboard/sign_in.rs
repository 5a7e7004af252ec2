//! Signing in by an API key, and out again.
//!
//! Enters: the key, once, in a form that only a page of ours brings along. Leaves: a session that holds the key's id. A session that was there
//! before goes with its cookie, so nobody is given one that somebody else knows (fixation).

use askama::Template;
use http::StatusCode;
use tokenward_core::Code;
use tokenward_words::Language;
use tokio::time::Instant;

use super::super::audit_queue::entry;
use super::super::caller::{Caller, Stranger};
use super::super::problem::Problem;
use super::super::refusal_log;
use super::frame::{Frame, marked};
use super::reply::{ROOT, Reply, own_address};
use super::session::Session;
use super::trouble::Trouble;
use super::visit::Visit;

#[derive(Template)]
#[template(path = "dashboard/sign_in.html")]
struct SignIn {
    frame: Frame,
    l: Language,
    hint: String,
    /// What the form brings along.
    form: String,
    next: String,
    /// Something that is no error.
    told: Option<String>,
    error: Option<String>,
}

/// The form, or the page that somebody wanted who has signed in before.
pub(super) async fn show(visit: Visit) -> Result<Reply, Trouble> {
    let next = visit.field("next").and_then(own_address).unwrap_or(ROOT).to_owned();
    if let Some(key) = visit.session.key()
        && Caller::of_session(key, &visit.server().session).await?.is_some()
    {
        return Ok(Reply::see(next));
    }
    let told = match visit.field("told") {
        Some("ended") => Some(visit.l().page_session_ended()),
        Some("out") => Some(visit.l().page_signed_out()),
        _ => None,
    };
    page(&visit, StatusCode::OK, next, told, None).await
}

async fn page(
    visit: &Visit,
    status: StatusCode,
    next: String,
    told: Option<String>,
    error: Option<String>,
) -> Result<Reply, Trouble> {
    let l = visit.l();
    // One of somebody who was signed in is not kept: its key has ended.
    let fresh = visit.session.key().is_some().then(|| Session::begin(None, &visit.server().session));
    let session = fresh.as_ref().unwrap_or(&visit.session);
    let page = SignIn {
        frame: Frame::stranger(visit, l.page_sign_in()),
        l,
        hint: marked(&l.page_api_key_hint()),
        form: session.form().to_owned(),
        next,
        told,
        error,
    };
    let cookie = session.cookie(visit.place, &visit.server().session).await?;
    Ok(Reply::page(status, &page)?.cookie(cookie))
}

/// Takes the key. An attempt with one that has ended is in the audit trail, as over the API, and so is each that succeeds.
pub(super) async fn sign_in(visit: Visit) -> Result<Reply, Trouble> {
    let next = visit.field("next").and_then(own_address).unwrap_or(ROOT).to_owned();
    let server = visit.server();
    let (session, shown) = (&server.session, visit.field("key").unwrap_or_default());
    let taken = |key| server.rates.take(key, Instant::now(), server.limits.key_rate);
    match Caller::with_key(shown, session, &server.memory).await {
        Ok(mut caller) => {
            if let Some(problem) = caller.take_unasked() {
                return Err(problem.into());
            }
            taken(caller.key()).map_err(Problem::too_often)?;
            server.audit.place()?.write(entry(session.now(), ACT, caller.id(), (None, None), "done"));
            let begun = Session::begin(Some(caller.key()), session);
            Ok(Reply::see(next).cookie(begun.cookie(visit.place, session).await?))
        }
        Err(Stranger { problem, .. }) if problem.code != Code::ApiKeyUnknown => Err(problem.into()),
        Err(Stranger { problem, key }) => {
            refusal_log::tell_of(ACT, key.map(|key| key.to_string()).as_deref(), problem.status, problem.code);
            if let Some(key) = key
                && taken(key).is_ok()
                && let Ok(place) = server.audit.place()
            {
                place.write(entry(session.now(), ACT, key.to_string(), (None, None), problem.code.as_str()));
            }
            let error = Some(visit.l().page_key_refused());
            page(&visit, StatusCode::UNAUTHORIZED, next, None, error).await
        }
    }
}

/// Ends the session in this browser.
pub(super) fn sign_out(visit: &Visit) -> Result<Reply, Trouble> {
    let gone = Session::no_cookie(visit.place)?;
    Ok(Reply::see(format!("{ROOT}/sign-in?told=out")).cookie(gone))
}

/// In the log and in the audit trail.
const ACT: &str = "sign-in";
