//! Where events are sent to, and which.
//!
//! Enters: names as people write them. Leaves: whether a receiver wants an event. Its address and its secrets are settings (I4).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::profile_name::{BadName, is_name};
use crate::{AppName, LoginEvent};

/// The name by which a person knows a receiver; also the name of its table in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookName(String);

impl WebhookName {
    /// The longest name, in bytes.
    pub const MAX: usize = 64;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebhookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebhookName {
    type Err = BadName;

    /// By the rules of all names: 1 to 64 letters, digits, `-`, `_`, `.`, `@`.
    fn from_str(text: &str) -> Result<Self, BadName> {
        if !is_name(text, Self::MAX) {
            return Err(BadName(text.chars().take(Self::MAX).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Which events a receiver wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookFilter {
    /// Of these types; `None`: of all.
    pub types: Option<BTreeSet<String>>,
    /// Of these apps; `None`: of all.
    pub apps: Option<BTreeSet<AppName>>,
}

impl WebhookFilter {
    /// Whether it wants an event.
    pub fn wants(&self, event: &LoginEvent) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(event.kind.type_name()))
            && self.apps.as_ref().is_none_or(|apps| apps.contains(&event.app))
    }
}
