//! What tests of several crates have in common (docs/design/0010-testkit.md). No part of the product.
//!
//! A test program that starts itself as children begins like this:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use tokenward_testkit::{Program, Task, all_at_once};
//!
//! fn main() -> ExitCode {
//!     Program::new()
//!         .child("greet", |words| println!("hello {}", words.text(0)))
//!         .test("eight_children_greet", || {
//!             let said = all_at_once((0..8).map(|_| Task::new("greet").word("Ada")));
//!             assert!(said.iter().all(|line| line == "hello Ada"));
//!         })
//!         .run()
//! }
//! ```
#![expect(clippy::missing_panics_doc, reason = "a test that goes wrong panics, and so does what it calls")]

#[cfg(feature = "stand")]
mod certificates;
mod child_process;
#[cfg(feature = "stand")]
mod clock;
#[cfg(feature = "stand")]
mod fixture;
#[cfg(feature = "stand")]
mod kill_at_step;
mod test_harness;
mod tmpfs_disk;
mod wait_until;

#[cfg(feature = "stand")]
pub use certificates::{Authority, Certified};
pub use child_process::{Ran, Running, Task, Words, all_at_once};
#[cfg(feature = "stand")]
pub use clock::MovedClock;
#[cfg(feature = "stand")]
pub use fixture::{REDIRECT, Stand, consent, login_request};
#[cfg(feature = "stand")]
pub use kill_at_step::Killed;
pub use test_harness::{Need, Program, is_heavy};
pub use tmpfs_disk::{Disk, is_root, may_mount, shell_with_mounts};
pub use wait_until::wait_until;
#[cfg(feature = "stand")]
pub use wait_until::{until, until_answered};
