//! The port of what lies ahead of logins: each call reads, by an index.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{EndingGrant, GrantPage, Outlooks, StoreError, TimeLeft};
use tokenward_core::{AppName, GrantId};

use crate::records::outlooks;

use super::SqliteVault;

#[async_trait]
impl Outlooks for SqliteVault {
    async fn troubled_after(&self, app: &AppName, after: Option<GrantId>, limit: u32) -> Result<GrantPage, StoreError> {
        let app = app.clone();
        self.read_all(move |context, tx| context.troubled(tx, &app, after, limit)).await
    }

    async fn count_troubled(&self, app: &AppName) -> Result<u64, StoreError> {
        let app = app.clone();
        self.read_all(move |_, tx| outlooks::count_troubled(tx, &app)).await
    }

    async fn ending(&self, app: &AppName, by: Timestamp, limit: u32) -> Result<Vec<EndingGrant>, StoreError> {
        let app = app.clone();
        self.read_all(move |_, tx| outlooks::ending(tx, &app, by, limit)).await
    }

    async fn time_left(&self, app: &AppName, bounds: &[Timestamp]) -> Result<TimeLeft, StoreError> {
        let (app, bounds) = (app.clone(), bounds.to_vec());
        self.read_all(move |_, tx| outlooks::time_left(tx, &app, &bounds)).await
    }
}
