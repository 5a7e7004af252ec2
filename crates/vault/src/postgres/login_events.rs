//! The port of events: each call is one transaction, and what is looked at often is looked at in one that locks nothing.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{EventBounds, LoginEvents, StoreError};
use tokenward_core::{GrantId, LoginEnd, NumberedEvent};

use crate::records::login_events;

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl LoginEvents for PostgresVault {
    async fn number_events(&self, bounds: EventBounds) -> Result<u64, StoreError> {
        let (mut newest, mut is_more) = self.read(move |records, tx| records.look_at_events(tx, bounds)).await?;
        while is_more {
            (newest, is_more) = self.call(How::Turn, move |records, tx| records.number_events(tx, bounds)).await?;
        }
        Ok(newest)
    }

    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedEvent>, StoreError> {
        self.read(move |_, tx| login_events::events_after(tx, after, limit)).await
    }

    async fn may_look_for_ends(&self, every: Duration, now: Timestamp) -> Result<bool, StoreError> {
        self.call(How::Unsynced, move |_, tx| login_events::may_look_for_ends(tx, every, now)).await
    }

    async fn tell_ends(&self, ends: &[(GrantId, LoginEnd)]) -> Result<(), StoreError> {
        if ends.is_empty() {
            return Ok(());
        }
        let ends = ends.to_vec();
        self.call(How::Turn, move |records, tx| records.tell_ends(tx, &ends)).await
    }
}
