//! A plain OAuth 2.0 provider: RFC 6749 with discovery (8414), PKCE (7636), revocation (7009), introspection (7662), device
//! flow (8628), rotation and family revocation (9700).
//!
//! Enters: a request below an issuer: the host itself, or one of the paths that the rules name. Leaves: the RFCs' answers.
//! What a server may do or leave is a knob in [`PlainRules`](crate::rules::PlainRules).

mod discovery;
mod dispatch;
mod endpoints;
mod token_endpoints;
mod token_policy;

pub(crate) use dispatch::{preview, process};
pub(crate) use endpoints::{ROUTES, find};
pub(crate) use token_policy::{is_issuer, terms};
