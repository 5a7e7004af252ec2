//! Texts of a store while it is read: wiped when they are dropped, whether or not they became a secret.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A text that is, or may be, a secret.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Hidden(Zeroizing<String>);

impl Hidden {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, for the type that keeps it.
    pub(super) fn take(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

impl Ord for Hidden {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

impl PartialOrd for Hidden {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}
