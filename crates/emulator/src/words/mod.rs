//! The language that everything else speaks: hosts and endpoints, requests and answers, moments, randomness, digests, and the
//! words of OAuth. Values without a memory; nothing here knows what the sandbox has on record.

mod clock;
mod digest;
mod endpoint;
mod error_code_entry;
mod oauth_words;
mod provider;
mod randomness;
mod refusal;
mod reply;
mod request;
mod unknown_name;

pub use clock::{BaseClock, Moment, SystemClock};
pub use digest::Fingerprint;
pub use endpoint::{Endpoint, Operation};
pub use error_code_entry::CatalogueEntry;
pub use oauth_words::ClientAuth;
pub use provider::{Brand, Door, TokenApi};
pub use unknown_name::Unknown;

pub(crate) use clock::Clock;
pub(crate) use digest::{Key, hex};
pub(crate) use endpoint::{Route, get, page, post};
pub(crate) use oauth_words::{
    Challenge, DEVICE_GRANT_TYPE, OFFLINE_ACCESS, is_verifier, normalise_user_code, same, same_but_port,
};
pub(crate) use randomness::Randomness;
pub(crate) use refusal::Refusal;
pub(crate) use reply::{Reply, Stream, Tail};
pub(crate) use request::{Encodings, Fields, Request};
