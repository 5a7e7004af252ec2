//! All providers at once: which request belongs to which dialect, and logins minted without any request.

mod dispatch;
mod request_routing;
mod seeded_logins;

pub use seeded_logins::SeededTokens;

pub(crate) use dispatch::{RATE_LIMITED, limited, preview, process, refuse};
pub(crate) use seeded_logins::{seed, seed_beyond};
