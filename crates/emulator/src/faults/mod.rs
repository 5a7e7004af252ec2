//! What a test does to a request or its answer, on command.

mod fault;
mod odd_answers;

pub use fault::{ErrorShape, Fault, FaultKind, OddAnswer, Stage};

pub(crate) use fault::Faults;
pub(crate) use odd_answers::alter;
