//! The doors on the network: listeners on loopback, the way of each request, and the control endpoint.

mod control;
mod delivery_state;
mod http_listener;
mod request_handling;
mod response_body_stream;
mod shared;
mod websocket_echo;

pub(crate) use http_listener::{Listener, accept};
pub(crate) use shared::Shared;
