//! Leases: who may rotate a grant now.
//!
//! The lease makes waiting cheap; it does not keep tokens safe. That is the journal's work (I1), so a lease that
//! lapses under a paused process costs time and never a token.

use std::fmt;

use serde::{Deserialize, Serialize};

use jiff::Timestamp;

use crate::{GrantId, ProfileName};

/// Who holds a lease, or sends: a node, which of its lives, and the process on it where there is one that others can look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// Where it runs.
    #[serde(flatten)]
    pub node: Node,
    /// Drawn at random when it began to use the store: two holders are one only if this is the same.
    #[serde(rename = "nonce")]
    pub incarnation: u64,
    /// Its process, where that can be looked for on its node.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub process: Option<LocalProcess>,
}

/// A place where holders run: one kernel with one table of processes, or one server of many.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Node {
    /// The machine's boot and, after a slash, its process namespace: only within one `place` do process numbers mean
    /// anything, and only within one boot do file locks.
    pub place: String,
    /// The host's name, for people.
    pub host: String,
}

/// A process beyond doubt, also after its number was given to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LocalProcess {
    /// The process number.
    pub pid: u32,
    /// The process's start, in the kernel's ticks since boot; tells two processes with one number apart.
    pub started: u64,
}

impl fmt::Display for Holder {
    /// As people speak of it: `process 12 on build-3`, or `node build-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some(process) => write!(f, "process {} on {}", process.pid, self.node.host),
            None => write!(f, "node {}", self.node.host),
        }
    }
}

/// What became of a holder, as far as the one who asks can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderFate {
    /// It is the one who asks.
    Myself,
    /// It runs (perhaps paused).
    Alive,
    /// It is gone for certain.
    Dead,
    /// It is, or was, somewhere that cannot be seen from here.
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

/// What a lease is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Seat {
    /// A grant: who may rotate it.
    Grant(GrantId),
    /// A name: who may ask for tokens that will be kept under it, whether or not a grant is there. A lost one costs a second grant request and
    /// never a login. Whoever takes the lease of the name's grant too takes it after this one.
    Name(ProfileName),
}

impl Seat {
    /// The grant, where it is one.
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Grant(id) => Some(*id),
            Self::Name(_) => None,
        }
    }

    /// The name, where it is one.
    pub const fn name(&self) -> Option<&ProfileName> {
        match self {
            Self::Grant(_) => None,
            Self::Name(name) => Some(name),
        }
    }
}

impl From<GrantId> for Seat {
    fn from(id: GrantId) -> Self {
        Self::Grant(id)
    }
}

impl From<ProfileName> for Seat {
    fn from(name: ProfileName) -> Self {
        Self::Name(name)
    }
}

/// A lease that was granted. Made by a store; given back with `release` or with what was done under it, or lapsing at `expires`.
#[derive(Debug)]
#[must_use = "a lease that is not released makes others wait until it lapses"]
pub struct Lease {
    /// Of what.
    pub seat: Seat,
    /// Its number.
    pub fence: Fence,
    /// Who holds it.
    pub holder: Holder,
    /// When it lapses unless renewed.
    pub expires: Timestamp,
}
