//! The steps of a rotation, made visible: for tests that kill a process at each, and for traces.

use std::fmt;
use std::str::FromStr;

/// A step that has just been completed (design/0000-charter.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RotationStep {
    /// The lease is ours.
    Leased,
    /// The grant was read again under the lease.
    Reread,
    /// It may be asked; where no intent is written (tokens got without a browser), the store was proven writable too.
    Proven,
    /// What the call needs besides the refresh token is there.
    Prepared,
    /// The intent is durable.
    Begun,
    /// An answer has come and is only in memory.
    Sent,
    /// The raw answer is durable.
    Journalled,
    /// The new generation is durable.
    Committed,
    /// Links and listeners have it.
    Delivered,
}

impl RotationStep {
    /// Every step, in order.
    pub const ALL: [Self; 9] = [
        Self::Leased,
        Self::Reread,
        Self::Proven,
        Self::Prepared,
        Self::Begun,
        Self::Sent,
        Self::Journalled,
        Self::Committed,
        Self::Delivered,
    ];

    /// The step's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Reread => "reread",
            Self::Proven => "proven",
            Self::Prepared => "prepared",
            Self::Begun => "begun",
            Self::Sent => "sent",
            Self::Journalled => "journalled",
            Self::Committed => "committed",
            Self::Delivered => "delivered",
        }
    }
}

impl fmt::Display for RotationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RotationStep {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|step| step.as_str() == text).ok_or(())
    }
}

/// Told of each step. Must not block for long: it runs inside the rotation.
pub trait Observer: Send + Sync {
    /// A step has just been completed.
    fn at(&self, step: RotationStep);
}

/// Observes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn at(&self, _: RotationStep) {}
}
