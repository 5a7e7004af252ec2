//! The language that everything else speaks: hosts and endpoints, requests and answers, moments, randomness, digests, and the
//! words of OAuth. Values without a memory; nothing here knows what the sandbox has on record.

mod brand_and_listener;
mod clock;
mod endpoint;
mod error_code_entry;
mod feishu_refusal;
mod http_request;
mod http_response;
mod not_registered;
mod oauth_primitives;
mod seeded_random;
mod token_fingerprint;

pub use brand_and_listener::{Brand, Door, TokenApi};
pub use clock::{BaseClock, Moment, SystemClock};
pub use endpoint::{Endpoint, Operation};
pub use error_code_entry::CatalogueEntry;
pub use not_registered::Unknown;
pub use oauth_primitives::ClientAuth;
pub use token_fingerprint::Fingerprint;

pub(crate) use clock::Clock;
pub(crate) use endpoint::{Route, get, page, post};
pub(crate) use feishu_refusal::Refusal;
pub(crate) use http_request::{Encodings, Fields, Request};
pub(crate) use http_response::{Reply, Stream, Tail};
pub(crate) use oauth_primitives::{
    Challenge, DEVICE_GRANT_TYPE, OFFLINE_ACCESS, is_verifier, normalise_user_code, same, same_but_port,
};
pub(crate) use seeded_random::Randomness;
pub(crate) use token_fingerprint::{Key, hex};
