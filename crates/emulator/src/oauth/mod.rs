//! What two OAuth 2.0 servers have in common: bkauth and the plain provider (RFC 6749, 7636, 8628, 9207). The pages that a person
//! sees are those of the Feishu/Lark platform too.
//!
//! Enters: a [`Server`], which is what a door's rules make of these endpoints. Leaves: RFC answers and errors. What happens
//! at a refresh is each server's own affair and not here.

mod authorize;
mod browser_pages;
mod client;
mod code_exchange;
mod device;
mod refusal;
mod server_config;

pub(crate) use authorize::{decide, show, turn_back};
pub(crate) use browser_pages::{ConsentPage, DevicePage, DeviceResult, ErrorPage, Language, PageUser, render};
pub(crate) use client::authenticate;
pub(crate) use code_exchange::{exchange, narrowing, success};
pub(crate) use device::{page, redeem, start};
pub(crate) use refusal::{Refusal, injected};
pub(crate) use server_config::{Server, answer, form, preview, required};
