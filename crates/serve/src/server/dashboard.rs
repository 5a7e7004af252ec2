//! The dashboard: the server's pages for people (design/0014-server.md).
//!
//! What enters: a browser with a session, which is begun with an API key. What leaves: pages of what that key may see, and what it may do as
//! forms. They are made of the same functions as the answers of the API, so nobody sees or does more here than there, and no token is in any
//! page (I4). Each page is a row of [`PAGES`]; what is around all of them is in [`guard`]. Nothing of a page needs a script, and none is
//! permitted to run.

mod actions;
mod apps;
mod attention;
mod chart;
mod connections;
mod frame;
mod guard;
mod history;
mod login;
mod logins;
mod overview;
mod page;
mod place;
mod reply;
mod session;
mod sign_in;
mod state;
mod trouble;
mod visit;

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::routing::{MethodFilter, on};
use http::Method;
use tokenward::ServerSession;
use tokenward_core::Verb;

use super::kept_counts::KeptCounts;
use super::state::{Dashboard, Inner};
use super::web_logins;

use page::{Handler, Page, read, shown, taken};
use reply::{ROOT, Reply};
use trouble::Trouble;

/// What tests have to know of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFacts {
    /// Its method.
    pub method: Method,
    /// Its path, with `{grant}` for the name or the id of a login.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether somebody has to be signed in.
    pub is_known: bool,
    /// What a key must permit.
    pub verb: Option<Verb>,
    /// What it is in the audit trail.
    pub act: Option<&'static str>,
}

/// Every page.
pub fn page_facts() -> impl Iterator<Item = PageFacts> {
    PAGES.iter().map(|page| PageFacts {
        method: page.method.clone(),
        path: page.path,
        name: page.name,
        is_known: matches!(page.handler, Handler::Known(..)),
        verb: match page.handler {
            Handler::Known(verb, _) => verb,
            _ => None,
        },
        act: page.act,
    })
}

/// What is the same for every page.
pub(super) fn prepared(session: &ServerSession) -> Dashboard {
    let settings = session.settings();
    let resolved = settings.profiles().filter_map(|(profile, _)| settings.profile(Some(profile)).ok());
    let leading_here = resolved.filter(web_logins::is_for_browsers);
    let public = leading_here.map(|resolved| resolved.redirect_uri.url().clone());
    let public = public.filter(|url| url.scheme() == "https").map(|url| url.origin()).collect();
    Dashboard { policy: reply::policy(frame::STYLE), public, begun: session.now(), left: KeptCounts::default() }
}

/// The pages, as axum takes them.
pub(super) fn router(inner: &Arc<Inner>) -> Router {
    let mut router = Router::new();
    for page in PAGES {
        // Every method of the table is one that there is.
        let Ok(method) = MethodFilter::try_from(page.method.clone()) else { continue };
        let server = Arc::clone(inner);
        let handler =
            move |path: RawPathParams, request: Request| guard::answer(Arc::clone(&server), page, path, request);
        router = router.route(page.path, on(method, handler));
    }
    router
}

static PAGES: &[Page] = &[
    shown("/", "page-root", Handler::Fixed(|| Reply::see(ROOT))),
    shown("/dashboard/icon.svg", "page-icon", Handler::Fixed(|| Reply::picture(ICON))),
    shown("/dashboard/sign-in", "page-sign-in", Handler::Stranger(|visit| Box::pin(sign_in::show(visit)))),
    taken("/dashboard/sign-in", "page-sign-in", None, Handler::Stranger(|visit| Box::pin(sign_in::sign_in(visit)))),
    // What takes a form is gone to by hand, too.
    shown("/dashboard/sign-out", "page-sign-out", Handler::Fixed(|| Reply::see(ROOT))),
    taken(
        "/dashboard/sign-out",
        "page-sign-out",
        None,
        Handler::Stranger(|visit| Box::pin(ready(sign_in::sign_out(&visit)))),
    ),
    shown("/dashboard", "page-overview", Handler::Known(None, |caller, visit| Box::pin(overview::show(caller, visit)))),
    shown("/dashboard/attention", "page-attention", read(|caller, visit| Box::pin(attention::show(caller, visit)))),
    shown("/dashboard/apps", "page-apps", read(|caller, visit| Box::pin(ready(apps::show(&caller, &visit))))),
    shown("/dashboard/logins", "page-logins", read(|caller, visit| Box::pin(logins::show(caller, visit)))),
    shown("/dashboard/logins/{grant}", "page-login", read(|caller, visit| Box::pin(login::show(caller, visit)))),
    shown("/dashboard/logins/{grant}/refresh", "page-refresh", Handler::Fixed(|| Reply::see("/dashboard/logins"))),
    taken(
        "/dashboard/logins/{grant}/refresh",
        "page-refresh",
        Some("refresh-token"),
        Handler::Known(Some(Verb::RefreshToken), |caller, visit| Box::pin(actions::refresh(caller, visit))),
    ),
    shown(
        "/dashboard/logins/{grant}/end",
        "page-end",
        Handler::Known(Some(Verb::RetireGrants), |caller, visit| Box::pin(actions::ask_to_end(caller, visit))),
    ),
    taken(
        "/dashboard/logins/{grant}/end",
        "page-end",
        Some("retire-grant"),
        Handler::Known(Some(Verb::RetireGrants), |caller, visit| Box::pin(actions::end(caller, visit))),
    ),
    shown("/dashboard/logins/{grant}/connect", "page-connect", Handler::Fixed(|| Reply::see("/dashboard/logins"))),
    taken(
        "/dashboard/logins/{grant}/connect",
        "page-connect",
        Some("open-login"),
        Handler::Known(Some(Verb::Login), |caller, visit| Box::pin(connections::open_again(caller, visit))),
    ),
    shown("/dashboard/connections", "page-connections", Handler::Fixed(|| Reply::see("/dashboard/apps"))),
    taken(
        "/dashboard/connections",
        "page-connections",
        Some("open-login"),
        Handler::Known(Some(Verb::Login), |caller, visit| Box::pin(connections::open(caller, visit))),
    ),
    shown(
        "/dashboard/connections/{login}",
        "page-connection",
        Handler::Known(Some(Verb::Login), |caller, visit| Box::pin(connections::show(caller, visit))),
    ),
    shown(
        "/dashboard/connected",
        "page-connected",
        Handler::Stranger(|visit| Box::pin(ready(connections::back(&visit)))),
    ),
    shown("/dashboard/{*rest}", "page-unknown", Handler::Stranger(|_| Box::pin(ready(Err(Trouble::NoPage))))),
];

const ICON: &str = include_str!("../../templates/dashboard/icon.svg");
