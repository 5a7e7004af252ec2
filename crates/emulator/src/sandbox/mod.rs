//! The face for tests and the command: one handle on everything.

mod handle;
mod handle_doors;

pub use handle::{Sandbox, SandboxOptions, StartError};
