//! Refusals in the log: what an operator looks for when a program gets no token.
//!
//! Enters: the route, the caller if he is known, the problem. Leaves: an event with the route, the caller, the status and the code, and nothing
//! that was sent (I4). A reader who has no login of that name yet is told of by nobody: that is everyday.

use http::StatusCode;
use tokenward_core::{Code, Verb};

use super::problem::Problem;
use super::routes::{Handler, Route};

/// Tells of a request that was refused.
pub(super) fn tell(route: &Route, caller: Option<&str>, problem: &Problem) {
    let is_read = matches!(route.handler, Handler::Open(_) | Handler::Browser(_) | Handler::Known(Verb::ReadToken, _));
    if matches!(problem.status.as_u16(), 401 | 403 | 500..) || !is_read {
        tell_of(route.name, caller, problem.status, problem.code);
    }
}

/// Tells of a request to a route of that name.
pub(super) fn tell_of(route: &str, caller: Option<&str>, status: StatusCode, code: Code) {
    let (status, code) = (status.as_u16(), code.as_str());
    tracing::warn!(route, caller = caller.unwrap_or("unknown"), status, code, "refused");
}
