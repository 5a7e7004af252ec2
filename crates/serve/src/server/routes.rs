//! Every route: method, path, who may, what it takes and what it gives.
//!
//! The router, the description in OpenAPI and the tests are made from this table. A handler of [`Handler::Known`] takes a
//! [`Caller`](super::caller::Caller); what is open to everybody tells nothing of anybody's login.

use std::future::{Future, ready};
use std::pin::Pin;

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use tokenward_core::Verb;

use super::answer::Answer;
use super::caller::Caller;
use super::parsed_request::Ask;
use super::problem::Problem;
use super::{
    app_list, cookie_logins, events, grant_views as views, grants, health, metrics, tokens, web_logins, webhooks,
};

/// One route.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// Its name in the description and in the audit trail.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) handler: Handler,
    /// Whether each request is in the audit trail.
    pub(super) is_audited: bool,
    /// What stands behind the question mark.
    pub(super) query: Option<Shape>,
    pub(super) body: Option<Shape>,
    pub(super) answer: Option<Shape>,
    /// The statuses of answers that are no problems.
    pub(super) good: &'static [u16],
    /// The statuses of problems, beside those that every route has.
    pub(super) bad: &'static [u16],
}

/// Who may ask, and what is done.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Everybody.
    Open(fn(Ask) -> Answering),
    /// The browser of somebody who logs in. It takes a step of the login, so it asks by `GET` alone: a `HEAD`, as programs send to look
    /// where a link leads, changes nothing (RFC 9110 §9.2.1).
    Browser(fn(Ask) -> Answering),
    /// Who has a key with this verb.
    Known(Verb, fn(Caller, Ask) -> Answering),
}

pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// The shape of a type.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

fn named<T: JsonSchema>(shapes: &mut SchemaGenerator) -> Schema {
    shapes.subschema_for::<T>()
}

fn inline<T: JsonSchema>(shapes: &mut SchemaGenerator) -> Schema {
    T::json_schema(shapes)
}

/// What tests and tools have to know of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFacts {
    /// Its method.
    pub method: Method,
    /// Its path, with `{grant}` for the name or the id of a login.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What a key must permit; `None` for a route that is open to everybody.
    pub verb: Option<Verb>,
    /// Whether each request is in the audit trail.
    pub is_audited: bool,
}

/// Every route.
pub fn route_facts() -> impl Iterator<Item = RouteFacts> {
    ROUTES.iter().map(|route| RouteFacts {
        method: route.method.clone(),
        path: route.path,
        name: route.name,
        verb: match route.handler {
            Handler::Open(_) | Handler::Browser(_) => None,
            Handler::Known(verb, _) => Some(verb),
        },
        is_audited: route.is_audited,
    })
}

pub(super) static ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/v1/apps",
        name: "list-apps",
        summary: "The apps of the settings that the key is for",
        handler: Handler::Known(Verb::ReadGrants, |caller, ask| Box::pin(ready(app_list::list(&caller, &ask)))),
        is_audited: false,
        query: None,
        body: None,
        answer: Some(named::<app_list::AppList>),
        good: &[200],
        bad: &[],
    },
    Route {
        method: Method::GET,
        path: "/v1/grants",
        name: "list-grants",
        summary: "The logins that the key is for, oldest first, a page at a time; a page may be short although there is another one",
        handler: Handler::Known(Verb::ReadGrants, |caller, ask| Box::pin(grants::list(caller, ask))),
        is_audited: false,
        query: Some(inline::<grants::GrantsQuery>),
        body: None,
        answer: Some(named::<views::GrantList>),
        good: &[200],
        bad: &[400],
    },
    Route {
        method: Method::POST,
        path: "/v1/grants",
        name: "import-grant",
        summary: "Take over a login that is elsewhere now; whoever had it must stop refreshing it",
        handler: Handler::Known(Verb::ImportGrants, |caller, ask| Box::pin(grants::import(caller, ask))),
        is_audited: true,
        query: None,
        body: Some(named::<grants::Import>),
        answer: Some(named::<views::GrantView>),
        good: &[200, 201],
        bad: &[400, 404, 409, 413, 502],
    },
    Route {
        method: Method::GET,
        path: "/v1/grants/{grant}",
        name: "get-grant",
        summary: "One login with its history, newest first",
        handler: Handler::Known(Verb::ReadGrants, |caller, ask| Box::pin(grants::get(caller, ask))),
        is_audited: false,
        query: Some(inline::<grants::GrantQuery>),
        body: None,
        answer: Some(named::<views::GrantWithHistory>),
        good: &[200],
        bad: &[400, 404],
    },
    Route {
        method: Method::DELETE,
        path: "/v1/grants/{grant}",
        name: "retire-grant",
        summary: "End a login: its tokens are deleted, its record is kept",
        handler: Handler::Known(Verb::RetireGrants, |caller, ask| Box::pin(grants::retire(caller, ask))),
        is_audited: true,
        query: Some(inline::<grants::RetireQuery>),
        body: None,
        answer: Some(named::<grants::Retired>),
        good: &[200],
        bad: &[400, 404, 409, 502],
    },
    Route {
        method: Method::GET,
        path: "/v1/grants/{grant}/token",
        name: "read-token",
        summary: "An access token that is good now; refreshed first where that is due",
        handler: Handler::Known(Verb::ReadToken, |caller, ask| Box::pin(tokens::read(caller, ask))),
        is_audited: true,
        query: Some(inline::<tokens::TokenQuery>),
        body: None,
        answer: Some(named::<tokens::TokenView>),
        good: &[200, 304],
        bad: &[400, 404, 409, 502],
    },
    Route {
        method: Method::POST,
        path: "/v1/grants/{grant}/token/refused",
        name: "report-refused-token",
        summary: "Say that the API refused a token, and get a newer one",
        handler: Handler::Known(Verb::ReadToken, |caller, ask| Box::pin(tokens::refused(caller, ask))),
        is_audited: true,
        query: None,
        body: Some(named::<tokens::RefusedToken>),
        answer: Some(named::<tokens::TokenView>),
        good: &[200],
        bad: &[400, 404, 409, 413, 502],
    },
    Route {
        method: Method::POST,
        path: "/v1/grants/{grant}/token/refresh",
        name: "refresh-token",
        summary: "Refresh the login now, whatever the life of its token",
        handler: Handler::Known(Verb::RefreshToken, |caller, ask| Box::pin(tokens::refresh(caller, ask))),
        is_audited: true,
        query: None,
        body: None,
        answer: Some(named::<tokens::TokenView>),
        good: &[200],
        bad: &[404, 409, 502],
    },
    Route {
        method: Method::POST,
        path: "/v1/logins",
        name: "open-login",
        summary: "Open a login for a user of yours, who makes it in a browser",
        handler: Handler::Known(Verb::Login, |caller, ask| Box::pin(web_logins::open(caller, ask))),
        is_audited: true,
        query: None,
        body: Some(named::<web_logins::OpenLogin>),
        answer: Some(named::<web_logins::OpenedLogin>),
        good: &[201],
        bad: &[400, 404, 413],
    },
    Route {
        method: Method::POST,
        path: "/v1/logins/cookie",
        name: "log-in-by-cookie",
        summary: "Log a user of yours in by the login cookies of their browser, where the provider has no login page (BlueKing)",
        handler: Handler::Known(Verb::Login, |caller, ask| Box::pin(cookie_logins::log_in(caller, ask))),
        is_audited: true,
        query: None,
        body: Some(named::<cookie_logins::CookieLogin>),
        answer: Some(named::<views::GrantView>),
        good: &[200],
        bad: &[400, 404, 409, 413, 502],
    },
    Route {
        method: Method::GET,
        path: "/v1/logins/{login}",
        name: "get-login",
        summary: "How a login stands that you have opened",
        handler: Handler::Known(Verb::Login, |caller, ask| Box::pin(web_logins::get(caller, ask))),
        is_audited: false,
        query: None,
        body: None,
        answer: Some(named::<web_logins::WebLoginView>),
        good: &[200],
        bad: &[404],
    },
    Route {
        method: Method::GET,
        path: "/login/{ticket}",
        name: "begin-login",
        summary: "For a browser: to the provider's page",
        handler: Handler::Browser(|ask| Box::pin(web_logins::begin(ask))),
        is_audited: false,
        query: None,
        body: None,
        answer: None,
        good: &[302],
        bad: &[403, 404, 410, 502, 503],
    },
    Route {
        method: Method::GET,
        path: "/callback",
        name: "finish-login",
        summary: "For a browser that comes back from the provider's page: to the return address, with `login` and `status`",
        handler: Handler::Browser(|ask| Box::pin(web_logins::finish(ask))),
        is_audited: false,
        query: None,
        body: None,
        answer: None,
        good: &[302],
        bad: &[403, 404, 410, 503],
    },
    Route {
        method: Method::GET,
        path: "/v1/events",
        name: "list-events",
        summary: "What happened to the logins that the key is for: a page, or with `Accept: text/event-stream` a stream of what happens, which goes on after `Last-Event-ID`",
        handler: Handler::Known(Verb::ReadEvents, |caller, ask| Box::pin(events::list(caller, ask))),
        is_audited: false,
        query: Some(inline::<events::EventsQuery>),
        body: None,
        answer: Some(named::<events::EventList>),
        good: &[200],
        bad: &[400],
    },
    Route {
        method: Method::GET,
        path: "/v1/webhooks/failed",
        name: "list-failed-deliveries",
        summary: "Events of logins that the key is for that a receiver has not taken, and that are not sent again by themselves",
        handler: Handler::Known(Verb::ManageWebhooks, |caller, ask| Box::pin(webhooks::failed(caller, ask))),
        is_audited: false,
        query: Some(inline::<webhooks::FailedQuery>),
        body: None,
        answer: Some(named::<webhooks::FailedList>),
        good: &[200],
        bad: &[400],
    },
    Route {
        method: Method::POST,
        path: "/v1/webhooks/failed/{delivery}/resend",
        name: "resend-delivery",
        summary: "Send one of them again, as if it were new",
        handler: Handler::Known(Verb::ManageWebhooks, |caller, ask| Box::pin(webhooks::resend(caller, ask))),
        is_audited: true,
        query: None,
        body: None,
        answer: Some(named::<webhooks::Resent>),
        good: &[200],
        bad: &[404],
    },
    Route {
        method: Method::GET,
        path: "/v1/openapi.json",
        name: "describe",
        summary: "This description",
        handler: Handler::Open(|ask| Box::pin(ready(Answer::ok(&ask.server.description)))),
        is_audited: false,
        query: None,
        body: None,
        answer: None,
        good: &[200],
        bad: &[],
    },
    Route {
        method: Method::GET,
        path: "/metrics",
        name: "read-metrics",
        summary: "What this node counts, in the text format of Prometheus",
        handler: Handler::Known(Verb::ReadMetrics, |caller, ask| Box::pin(metrics::read(caller, ask))),
        is_audited: false,
        query: None,
        body: None,
        answer: None,
        good: &[200],
        bad: &[],
    },
    Route {
        method: Method::GET,
        path: "/livez",
        name: "is-alive",
        summary: "Whether the process answers",
        handler: Handler::Open(|_| Box::pin(async { Answer::ok(&health::Health::ok()) })),
        is_audited: false,
        query: None,
        body: None,
        answer: Some(named::<health::Health>),
        good: &[200],
        bad: &[],
    },
    Route {
        method: Method::GET,
        path: "/readyz",
        name: "is-ready",
        summary: "Whether the store answers and can be written, and the server is not about to end",
        handler: Handler::Open(|ask| Box::pin(health::ready(ask))),
        is_audited: false,
        query: None,
        body: None,
        answer: Some(named::<health::Health>),
        good: &[200],
        bad: &[503],
    },
];
