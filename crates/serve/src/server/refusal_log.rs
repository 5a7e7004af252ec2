//! Refusals in the log: what an operator looks for when a program gets no token.
//!
//! Enters: the route, the caller if he is known, the problem. Leaves: an event with the route, the caller, the status and the code, and nothing
//! that was sent (I4). A reader who has no login of that name yet is told of by nobody: that is everyday.

use tokenward_core::Verb;

use super::problem::Problem;
use super::routes::{Handler, Route};

/// Tells of a request that was refused.
pub(super) fn tell(route: &Route, caller: Option<&str>, problem: &Problem) {
    let (status, code) = (problem.status.as_u16(), problem.code.as_str());
    let is_read = matches!(route.handler, Handler::Open(_) | Handler::Browser(_) | Handler::Known(Verb::ReadToken, _));
    if matches!(status, 401 | 403 | 500..) || !is_read {
        tracing::warn!(route = route.name, caller = caller.unwrap_or("unknown"), status, code, "refused");
    }
}
