//! Which dialect a request is handed to: the Feishu/Lark platform, BlueKing, or the plain provider.

use serde_json::json;

use crate::book::Visit;
use crate::feishu::errors;
use crate::memory::State;
use crate::words::{Brand, Endpoint, Operation, Refusal, Reply, Request};
use crate::{blueking, feishu, oauth, plain};

/// What can be told about a request before it is processed.
pub(crate) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    match request.brand {
        Brand::Feishu | Brand::Lark => feishu::preview(state, endpoint, request),
        Brand::BlueKing => blueking::preview(state, endpoint, request),
        Brand::OAuth2 => plain::preview(state, endpoint, request),
    }
}

/// Processes a request.
pub(crate) fn process(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    match request.brand {
        Brand::Feishu | Brand::Lark => feishu::process(state, endpoint, request, visit),
        Brand::BlueKing => blueking::process(state, endpoint, request, visit),
        Brand::OAuth2 => plain::process(state, endpoint, request, visit),
    }
}

/// An injected code, in the endpoint's own shape.
pub(crate) fn refuse(
    brand: Brand,
    endpoint: Endpoint,
    operation: Operation,
    code: u32,
    status: Option<u16>,
    log_id: &str,
) -> Reply {
    match brand {
        Brand::Feishu | Brand::Lark if code == RATE_LIMITED => {
            errors::rate_limited(status.unwrap_or(429), 50, 1, log_id)
        }
        Brand::Feishu | Brand::Lark => errors::render(endpoint, operation, &Refusal::new(code), status, log_id),
        Brand::BlueKing => blueking::refuse(endpoint, operation, code, status),
        Brand::OAuth2 => oauth::injected(operation, code, status),
    }
}

/// Too many requests: the platform's headers, and elsewhere `Retry-After` (RFC 9110 §10.2.3).
pub(crate) fn limited(brand: Brand, limit: u32, seconds: u64, log_id: &str) -> Reply {
    match brand {
        Brand::Feishu | Brand::Lark => errors::rate_limited(429, limit, seconds, log_id),
        Brand::BlueKing | Brand::OAuth2 => {
            let body = json!({"error": "slow_down", "error_description": "too many requests"});
            Reply::json(429, &body).header("retry-after", &seconds.to_string())
        }
    }
}

/// The platform's code for too many requests; the history notes it for the other doors too.
pub(crate) const RATE_LIMITED: u32 = 99_991_400;
