//! What a look shows: data, without a word of any language.

use tokenward_core::ProfileName;

use super::finding_kinds::Story;

/// One thing that was found, good or bad.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Whose: a profile's, or everyone's.
    pub profile: Option<ProfileName>,
    /// The question that it answers.
    pub check: Check,
    /// The answer.
    pub story: Story,
}

impl Finding {
    /// Whose: for a line about another profile, that one.
    pub fn profile(&self) -> Option<&ProfileName> {
        match &self.story {
            Story::Other { profile, .. } => Some(profile),
            _ => self.profile.as_ref(),
        }
    }
}

/// The questions, in the order in which they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Is there an app?
    App,
    /// Does the provider accept its secret?
    Secret,
    /// Who is logged in, and does the login live?
    Login,
    /// How long does each token live?
    Tokens,
    /// What were the last rotations, and what did they leave?
    Rotations,
    /// Are the linked files in step?
    Links,
    /// Is the store sound and writable?
    Store,
    /// Is the clock right?
    Clock,
    /// Is the brand right?
    Brand,
    /// Can a login come back to this machine?
    Port,
    /// Does another program use the same login?
    Owners,
    /// How are the other profiles?
    Others,
}

impl Check {
    /// Its name in `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Secret => "secret",
            Self::Login => "login",
            Self::Tokens => "tokens",
            Self::Rotations => "refreshes",
            Self::Links => "links",
            Self::Store => "vault",
            Self::Clock => "clock",
            Self::Brand => "platform",
            Self::Port => "port",
            Self::Owners => "tools",
            Self::Others => "others",
        }
    }
}
