//! What a dialect sends the transport for: a call that spends nothing, or one send of a secret.
//!
//! Enters: a request, or how to make one of a refresh token. Leaves: the answer or why there is none; a [`Sent`] that tells
//! what was never sent (I1). A right to send that has ended sends nothing.

use std::time::Duration;

use tokenward_core::ports::{CallError, Clocks, Sent};
use tokenward_core::{RawAnswer, RefreshToken, Spend, TransportFault};

use crate::http::{Transport, date};
use crate::request::Request;

impl Transport {
    /// Sends a request that spends nothing and hands its answer on.
    pub(crate) async fn call(&self, request: Request) -> Result<RawAnswer, CallError> {
        match self.send(request, self.call_timeout()).await {
            Sent::Answered(answer) => Ok(answer),
            Sent::Unsent(fault) | Sent::InDoubt(fault) => Err(CallError::NoAnswer(fault)),
        }
    }

    /// Sends a refresh token, unless the right to do so has ended: a sender that was paused past its own deadline may have
    /// been replaced by another (I1).
    pub(crate) async fn spend(
        &self,
        spend: Spend,
        timeout: Duration,
        build: impl FnOnce(&RefreshToken) -> Result<Request, String>,
    ) -> Sent {
        let left = Duration::try_from(spend.deadline().duration_since(self.now())).unwrap_or(Duration::ZERO);
        if left.is_zero() {
            let reason = "the deadline passed before anything was sent".to_owned();
            return Sent::Unsent(TransportFault::late(reason));
        }
        let landing = spend.landing();
        let request = build(&spend.expose()).map(|request| Request { landing, ..request });
        self.send_built(request, timeout.min(left)).await
    }

    /// Sends a request that could be built.
    pub(crate) async fn send_built(&self, request: Result<Request, String>, timeout: Duration) -> Sent {
        match request {
            Ok(request) => self.send(request, timeout).await,
            Err(reason) => Sent::Unsent(TransportFault::failed(reason)),
        }
    }
}

/// Both clocks at the moment an answer arrived, if it told the provider's.
pub(crate) fn clocks(answer: &RawAnswer) -> Option<Clocks> {
    let theirs = answer.date.as_deref().and_then(date)?;
    Some(Clocks { ours: answer.received, theirs })
}

/// What becomes of a request that could not be built or addressed.
pub(crate) fn unsent(error: CallError) -> Sent {
    let reason = match error {
        CallError::NoAnswer(fault) => return Sent::Unsent(fault),
        CallError::Refused(refusal) => {
            let meaning = refusal.meaning.map_or("the provider refused the call", |words| words.en);
            let own = refusal.description.map(|text| format!(": {text}")).unwrap_or_default();
            format!("{meaning}{own} (HTTP {})", refusal.status)
        }
        lacking @ CallError::Lacking(_) => lacking.to_string(),
    };
    Sent::Unsent(TransportFault::failed(reason))
}
