//! The port of deliveries: each call is one transaction, and what is looked at often is looked at in one that locks nothing. Rows that another
//! node claims at that moment are passed over.

use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    Deliveries, Delivery, DeliveryBounds, DeliveryCounts, DeliveryEnd, FailedDelivery, StoreError,
};
use tokenward_core::{WebhookFilter, WebhookName};

use crate::records::deliveries;

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl Deliveries for PostgresVault {
    async fn queue_deliveries(
        &self,
        webhook: &WebhookName,
        filter: &WebhookFilter,
        bounds: DeliveryBounds,
    ) -> Result<bool, StoreError> {
        let name = webhook.clone();
        if !self.read(move |_, tx| deliveries::has_to_queue(tx, name.as_str())).await? {
            return Ok(false);
        }
        let (webhook, filter) = (webhook.clone(), filter.clone());
        self.call(How::Turn, move |records, tx| records.queue_deliveries(tx, &webhook, &filter, bounds)).await
    }

    async fn claim_deliveries(
        &self,
        webhook: &WebhookName,
        limit: u32,
        ttl: Duration,
    ) -> Result<Vec<Delivery>, StoreError> {
        let name = webhook.clone();
        if !self.read(move |records, tx| records.has_due_delivery(tx, name.as_str())).await? {
            return Ok(Vec::new());
        }
        let webhook = webhook.clone();
        self.call(How::Unsynced, move |records, tx| records.claim_deliveries(tx, &webhook, limit, ttl)).await
    }

    async fn end_delivery(&self, delivery: &Delivery, end: &DeliveryEnd) -> Result<(), StoreError> {
        let (delivery, end) = (delivery.clone(), end.clone());
        self.call(How::Turn, move |records, tx| records.end_delivery(tx, &delivery, &end)).await
    }

    async fn failed_deliveries(
        &self,
        after: Option<(&WebhookName, u64)>,
        limit: u32,
    ) -> Result<Vec<FailedDelivery>, StoreError> {
        let (webhook, number) = after.map_or((String::new(), 0), |(name, number)| (name.to_string(), number));
        self.read(move |_, tx| deliveries::failed_deliveries(tx, (&webhook, number), limit)).await
    }

    async fn failed_delivery(&self, webhook: &WebhookName, number: u64) -> Result<Option<FailedDelivery>, StoreError> {
        let webhook = webhook.clone();
        self.read(move |_, tx| deliveries::failed_delivery(tx, webhook.as_str(), number)).await
    }

    async fn resend_delivery(&self, webhook: &WebhookName, number: u64) -> Result<bool, StoreError> {
        let webhook = webhook.clone();
        self.call(How::Turn, move |records, tx| records.resend_delivery(tx, webhook.as_str(), number)).await
    }

    async fn delivery_counts(&self) -> Result<Vec<(WebhookName, DeliveryCounts)>, StoreError> {
        self.read(move |_, tx| deliveries::counts(tx)).await
    }
}
