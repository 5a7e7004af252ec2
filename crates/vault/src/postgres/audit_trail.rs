//! The port of the audit trail: a batch is one transaction, and so is each look of a walk.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{AuditTrail, StoreError};
use tokenward_core::{AuditDraft, AuditFault, AuditRow, AuditVerdict, GrantId};

use crate::records::Records;
use crate::records::audit_chain::{self, AT_ONCE, Hashed, Head, Walked};

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl AuditTrail for PostgresVault {
    async fn write_audit(&self, rows: &[AuditDraft]) -> Result<(), StoreError> {
        let rows = rows.to_vec();
        self.call(How::Turn, move |records, tx| records.write_audit(tx, &rows)).await
    }

    async fn audit_of(&self, grant: Option<GrantId>, after: u64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self.read(move |_, tx| audit_chain::rows(tx, grant, after, u64::MAX >> 1, limit)).await?;
        Ok(rows.into_iter().map(AuditRow::from).collect())
    }

    async fn newest_of_callers(&self) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        Ok(self.read(|_, tx| audit_chain::newest_of_callers(tx)).await?.into_iter().collect())
    }

    async fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        audit_chain::verify(self).await
    }
}

#[async_trait]
impl Walked for PostgresVault {
    fn records(&self) -> &Records {
        &self.context.records
    }

    async fn heads(&self, after: Option<Head>) -> Result<Vec<Head>, StoreError> {
        self.read(move |_, tx| audit_chain::heads(tx, after, AT_ONCE)).await
    }

    async fn rows(&self, grant: Option<GrantId>, after: u64, upto: u64) -> Result<Vec<Hashed>, StoreError> {
        self.read(move |_, tx| audit_chain::rows(tx, grant, after, upto, AT_ONCE)).await
    }

    async fn goes_on(&self, head: &Head) -> Result<bool, StoreError> {
        let head = head.clone();
        self.read(move |_, tx| audit_chain::goes_on(tx, &head)).await
    }

    async fn endless(&self) -> Result<Vec<AuditFault>, StoreError> {
        self.read(|_, tx| audit_chain::endless(tx, AT_ONCE)).await
    }
}
