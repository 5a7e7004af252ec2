//! What was done with a login by whom, row by row, each bound to the one before.
//!
//! A chain a grant, and one of what concerns none. A row's hash is made with a key of the vault over the hash of the row before and the row
//! itself, so a row that was changed, taken out or put in shows. Nothing in a row is a secret (I4).

use jiff::Timestamp;

use crate::GrantId;

/// A row that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditDraft {
    /// The login; `None` for what concerns no one login.
    pub grant: Option<GrantId>,
    /// When.
    pub at: Timestamp,
    /// Who: the id of an API key, or `local` for a person at the command line.
    pub caller: String,
    /// What was asked for; behind a space the login that it was asked for by name, if it was.
    pub act: String,
    /// What came of it: `done`, or the code of an error.
    pub outcome: String,
}

/// A row as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place in its chain; the first is 1.
    pub number: u64,
    /// What it says.
    pub draft: AuditDraft,
}

/// What was found when every chain was walked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditVerdict {
    /// How many chains there are.
    pub chains: u64,
    /// How many rows.
    pub rows: u64,
    /// The first fault of each chain that has one.
    pub faults: Vec<AuditFault>,
}

/// A chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFault {
    /// Whose chain; `None` for that of what concerns no one login.
    pub grant: Option<GrantId>,
    /// The first row that does not fit, by the number that it has or should have.
    pub number: u64,
    /// What is wrong with it.
    pub kind: AuditFaultKind,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFaultKind {
    /// The row, or one before it, was changed.
    Changed,
    /// A row is missing.
    Missing,
    /// There are rows beyond the chain's end.
    Beyond,
}
