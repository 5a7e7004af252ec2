//! The server before the sandbox, on loopback: who may ask what, tokens, logins a page at a time, the audit trail, and the end.

mod audit;
mod callers;
mod drain;
mod grants;
mod metrics;
mod openapi;
mod scheduler;
mod secrets;
mod tokens;
mod world;
