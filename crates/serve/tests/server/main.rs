//! The server before the sandbox, on loopback: who may ask what, tokens, logins a page at a time, the audit trail, logins of back ends, and the
//! end.

mod audit;
mod callers;
mod cookie_logins;
mod dashboard;
mod drain;
mod events;
mod grants;
mod metrics;
mod openapi;
mod scheduler;
mod secrets;
mod tls;
mod tokens;
mod web_logins;
mod webhooks;
mod world;
