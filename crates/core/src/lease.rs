//! Leases: who may turn a grant now.
//!
//! The lease makes waiting cheap; it does not keep tokens safe. That is the journal's work (I1), so a lease that
//! lapses under a paused process costs time and never a token.

use serde::{Deserialize, Serialize};

use jiff::Timestamp;

use crate::{GrantId, ProfileName};

/// Names a process beyond doubt, also after its number was given to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The machine's boot and, after a slash, its process namespace: only within one `place` do process numbers mean
    /// anything, and only within one boot do file locks.
    pub place: String,
    /// The host's name, for people.
    pub host: String,
    /// The process number.
    pub pid: u32,
    /// The process's start, in the kernel's ticks since boot; tells two processes with one number apart.
    pub started: u64,
    /// Drawn at random when the process began to use the vault.
    pub nonce: u64,
}

/// What became of a holder, as far as this process can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderFate {
    /// It is this process.
    Myself,
    /// It runs (perhaps paused).
    Alive,
    /// It is gone for certain.
    Dead,
    /// It is, or was, somewhere this process cannot see.
    Unknown,
}

/// Counts the leases of a grant; a write under an older fence is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(u64);

impl Fence {
    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A lease that was granted. Made by a vault; given back with `release`, or lapsing at `expires`.
#[derive(Debug)]
#[must_use = "a lease that is not released makes others wait until it lapses"]
pub struct Lease {
    /// For which grant.
    pub grant: GrantId,
    /// Its number.
    pub fence: Fence,
    /// Who holds it.
    pub holder: Holder,
    /// When it lapses unless renewed.
    pub expires: Timestamp,
}

/// A lease on a name: who may ask for tokens that will be kept under it. There need be no grant yet, and a lost one costs a
/// second question and never a login.
#[derive(Debug)]
#[must_use = "a lease that is not released makes others wait until it lapses"]
pub struct NameLease {
    /// Which name.
    pub name: ProfileName,
    /// Its number.
    pub fence: Fence,
    /// Who holds it.
    pub holder: Holder,
    /// When it lapses.
    pub expires: Timestamp,
}
