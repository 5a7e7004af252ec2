//! The ports: everything outside is behind one of them.
//!
//! They are object-safe, and the engine holds them as `Arc<dyn …>`. An implementation must keep the promises
//! written at each function; the vault's two exported suites and the emulator's checker test them.
//!
//! **Unstable:** the ports change shape with the engine, in any version. Whoever implements one of them follows.

mod account_calls;
mod api_keys;
mod audit_trail;
mod browser_sessions;
mod call_error;
mod consent;
mod deliveries;
mod due_grants;
mod error;
mod grants;
mod hand_outs;
mod journal;
mod leases;
mod link_book;
mod login_events;
mod login_token_responses;
mod logins;
mod oauth_app_data;
mod outlooks;
mod process_liveness;
mod provider;
mod provider_rules;
mod store;
mod token_endpoint;
mod web_logins;

use jiff::Timestamp;

pub use account_calls::*;
pub use api_keys::*;
pub use audit_trail::*;
pub use browser_sessions::*;
pub use call_error::*;
pub use consent::*;
pub use deliveries::*;
pub use due_grants::*;
pub use error::*;
pub use grants::*;
pub use hand_outs::*;
pub use journal::*;
pub use leases::*;
pub use link_book::*;
pub use login_events::*;
pub use login_token_responses::*;
pub use logins::*;
pub use oauth_app_data::*;
pub use outlooks::*;
pub use process_liveness::*;
pub use provider::*;
pub use provider_rules::*;
pub use store::*;
pub use token_endpoint::*;
pub use web_logins::*;

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills the buffer, all of it. A source that has nothing for the moment waits: there is no error, and never less than asked for.
    fn fill(&self, buffer: &mut [u8]);
}
