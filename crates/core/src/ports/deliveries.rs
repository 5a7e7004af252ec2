//! Deliveries of events to receivers: queued once each, given to one node at a time, and kept where they failed.
//!
//! Enters: who wants what, what came of a try. Leaves: each delivery that is due, to one node for a time. A node that dies after a claim costs
//! that time, and the receiver may be told twice: an event's id stays the same.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{NumberedEvent, WebhookFilter, WebhookName};

/// The deliveries of a store.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Queues what has happened since the last call, of what a receiver wants; forgets failures that are too old. A receiver that is new begins
    /// with what happens next. Says whether there is more.
    async fn queue_deliveries(
        &self,
        webhook: &WebhookName,
        filter: &WebhookFilter,
        bounds: DeliveryBounds,
    ) -> Result<bool, StoreError>;

    /// Takes deliveries that are due, oldest first, at most so many. Nobody else is given them before the claim ends.
    async fn claim_deliveries(
        &self,
        webhook: &WebhookName,
        limit: u32,
        ttl: Duration,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Says what came of a try. One that was delivered is gone, whoever has claimed it meanwhile; anything else counts where the claim still is
    /// the one that is named.
    async fn end_delivery(&self, delivery: &Delivery, end: &DeliveryEnd) -> Result<(), StoreError>;

    /// The deliveries that failed for good, oldest first: those that follow one, at most so many.
    async fn failed_deliveries(
        &self,
        after: Option<(&WebhookName, u64)>,
        limit: u32,
    ) -> Result<Vec<FailedDelivery>, StoreError>;

    /// One that failed for good.
    async fn failed_delivery(&self, webhook: &WebhookName, number: u64) -> Result<Option<FailedDelivery>, StoreError>;

    /// Queues one that failed for good, as if it were new. Says whether there was one.
    async fn resend_delivery(&self, webhook: &WebhookName, number: u64) -> Result<bool, StoreError>;

    /// How many wait, and how many failed for good, by receiver.
    async fn delivery_counts(&self) -> Result<Vec<(WebhookName, DeliveryCounts)>, StoreError>;
}

/// What is kept of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryBounds {
    /// How many wait for a receiver; what is beyond stays an event, and is queued once there is room.
    pub waiting: u64,
    /// For how long those that failed are kept.
    pub failed_for: Duration,
}

/// A delivery that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub webhook: WebhookName,
    /// What.
    pub told: NumberedEvent,
    /// When it was queued.
    pub queued: Timestamp,
    /// How often it was tried before.
    pub tries: u32,
    /// Until when the claim lasts. It names the claim.
    pub claimed_until: Timestamp,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The receiver has it.
    Delivered,
    /// It is tried again then.
    Later {
        /// When.
        at: Timestamp,
        /// Why, without anything that the receiver said.
        reason: String,
    },
    /// It is not tried again by itself.
    Failed {
        /// Why, without anything that the receiver said.
        reason: String,
    },
}

/// A delivery that failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDelivery {
    /// To whom.
    pub webhook: WebhookName,
    /// What.
    pub told: NumberedEvent,
    /// When it was queued.
    pub queued: Timestamp,
    /// When it was given up.
    pub failed: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why it failed last.
    pub reason: String,
}

/// Deliveries of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryCounts {
    /// Those that wait, or are under way.
    pub waiting: u64,
    /// Those that failed for good.
    pub failed: u64,
}
