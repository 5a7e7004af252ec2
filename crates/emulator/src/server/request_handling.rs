//! The way of a request: struck by a fault or not, processed, written into the history.
//!
//! Enters: a request, whole. Leaves: its answer, or what a fault leaves of it. Whether the answer left is written into the history
//! *before* the client can have seen it.

use std::time::Duration;

use serde_json::json;

use crate::book::{Delivery, Event, KeptRequest, Visit};
use crate::dialects::{self, RATE_LIMITED};
use crate::faults::{ErrorShape, Fault, FaultKind, Stage, alter};
use crate::memory::State;
use crate::server::response_body_stream::Closed;
use crate::server::shared::Shared;
use crate::words::{Brand, Endpoint, Reply, Request};

/// An answer, how much of it leaves, and the history's line about it.
pub(super) struct Outcome {
    pub(super) reply: Reply,
    pub(super) cut: Option<usize>,
    pub(super) sequence: Option<u64>,
}

pub(super) async fn handle(shared: &Shared, request: Request) -> Result<Outcome, Closed> {
    let Some(endpoint) = Endpoint::find(request.door, &request.method, &request.path) else {
        let reply = stamp(shared, request.brand, Reply::not_found(), &request.log_id);
        return Ok(Outcome { reply, cut: None, sequence: None });
    };
    let (fault, before, after) = {
        let mut state = shared.lock();
        let operation = dialects::preview(&state, endpoint, &request).operation;
        let fault = state.faults.strike(endpoint, operation, &request);
        let paced = |milliseconds: u64| Duration::from_millis(if endpoint.is_machine() { milliseconds } else { 0 });
        (fault, paced(state.rules.latency_before_ms), paced(state.rules.latency_after_ms))
    };
    let early = fault.as_ref().filter(|fault| fault.effective_stage() == Stage::Before);
    let late = fault.as_ref().filter(|fault| fault.effective_stage() == Stage::After);
    pause(shared, before, early).await;

    let (sequence, reply) = {
        let mut state = shared.lock();
        let mut visit = dialects::preview(&state, endpoint, &request);
        visit.fault = fault.as_ref().map(|fault| fault.kind.name().to_owned());
        let reply = match early {
            Some(Fault { kind: FaultKind::Drop, .. }) => None,
            Some(fault) => match substitute(&fault.kind, &visit, &request.log_id) {
                Some(reply) => {
                    match &fault.kind {
                        FaultKind::Code { code, .. } => visit.code = Some(*code),
                        FaultKind::Error { error, .. } => visit.error = Some(error.clone()),
                        _ => {}
                    }
                    Some(reply)
                }
                None => Some(admit(&mut state, endpoint, &request, &mut visit)),
            },
            None => Some(admit(&mut state, endpoint, &request, &mut visit)),
        };
        visit.status = reply.as_ref().map(|reply| reply.status);
        visit.left = if reply.is_some() { Delivery::Pending } else { Delivery::Dropped };
        let sequence = state.remember(Event::Request(visit.clone()));
        if state.rules.keep_requests {
            let kept = KeptRequest::new(sequence, &request.heard, &request.body);
            state.requests.push(kept);
        }
        (sequence, reply.map(|reply| (reply, visit)))
    };
    let Some((reply, visit)) = reply else {
        return Err(Closed);
    };

    pause(shared, after, late).await;
    let (reply, cut, left) = match late.map(|fault| &fault.kind) {
        Some(FaultKind::Drop) => {
            shared.lock().history.set_left(sequence, Delivery::Dropped);
            return Err(Closed);
        }
        Some(FaultKind::Cut { bytes }) => (reply, Some(*bytes), Delivery::Cut),
        Some(FaultKind::Odd { answer }) => (alter(reply, *answer), None, Delivery::Whole),
        Some(kind) => match substitute(kind, &visit, &request.log_id) {
            Some(reply) => (reply, None, Delivery::Replaced),
            None => (reply, None, Delivery::Whole),
        },
        None => (reply, None, Delivery::Whole),
    };
    let reply = stamp(shared, request.brand, reply, &request.log_id);
    // Written down before the client can have seen it, so that nobody who holds an answer reads "pending".
    shared.lock().history.set_left(sequence, left);
    Ok(Outcome { reply, cut, sequence: (left == Delivery::Whole).then_some(sequence) })
}

/// Latency, and faults that only wait.
async fn pause(shared: &Shared, latency: Duration, fault: Option<&Fault>) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match fault.map(|fault| &fault.kind) {
        Some(FaultKind::Delay { milliseconds }) => tokio::time::sleep(Duration::from_millis(*milliseconds)).await,
        Some(FaultKind::Hang) => shared.hang().await,
        Some(FaultKind::Overtaken { by }) => shared.be_overtaken(*by).await,
        _ => {}
    }
}

/// Processes a request that the rate limit lets through.
fn admit(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    let app = visit.app.clone().or_else(|| request.bearer().map(str::to_owned)).unwrap_or_default();
    if let Some((limit, seconds)) = state.limit(endpoint, &app).filter(|_| endpoint.is_machine()) {
        visit.code = Some(RATE_LIMITED);
        return dialects::limited(request.brand, limit.per_second, seconds, &request.log_id);
    }
    dialects::process(state, endpoint, request, visit)
}

/// The answer that a fault puts in the place of the true one, if it is of that kind.
fn substitute(kind: &FaultKind, visit: &Visit, log_id: &str) -> Option<Reply> {
    match kind {
        FaultKind::Code { code, status } => {
            Some(dialects::refuse(visit.brand, visit.endpoint, visit.operation, *code, *status, log_id))
        }
        FaultKind::Error { error, status, shape } => {
            let (status, why) = (status.unwrap_or(400), "injected");
            let reply = match shape {
                ErrorShape::Flat => Reply::json(status, &json!({"error": error, "error_description": why})),
                ErrorShape::Form => Reply::form(status, &[("error", error.as_str()), ("error_description", why)]),
                ErrorShape::List => {
                    let errors = json!([{"errorType": error, "message": why}]);
                    Reply::json(status, &json!({"success": false, "errors": errors}))
                }
                ErrorShape::Nested => {
                    Reply::json(status, &json!({"error": {"type": error, "message": why, "code": 190}}))
                }
            };
            Some(reply.header("cache-control", "no-store"))
        }
        FaultKind::Answer { status, body, content_type } => {
            let reply = Reply { body: body.clone().into(), ..Reply::empty(*status) };
            Some(content_type.iter().fold(reply, |reply, kind| reply.header("content-type", kind)))
        }
        FaultKind::Empty { status } => Some(Reply::empty(*status)),
        FaultKind::Html { status } => Some(Reply::html(*status, GATEWAY_PAGE.to_owned())),
        FaultKind::NotFound => Some(Reply::not_found()),
        FaultKind::RateLimit { reset_seconds } => Some(dialects::limited(visit.brand, 50, *reset_seconds, log_id)),
        FaultKind::Redirect { location, status } => Some(Reply::redirect(*status, location)),
        FaultKind::Cut { .. }
        | FaultKind::Delay { .. }
        | FaultKind::Drop
        | FaultKind::Hang
        | FaultKind::Odd { .. }
        | FaultKind::Overtaken { .. } => None,
    }
}

/// The headers that every answer carries: the date, and the number by which the provider finds the request again.
fn stamp(shared: &Shared, brand: Brand, reply: Reply, log_id: &str) -> Reply {
    let date = shared.lock().clock.now().http_date();
    let reply = reply.header("date", &date);
    match brand {
        Brand::Feishu | Brand::Lark => reply.header("x-tt-logid", log_id),
        Brand::BlueKing => reply.header("x-bkapi-request-id", log_id),
        Brand::OAuth2 => reply,
    }
}

const GATEWAY_PAGE: &str = "<!DOCTYPE html><html><head><title>Service Unavailable</title></head>\
    <body><h1>Service Unavailable</h1><p>The gateway could not reach the service.</p></body></html>";
