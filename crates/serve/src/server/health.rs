//! Whether the server can do its work, for whoever sends requests to it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use tokenward_core::Code;

use super::answer::Answer;
use super::parsed_request::Ask;
use super::problem::Problem;

/// How the server is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
    /// `TW0866` while the certificate's files that are there now cannot be used, and the former ones are.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<&'static str>,
}

impl Health {
    pub(super) const fn ok() -> Self {
        Self { status: "ok", tls: None }
    }
}

/// Whether requests may be sent here: the store answers in time, can be written and opens with the key of this process, and the server does
/// not end.
pub(super) async fn ready(ask: Ask) -> Result<Answer, Problem> {
    if ask.server.is_draining.load(Ordering::Acquire) {
        return Err(Problem::busy(Code::ServerBusy).detail("the server is about to end"));
    }
    let proved = tokio::time::timeout(PATIENCE, ask.session().prove()).await;
    // Why is the operator's to know, and not everybody's.
    match proved {
        // Requests are answered as before, so it is ready.
        Ok(Ok(())) => {
            let is_refused = ask.server.tls.as_ref().is_some_and(|tls| tls.is_refused());
            Answer::ok(&Health { tls: is_refused.then_some(Code::ServerCertificate.as_str()), ..Health::ok() })
        }
        Ok(Err(error)) => {
            let reason = error.vault_error().map(ToString::to_string);
            tracing::warn!(%error, reason, "not ready");
            Err(Problem::busy(error.code()))
        }
        Err(_) => Err(Problem::busy(Code::VaultBusy)),
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
