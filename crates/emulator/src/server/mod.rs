//! The doors on the network: listeners on loopback, the way of each request, and the control endpoint.

mod answer_body;
mod connection;
mod control;
mod listener;
mod request_handling;
mod shared;
mod websocket;

pub(crate) use listener::{Listener, accept};
pub(crate) use shared::Shared;
