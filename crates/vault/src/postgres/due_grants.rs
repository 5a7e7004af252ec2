//! The port of due logins: each call is one transaction, none of them synced. What is lost with the power costs a look.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::AppName;
use tokenward_core::ports::{BudgetShare, DueClaim, DueGrant, DueGrants, DueMark, HotMark, Pace, StoreError};

use crate::records::due;

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl DueGrants for PostgresVault {
    async fn claim_due(&self, app: &AppName, claim: DueClaim) -> Result<Vec<DueGrant>, StoreError> {
        let app = app.as_str().to_owned();
        self.call(How::Unsynced, move |records, tx| records.claim_due(tx, &app, claim)).await
    }

    async fn set_due(&self, marks: &[DueMark]) -> Result<(), StoreError> {
        if marks.is_empty() {
            return Ok(());
        }
        let marks = marks.to_vec();
        self.call(How::Unsynced, move |_, tx| due::set_due(tx, marks)).await
    }

    async fn mark_hot(&self, marks: &[HotMark]) -> Result<(), StoreError> {
        if marks.is_empty() {
            return Ok(());
        }
        let marks = marks.to_vec();
        self.call(How::Unsynced, move |_, tx| due::mark_hot(tx, marks)).await
    }

    async fn due_since(&self, app: &AppName) -> Result<Option<Timestamp>, StoreError> {
        let app = app.as_str().to_owned();
        self.read(move |records, tx| records.due_since(tx, &app)).await
    }

    async fn take_budget(&self, app: &AppName, pace: Pace, used: u32, want: u32) -> Result<BudgetShare, StoreError> {
        let app = app.as_str().to_owned();
        self.call(How::Unsynced, move |records, tx| records.take_budget(tx, &app, pace, (used, want))).await
    }
}
