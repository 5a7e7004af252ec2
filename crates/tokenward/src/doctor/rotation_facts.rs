//! What the journal tells of a login, as far as a story needs it: the last rotations, how it ended, a token in doubt. Data, without a word of any
//! language.

use std::path::PathBuf;

use jiff::Timestamp;
use tokenward_core::ports::Explained;
use tokenward_core::rotation_policy::Recovery;
use tokenward_core::{Closing, Code, Doubt, Generation, Holder, TokenApi};

use crate::Restored;

/// A process, as people speak of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessName {
    /// Its number, where it is a process that others can look for.
    pub pid: Option<u32>,
    /// Its machine.
    pub host: String,
}

impl From<&Holder> for ProcessName {
    fn from(holder: &Holder) -> Self {
        Self { pid: holder.process.map(|process| process.pid), host: holder.node.host.clone() }
    }
}

/// Why a login is dead.
#[derive(Debug, Clone)]
pub struct Death {
    /// Our code.
    pub code: Code,
    /// What the provider said.
    pub cause: Cause,
    /// Since when.
    pub since: Timestamp,
    /// When the generation that was refused had been obtained.
    pub obtained: Timestamp,
    /// Its number.
    pub generation: Generation,
    /// Who met the refusal.
    pub met_by: Option<ProcessName>,
    /// How it came to this.
    pub tale: Tale,
    /// The access token's end, if it still serves.
    pub serves_until: Option<Timestamp>,
    /// A linked file that holds a login which the vault does not know, and which the next call takes over.
    pub newer: Option<PathBuf>,
}

/// What the provider said, as far as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Its code.
    pub provider_code: Option<i64>,
    /// What that means.
    pub explained: Option<Explained>,
}

/// How a login came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tale {
    /// We had sent the token before, and that answer was lost (TW0409).
    AnswerLost {
        /// Who had sent it, as far as the journal still knows.
        sender: Option<ProcessName>,
        /// When.
        at: Option<Timestamp>,
        /// Why no answer came.
        doubt: Option<Doubt>,
    },
    /// It was withdrawn or used up, and never used by us (TW0405).
    SecondOwner(Box<Traces>),
    /// It had passed an end.
    End {
        /// The end that was passed.
        end: Option<Timestamp>,
        /// Whether it was the wall.
        wall: bool,
        /// When the person had consented.
        consented: Timestamp,
    },
    /// The provider says that it has ended, and had announced a later end.
    EarlyEnd {
        /// The end that was announced.
        announced: Timestamp,
    },
    /// It was issued by one endpoint family and sent to another.
    MixedUp {
        /// The family that issued it, as far as we know.
        issued_by: TokenApi,
        /// The family that it was sent to.
        sent_to: TokenApi,
    },
    /// The provider calls it invalid.
    Invalid {
        /// The family that issued it, and that it was sent to.
        issued_by: TokenApi,
    },
    /// Something else.
    Refused,
}

/// What is known of who ended a login that we did not end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// The vault was brought back from a copy after the login was last refreshed in it and before it was refused.
    pub restored: Option<Restored>,
    /// Whether the provider accepts the access token; `None`: it was not asked, or the token had ended.
    pub access_accepted: Option<bool>,
    /// Files and tools here that hold another login of the same app, or a token that is not ours.
    pub others: Vec<String>,
}

/// A token whose fate is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubtful {
    /// Who sent it, as far as the journal still knows.
    pub sender: Option<ProcessName>,
    /// When.
    pub at: Timestamp,
    /// Why nothing is known.
    pub doubt: Doubt,
    /// What the next use does.
    pub next: Recovery,
    /// The access token's end, if it still serves.
    pub serves_until: Option<Timestamp>,
}

/// A rotation that is over, or a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRotation {
    /// When it began.
    pub at: Timestamp,
    /// Who did it.
    pub who: Option<ProcessName>,
    /// The generation whose token was sent, or that a login brought.
    pub generation: Generation,
    /// Whether it repeated a send of unknown outcome.
    pub replay: bool,
    /// How it ended.
    pub outcome: Past,
}

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// A person logged in.
    LoggedIn,
    /// A person logged out.
    LoggedOut,
    /// The provider called the access token dead.
    AccessRefused {
        /// Its code.
        provider_code: Option<i64>,
    },
    /// An answer is kept; nobody has read it yet.
    Answered,
    /// Nothing is known.
    Open,
    /// As the journal says.
    Closed(Closing),
    /// A login was taken over from elsewhere.
    Adopted {
        /// From where.
        source: String,
    },
    /// The login that an adoption had put aside came back.
    TakenBack {
        /// Whether the provider had refused the adopted one; otherwise a person wished so.
        refused: bool,
    },
}
