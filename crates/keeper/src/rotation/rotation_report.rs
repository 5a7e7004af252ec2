//! What the callers of a rotation are told: its tenth step.
//!
//! Enters: what is stored, and by whom. Leaves: the same for every caller who joined. Nothing is sent or stored here.

use tokenward_core::Grant;

use crate::Notice;

/// Ten: what the callers are told.
#[derive(Debug, Clone)]
pub(crate) struct RotationReport {
    pub(crate) via: Via,
    /// Whether the provider was asked in this rotation.
    pub(crate) has_requested: bool,
    /// The grant as this rotation has stored it, where nobody need read it again.
    pub(crate) stored: Option<Box<Grant>>,
    pub(crate) notices: Vec<Notice>,
}

impl RotationReport {
    /// Somebody else is at it, or has done it.
    pub(crate) const fn elsewhere() -> Self {
        Self { via: Via::Elsewhere { is_parked: false }, has_requested: false, stored: None, notices: Vec::new() }
    }
}

/// Who brought the newer generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// This rotation.
    Ours {
        /// Whether it brought a token as young as the rotation. An answer that a killed process left may have lain for hours;
        /// the token in it can be due again, and its refresh token has not been sent. Nor has that of a set that is back because the
        /// one before it was refused or is another user's.
        is_fresh: bool,
    },
    /// Someone else, while we waited; or nobody yet, and the caller did not want to wait.
    Elsewhere {
        /// Whether this rotation brought a set too, which came too late and is kept aside.
        is_parked: bool,
    },
}
