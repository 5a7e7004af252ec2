//! What the callers of a turn are told: its tenth step.
//!
//! Enters: what is stored, and by whom. Leaves: the same for every caller who joined. Nothing is sent or stored here.

use tokenward_core::Grant;

use crate::Notice;

/// Ten: what the callers are told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) via: Via,
    /// Whether the provider was asked in this turn.
    pub(crate) has_asked: bool,
    /// The grant as this turn has stored it, where nobody need read it again.
    pub(crate) stored: Option<Box<Grant>>,
    pub(crate) notices: Vec<Notice>,
}

impl Told {
    /// Somebody else is at it, or has done it.
    pub(crate) const fn elsewhere() -> Self {
        Self { via: Via::Elsewhere { is_parked: false }, has_asked: false, stored: None, notices: Vec::new() }
    }
}

/// Who brought the newer generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// This turn.
    Ours {
        /// Whether it brought a token as young as the turn. An answer that a killed process left may have lain for hours;
        /// the token in it can be due again, and its refresh token has not been sent. Nor has that of a set that is back because the
        /// one before it was refused or is another user's.
        is_fresh: bool,
    },
    /// Someone else, while we waited; or nobody yet, and the caller did not want to wait.
    Elsewhere {
        /// Whether this turn brought a set too, which came too late and is kept aside.
        is_parked: bool,
    },
}
