//! The Feishu/Lark platform, from the protocol reference alone: one file per group of endpoints over one state.
//!
//! Enters: a request that found its endpoint. Leaves: the answer, and the line about it in the history.

mod app_tokens;
mod authorize;
mod caller;
pub(crate) mod calls;
mod client;
mod device;
mod dispatch;
mod endpoints;
mod error_codes;
pub(crate) mod errors;
mod issued_tokens;
mod revoke;
mod token;
mod token_issuance;
mod user;
mod v1_token;

pub use error_codes::{catalogue, catalogue_beyond, catalogue_calls};

pub(crate) use dispatch::{preview, process};
pub(crate) use endpoints::{ROUTES, find};
pub(crate) use token_issuance::{issue, open};
