//! The face for tests and the command: one handle on everything.

mod handle;
mod other_provider_methods;

pub use handle::{Sandbox, SandboxOptions, StartError};
