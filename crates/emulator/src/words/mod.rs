//! The language that everything else speaks: hosts and endpoints, requests and answers, moments, randomness, digests, and the
//! words of OAuth. Values without a memory; nothing here knows what the sandbox has on record.

mod brands_and_hosts;
mod clock;
mod endpoint;
mod error_code_entry;
mod feishu_refusal;
mod not_registered;
mod oauth_primitives;
mod reply;
mod request;
mod seeded_random;
mod token_fingerprint;

pub use brands_and_hosts::{Brand, Door, TokenApi};
pub use clock::{BaseClock, Moment, SystemClock};
pub use endpoint::{Endpoint, Operation};
pub use error_code_entry::CatalogueEntry;
pub use not_registered::Unknown;
pub use oauth_primitives::ClientAuth;
pub use token_fingerprint::Fingerprint;

pub(crate) use clock::Clock;
pub(crate) use endpoint::{Route, get, page, post};
pub(crate) use feishu_refusal::Refusal;
pub(crate) use oauth_primitives::{
    Challenge, DEVICE_GRANT_TYPE, OFFLINE_ACCESS, is_verifier, normalise_user_code, same, same_but_port,
};
pub(crate) use reply::{Reply, Stream, Tail};
pub(crate) use request::{Encodings, Fields, Request};
pub(crate) use seeded_random::Randomness;
pub(crate) use token_fingerprint::{Key, hex};
