//! What other programs talk to, so that they need not know about tokens.
//!
//! What is here: [`proxy`], an HTTP proxy to the app's API host that puts a good token into every request. What enters:
//! requests of programs on this machine. What leaves: the same requests with a token, to the app's own hosts and no
//! others; and the answers, without one (I4). And [`server`], which hands tokens to programs of other machines that have a key.
//! Nothing is kept here: a crash costs the requests that were under way.

pub mod proxy;
pub mod scheduler;
pub mod server;
