//! Why a call that spends nothing failed.

use thiserror::Error;

use crate::{Refusal, TransportFault};

/// Why a call that spends nothing failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// The provider said no, or its answer could not be read (class `InDoubt`).
    #[error("the provider refused the call")]
    Refused(Refusal),
    /// The provider could not be reached, or did not answer.
    #[error("the provider did not answer: {}", .0.reason)]
    NoAnswer(TransportFault),
    /// The app lacks what the call needs.
    #[error("the app's settings lack {0}")]
    Lacking(&'static str),
}
