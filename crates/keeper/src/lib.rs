//! The engine: keeps OAuth logins alive, and knows no file, no setting, no page and no other tool.
//!
//! A [`Keeper`] hands out access tokens, refreshes grants in time and exactly once, logs people in and out, and repairs what a crash left
//! behind. It is built from ports (`tokenward_core::ports`), from whoever looks on ([`Observer`]) and from what stands around it
//! ([`Surroundings`]).
//!
//! What enters: an [`App`](tokenward_core::App), a grant, a wish. What leaves: an access token that is durable in the store (I2), or an
//! [`Error`] that says what happened and what was kept. A crash at any step is repaired by the next caller (I5).

mod api;
mod error;
mod keeper;
mod lease_wait;
mod login_logout;
#[cfg(feature = "middleware")]
mod middleware;
mod non_interactive_grants;
mod notice;
mod process_liveness;
mod recovery;
mod rotation;
mod rotation_steps;
mod served_token;
mod single_flight;
mod store_with_hand_outs;
mod tally;

pub use api::{
    ApiClient, ApiError, ApiOptions, CallDelay, CallObserver, Caller, Echo, EndlessPages, HeldToken, Identity, Opened,
    Page, Pages,
};
pub use error::{Error, KeptState, foreign};
pub use keeper::{
    AppKept, Keeper, KeeperOptions, LoginWithoutProfile, Looking, NoSurroundings, Parts, Registrations, Report,
    Surroundings, another_user,
};
pub use login_logout::{Consent, LOGIN_AT_WORK, LoginAttempt, LoginReport, LoginRequest};
#[cfg(feature = "middleware")]
pub use middleware::TokenMiddleware;
pub use non_interactive_grants::{Obtain, TokenHolder};
pub use notice::{Notice, Recovered};
pub use process_liveness::Processes;
pub use rotation_steps::{NoObserver, Observer, RotationStep};
pub use served_token::ServedToken;
pub use store_with_hand_outs::Showing;
pub use tally::{ExchangeKind, ExchangeOutcome};
pub use tokenward_core::Registration;
