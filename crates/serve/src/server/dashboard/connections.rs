//! Logins that are opened from here for a user, who makes them in a browser: what a back end does over the API (`web_logins.rs`).
//!
//! The browser comes back to a page of ours that needs no session: it comes from the provider, and the session's cookie comes with no request
//! of another site. That page leads on to the one that says how it went, which only the key is shown that opened the login.

use askama::Template;
use http::StatusCode;
use tokenward::{Error, ResolvedProfile};
use tokenward_core::{Code, ProfileName, UserName, WebLoginId, WebLoginPhase, visible};
use tokenward_words::{Language, happened};

use super::super::caller::Caller;
use super::super::problem::Problem;
use super::super::web_logins;
use super::frame::{Frame, Here, Moment};
use super::logins;
use super::reply::{ROOT, Reply};
use super::trouble::Trouble;
use super::visit::Visit;

/// Opens one for a user by the name that a site has for them.
pub(super) async fn open(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let bad = |what: String| Problem::new(StatusCode::BAD_REQUEST, Code::ServerRequest).detail(what);
    let base: ProfileName =
        visit.field("profile").unwrap_or_default().parse().map_err(|_| bad("profile cannot be used".to_owned()))?;
    if base.as_str() != base.base() {
        return Err(bad("profile cannot be used".to_owned()).into());
    }
    let user: UserName = visit.field("user").unwrap_or_default().parse().map_err(|_| bad(visit.l().page_bad_user()))?;
    opened(&caller, &visit, base.of_site_user(&user)).await
}

/// Opens one for a login that is there: under its name, and the engine sees to it that it is the same user's.
pub(super) async fn open_again(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let grant = visit.ask.grant(&caller).await?;
    let profile = grant.profile.ok_or_else(Problem::no_such_grant)?;
    opened(&caller, &visit, profile).await
}

async fn opened(caller: &Caller, visit: &Visit, profile: ProfileName) -> Result<Reply, Trouble> {
    visit.ask.names(&profile);
    let resolved = visit.server().session.settings().profile(Some(&profile)).map_err(Error::from)?;
    if !caller.has_profile(&resolved.app_name, &profile) {
        return Err(Problem::new(StatusCode::NOT_FOUND, Code::UnknownProfile).into());
    }
    if !web_logins::is_for_browsers(&resolved) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, Code::ReturnNotAllowed).into());
    }
    let back = back_to(&resolved)?;
    let (login, _) = web_logins::opened(&visit.ask, caller, resolved, profile, back).await?;
    Ok(Reply::see(address(login.id)))
}

/// Where its browser comes back to: a page of ours, at the address at which the world knows this server.
fn back_to(resolved: &ResolvedProfile) -> Result<String, Problem> {
    web_logins::public(resolved, "dashboard/connected").map(|url| url.to_string())
}

fn address(login: WebLoginId) -> String {
    format!("{ROOT}/connections/{login}")
}

#[derive(Template)]
#[template(path = "dashboard/connection.html")]
struct Connection {
    frame: Frame,
    l: Language,
    title: String,
    /// `good`, `need`, `busy` or `due`.
    kind: &'static str,
    told: String,
    next: Option<String>,
    /// Where a browser begins.
    begin: Option<String>,
    is_under_way: bool,
    here: String,
    /// The login that was made.
    made: Option<String>,
}

/// How one stands.
pub(super) async fn show(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let l = visit.l();
    let (login, secret) = web_logins::of_caller(&visit.ask, &caller).await?;
    let now = visit.server().session.now();
    let is_over = now >= login.ends;
    let title = l.page_connection_of(visible(login.profile.as_str()));
    let mut shown = Connection {
        frame: Frame::known(&visit, &caller, Here::Elsewhere, title.clone()),
        l,
        title,
        kind: "busy",
        told: String::new(),
        next: None,
        begin: None,
        is_under_way: false,
        here: address(login.id),
        made: None,
    };
    match &login.phase {
        WebLoginPhase::Open | WebLoginPhase::Started if is_over => {
            (shown.kind, shown.told) = ("need", l.page_connection_over());
        }
        WebLoginPhase::Open => {
            (shown.kind, shown.told) = ("due", l.page_connection_open());
            shown.next = Some(l.page_connection_open_next(Moment::of(login.ends, now, l).full));
            shown.begin = Some(web_logins::address(&visit.ask, &login, &secret)?.to_string());
            shown.is_under_way = true;
        }
        WebLoginPhase::Started => (shown.told, shown.is_under_way) = (l.page_connection_started(), true),
        WebLoginPhase::Exchanging(_) => (shown.told, shown.is_under_way) = (l.page_connection_working(), true),
        WebLoginPhase::Done(grant) => {
            (shown.kind, shown.told) = ("good", l.page_connection_done());
            shown.made = Some(logins::address(*grant));
        }
        WebLoginPhase::Denied => (shown.kind, shown.told) = ("need", l.page_connection_denied()),
        WebLoginPhase::Failed(code) => {
            let code = Code::ALL.iter().find(|known| known.as_str() == code).copied().unwrap_or(Code::Internal);
            (shown.kind, shown.told) = ("need", l.page_connection_failed(l.of(happened(code))));
            shown.next = Some(l.page_code(code));
        }
    }
    Ok(Reply::ok(&shown)?)
}

#[derive(Template)]
#[template(path = "dashboard/connected.html")]
struct Connected {
    frame: Frame,
    l: Language,
    result: String,
}

/// Where a browser comes back to from the provider. It says nothing of the login, since anybody can come here.
pub(super) fn back(visit: &Visit) -> Result<Reply, Trouble> {
    let l = visit.l();
    let login = visit.field("login").and_then(|login| login.parse::<WebLoginId>().ok());
    let result = login.map_or_else(|| ROOT.to_owned(), address);
    let shown = Connected { frame: Frame::stranger(visit, l.page_connection_back()), l, result };
    Ok(Reply::ok(&shown)?)
}
