//! All that the sandbox remembers, in one value behind one lock: the book, the content, the faults that wait, and what servers keep
//! beside. Every dialect is a set of synchronous functions over it.

mod blueking_sessions;
mod grant_operations;
mod rate_limits;
mod sandbox_state;

pub use sandbox_state::BrandUrls;

pub(crate) use blueking_sessions::{BluekingMemory, KnownToken};
pub(crate) use rate_limits::RateLimits;
pub(crate) use sandbox_state::State;
