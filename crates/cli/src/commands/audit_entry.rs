//! Entries of the audit trail that this command line writes.

use jiff::Timestamp;
use tokenward_core::AuditDraft;

/// Who this command line is in the trail.
pub(super) const LOCAL: &str = "local";

/// That something was done here that concerns no one login.
pub(super) fn local_entry(act: String, at: Timestamp) -> AuditDraft {
    AuditDraft { grant: None, at, caller: LOCAL.to_owned(), act, outcome: "done".to_owned() }
}
