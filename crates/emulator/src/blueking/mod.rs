//! Tencent BlueKing, from the BlueKing reference alone: SSM, `auth_api`, bkauth's OAuth 2.0 server and the API gateway.
//!
//! Enters: a request that found its endpoint. Leaves: the answer in its dialect's shape, and the line about it in the
//! history. Two dialects give tokens for a login cookie, the third is OAuth 2.0, and the gateway takes the tokens of all.

mod auth_api;
mod bkauth;
mod catalogue;
mod cookie_auth;
mod dispatch;
mod endpoints;
mod esb_tokens;
mod gateway;
mod refusal;
mod ssm;
mod tokens;

pub use catalogue::catalogue_blueking;

pub(crate) use bkauth::terms as bkauth_terms;
pub(crate) use dispatch::{preview, process, refuse};
pub(crate) use endpoints::{ROUTES, find};
