//! What is sent and what answers mean, for each dialect: against a server of the test's own, the cases beside, and the sandbox.
//!
//! Tests that need a process to themselves stand beside this program: `secrets` (everything that is logged), `tls` and `transport`.

mod blueking;
mod business;
mod calls;
mod cases;
mod codes;
mod gateway;
mod oauth2;
mod reading;
mod requests;
mod sandbox;
#[path = "../support/mod.rs"]
mod support;
