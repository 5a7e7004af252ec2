//! The four ports: everything outside is behind one of them.
//!
//! They are object-safe, and the engine holds them as `Arc<dyn …>`. An implementation must keep the promises
//! written at each function; the vault's exported suite and the emulator's checker test them.

mod provider;
mod vault;

use jiff::Timestamp;

pub use provider::*;
pub use vault::*;

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills the buffer, all of it. A source that has nothing for the moment waits: there is no error, and never less than asked for.
    fn fill(&self, buffer: &mut [u8]);
}
