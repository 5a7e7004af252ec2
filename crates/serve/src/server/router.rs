//! The routes, as axum takes them, and what is done around each handler: who asks, whether he may, what is written down.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use http::{Method, StatusCode};
use tokenward_core::{Code, ProfileName, Verb};
use tokio::time::Instant;
use uuid::Uuid;

use super::answer::Answer;
use super::audit_queue::entry;
use super::caller::{Caller, Stranger};
use super::dashboard;
use super::parsed_request::Ask;
use super::problem::Problem;
use super::refusal_log;
use super::routes::{Handler, ROUTES, Route};
use super::state::Inner;

pub(super) fn router(inner: &Arc<Inner>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        // Every method of the table is one that there is.
        let Ok(method) = MethodFilter::try_from(route.method.clone()) else { continue };
        let server = Arc::clone(inner);
        let handler = move |path: RawPathParams, request: Request| answer(Arc::clone(&server), route, path, request);
        router = router.route(route.path, on(method, handler));
    }
    if inner.dashboard.is_some() {
        router = router.merge(dashboard::router(inner));
    }
    let (unknown, refused) = (Arc::clone(inner), Arc::clone(inner));
    router
        .fallback(move || async move { excuse(&unknown, Problem::new(StatusCode::NOT_FOUND, Code::ServerRequest)) })
        .method_not_allowed_fallback(move || async move {
            excuse(&refused, Problem::new(StatusCode::METHOD_NOT_ALLOWED, Code::ServerRequest))
        })
}

/// What is answered in clear text by a server that speaks TLS. It redirects nobody: the next request would be sent in clear text too.
pub(super) fn refusal(inner: &Arc<Inner>) -> Router {
    let server = Arc::clone(inner);
    Router::new().fallback(move || async move {
        tracing::warn!("a caller spoke HTTP without TLS: an API key that was in its request should be replaced");
        excuse(&server, Problem::bad_request("this port speaks TLS: use https"))
    })
}

/// Runs a request as a task of its own: a caller that goes away ends nothing.
async fn answer(server: Arc<Inner>, route: &'static Route, path: RawPathParams, request: Request) -> Response {
    let (time, told, begun) = (server.limits.request_time, Arc::clone(&server), Instant::now());
    let named = path.iter().next().map(|(_, value)| value.to_owned());
    let task = tokio::spawn(answered(server, route, named, request));
    let done = match tokio::time::timeout(time, task).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(Problem::internal("the request failed inside the server (a bug)")),
        Err(_) => Err(Problem::busy(Code::StillTurning).detail("the request took too long; what it began goes on")),
    };
    let code = done.as_ref().err().map(|problem| problem.code);
    let response = match done {
        Ok(answer) => answer.response(),
        Err(problem) => excuse(&told, problem),
    };
    let (status, ms) = (response.status().as_u16(), begun.elapsed().as_millis());
    told.counts.answered(route.name, status);
    tracing::info!(route = route.name, status, ms, code = code.map(Code::as_str), "request");
    response
}

async fn answered(
    server: Arc<Inner>,
    route: &'static Route,
    named: Option<String>,
    request: Request,
) -> Result<Answer, Problem> {
    let (head, body) = request.into_parts();
    let ending = head.extensions.get().cloned();
    let (verb, handler) = match route.handler {
        Handler::Browser(_) if head.method == Method::HEAD => {
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, Code::ServerRequest));
        }
        Handler::Open(handler) | Handler::Browser(handler) => {
            let (about, name) = (Arc::default(), Arc::default());
            let ask =
                Ask { server, uri: head.uri, headers: head.headers, named, body: Bytes::new(), about, name, ending };
            return handler(ask).await;
        }
        Handler::Known(verb, handler) => (verb, handler),
    };
    let name = Arc::new(OnceLock::<ProfileName>::new());
    // Only these paths have a name in them.
    if route.path.contains("{grant}")
        && let Some(profile) = named.as_deref().filter(|named| named.parse::<Uuid>().is_err())
        && let Ok(profile) = profile.parse()
    {
        let _ = name.set(profile);
    }
    let mut caller = match Caller::of(&head.headers, &server.session, &server.memory).await {
        Ok(caller) => caller,
        Err(Stranger { problem, key }) => {
            refusal_log::tell(route, key.map(|key| key.to_string()).as_deref(), &problem);
            // No more of them than a good key may cause: they are answered all the same.
            if let Some(key) = key
                && server.rates.take(key, Instant::now(), server.limits.key_rate).is_ok()
                && let Ok(place) = server.audit.place()
            {
                place.write(entry(
                    server.session.now(),
                    route.name,
                    key.to_string(),
                    (None, name.get()),
                    problem.code.as_str(),
                ));
            }
            return Err(problem);
        }
    };
    let taken = server.rates.take(caller.key(), Instant::now(), server.limits.key_rate);
    let taken = taken.map_err(Problem::too_often);
    taken.inspect_err(|problem| refusal_log::tell(route, Some(&caller.id()), problem))?;
    // Its handlers look into the memory themselves.
    if verb != Verb::ReadToken
        && let Some(problem) = caller.take_unasked()
    {
        refusal_log::tell(route, Some(&caller.id()), &problem);
        return Err(problem);
    }
    // A refusal is an entry whatever the route.
    let permitted = caller.must(verb);
    let place = if route.is_audited || permitted.is_err() { Some(server.audit.place()?) } else { None };
    let (who, about) = (caller.id(), Arc::new(OnceLock::new()));
    let (trail, subject, asked_for) = (Arc::clone(&server), Arc::clone(&about), Arc::clone(&name));
    let done = async {
        permitted?;
        let too_long = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Code::ServerRequest);
        let body = to_bytes(body, server.limits.body).await.map_err(too_long)?;
        handler(caller, Ask { server, uri: head.uri, headers: head.headers, named, body, about, name, ending }).await
    }
    .await;
    let done = done.inspect_err(|problem| refusal_log::tell(route, Some(&who), problem));
    if let Some(place) = place {
        let outcome = done.as_ref().map_or_else(|problem| problem.code.as_str(), |_| "done");
        place.write(entry(trail.session.now(), route.name, who, (subject.get().copied(), asked_for.get()), outcome));
    }
    done
}

fn excuse(server: &Inner, problem: Problem) -> Response {
    let words = (server.words)(problem.code);
    problem.response(&words)
}
