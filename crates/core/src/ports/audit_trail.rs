//! The audit trail: what was done with a login by whom.
//!
//! Enters: rows, in batches. Leaves: the same, and whether every chain holds ([`AuditVerdict`]). A batch is one transaction: all of it is
//! there, or nothing.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{AuditDraft, AuditRow, AuditVerdict, GrantId};

/// The audit trail of a store.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Writes rows at the ends of their chains, durably, in their order.
    async fn write_audit(&self, rows: &[AuditDraft]) -> Result<(), StoreError>;

    /// The rows of a chain that follow a number, at most so many. `None` is the chain of what concerns no one login.
    async fn audit_of(&self, grant: Option<GrantId>, after: u64, limit: u32) -> Result<Vec<AuditRow>, StoreError>;

    /// When the newest row of each caller was written, by the caller's id.
    async fn newest_of_callers(&self) -> Result<BTreeMap<String, Timestamp>, StoreError>;

    /// Walks every chain. Reads a little at a time, so that nobody who writes waits (I7).
    async fn verify_audit(&self) -> Result<AuditVerdict, StoreError>;
}
