//! Errors of OAuth 2.0 (RFC 6749 §5.2, RFC 6750 §3, RFC 8628 §3.5), with their statuses and headers.

use serde_json::json;

use crate::words::{Operation, Reply};

/// A request that is refused with one of the RFCs' words.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    status: u16,
    description: String,
    challenge: Option<&'static str>,
}

impl Refusal {
    /// HTTP 400 (for `server_error` 500, for `temporarily_unavailable` 503).
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        let status = match error {
            "invalid_client" | "invalid_token" => 401,
            "insufficient_scope" => 403,
            "server_error" => 500,
            "temporarily_unavailable" => 503,
            _ => 400,
        };
        Self { error, status, description: description.into(), challenge: None }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Names the scheme by which the client may try again: `Basic` or `Bearer`.
    pub(crate) fn challenging(self, scheme: &'static str) -> Self {
        Self { challenge: Some(scheme), ..self }
    }

    pub(crate) fn render(&self) -> Reply {
        let reply = if self.error.is_empty() {
            Reply::empty(self.status)
        } else {
            Reply::json(self.status, &json!({"error": self.error, "error_description": self.description}))
        };
        let reply = reply.header("cache-control", "no-store").header("pragma", "no-cache");
        match self.challenge {
            None => reply,
            // A request without any credentials is told no error (RFC 6750 §3.1).
            Some(scheme) if self.error.is_empty() || scheme == "Basic" => {
                reply.header("www-authenticate", &format!("{scheme} realm=\"sandbox\""))
            }
            Some(scheme) => {
                let (error, why) = (self.error, &self.description);
                let value = format!("{scheme} realm=\"sandbox\", error=\"{error}\", error_description=\"{why}\"");
                reply.header("www-authenticate", &value)
            }
        }
    }
}

/// What an injected number becomes where errors are words: the error that goes with an HTTP status.
pub(crate) fn injected(operation: Operation, code: u32, status: Option<u16>) -> Reply {
    let status = status.or_else(|| u16::try_from(code).ok().filter(|code| (400..600).contains(code))).unwrap_or(500);
    let error = match (status, operation) {
        (400, Operation::Exchange | Operation::Refresh | Operation::DevicePoll) => "invalid_grant",
        (400, _) => "invalid_request",
        (401, Operation::Call) => "invalid_token",
        (401, _) => "invalid_client",
        (403, _) => "access_denied",
        (429, _) => "slow_down",
        (503, _) => "temporarily_unavailable",
        _ => "server_error",
    };
    Refusal::new(error, format!("injected: {code}")).with_status(status).render()
}
