//! Deliveries of events as they are stored. A claim is no lock: who is given a row has it for a time, and a receiver that is told twice knows
//! it by the event's id.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::ports::{Delivery, DeliveryBounds, DeliveryCounts, DeliveryEnd, FailedDelivery};
use tokenward_core::{NumberedEvent, WebhookFilter, WebhookName};

use super::login_events::{events_after, newest};
use super::rows::{json, signed, text, time, to_json, unsigned};
use super::run_statement::{Row, Transaction, all, first, run};
use super::transaction_error::{Failed, Fault, damaged};
use super::{Records, sql};

impl Records {
    /// Queues what a receiver wants of what has happened since. Says whether there is more.
    pub(crate) fn queue_deliveries(
        &self,
        tx: &dyn Transaction,
        webhook: &WebhookName,
        filter: &WebhookFilter,
        bounds: DeliveryBounds,
    ) -> Result<bool, Failed> {
        let name = webhook.as_str();
        let now = self.now().as_millisecond();
        run(tx, sql::BEGIN_WEBHOOK, params![name, signed(newest(tx)?)])?;
        let queued = first(tx, sql::WEBHOOK, params![name], |row| unsigned(row, 0))?.unwrap_or_default();
        run(tx, sql::FORGET_FAILED, params![name, now.saturating_sub(millis(bounds.failed_for))])?;
        let waiting = first(tx, sql::WAITING, params![name], |row| unsigned(row, 0))?.unwrap_or_default();
        let Some(room) = bounds.waiting.checked_sub(waiting).filter(|room| *room > 0) else { return Ok(false) };
        let limit = u32::try_from(room).unwrap_or(u32::MAX).min(AT_ONCE);
        let events = events_after(tx, queued, limit)?;
        for told in events.iter().filter(|told| filter.wants(&told.event)) {
            let bound = params![name, signed(told.number), now, to_json(&told.event)?];
            run(tx, sql::QUEUE_DELIVERY, bound)?;
        }
        // Where there are none, those that there were are no longer kept.
        let last = events.last().map_or(newest(tx)?, |told| told.number);
        run(tx, sql::SET_WEBHOOK, params![name, signed(last)])?;
        Ok(events.len() == usize::try_from(limit).unwrap_or(usize::MAX))
    }

    pub(crate) fn claim_deliveries(
        &self,
        tx: &dyn Transaction,
        webhook: &WebhookName,
        limit: u32,
        ttl: Duration,
    ) -> Result<Vec<Delivery>, Failed> {
        let now = self.now().as_millisecond();
        let until = now.saturating_add(millis(ttl));
        let claimed_until = Timestamp::from_millisecond(until).map_err(|_| damaged("the clock"))?;
        let mut claimed = all(tx, sql::CLAIM_DELIVERIES, params![webhook.as_str(), now, until, limit], |row| {
            Ok(Delivery {
                webhook: webhook.clone(),
                told: told(row)?,
                queued: time(row, "queued")?,
                tries: tries(row)?,
                claimed_until,
            })
        })?;
        claimed.sort_by_key(|delivery| delivery.told.number);
        Ok(claimed)
    }

    /// Whether anything is due for a receiver.
    pub(crate) fn has_due_delivery(&self, tx: &dyn Transaction, webhook: &str) -> Result<bool, Failed> {
        let now = self.now().as_millisecond();
        Ok(first(tx, sql::HAS_DUE_DELIVERY, params![webhook, now], |row| row.get(0))? == Some(true))
    }

    pub(crate) fn end_delivery(
        &self,
        tx: &dyn Transaction,
        delivery: &Delivery,
        end: &DeliveryEnd,
    ) -> Result<(), Failed> {
        let (name, number) = (delivery.webhook.as_str(), signed(delivery.told.number));
        let claim = delivery.claimed_until.as_millisecond();
        let (failed, due, reason) = match end {
            DeliveryEnd::Delivered => return run(tx, sql::DELIVERED, params![name, number]).map(drop),
            DeliveryEnd::Later { at, reason } => (0, at.as_millisecond(), reason),
            DeliveryEnd::Failed { reason } => (1, self.now().as_millisecond(), reason),
        };
        run(tx, sql::NOT_DELIVERED, params![name, number, claim, failed, due, reason]).map(drop)
    }

    /// Says whether there was one that had failed.
    pub(crate) fn resend_delivery(&self, tx: &dyn Transaction, webhook: &str, number: u64) -> Result<bool, Failed> {
        let now = self.now().as_millisecond();
        Ok(run(tx, sql::RESEND_DELIVERY, params![webhook, signed(number), now])? > 0)
    }
}

/// Whether [`Records::queue_deliveries`] has anything to do but forget.
pub(crate) fn has_to_queue(tx: &dyn Transaction, webhook: &str) -> Result<bool, Failed> {
    let queued = first(tx, sql::WEBHOOK_SEEN, params![webhook], |row| unsigned(row, 0))?;
    Ok(queued != Some(newest(tx)?))
}

pub(crate) fn failed_deliveries(
    tx: &dyn Transaction,
    (webhook, number): (&str, u64),
    limit: u32,
) -> Result<Vec<FailedDelivery>, Failed> {
    all(tx, sql::FAILED_DELIVERIES, params![webhook, signed(number), limit], failed)
}

pub(crate) fn failed_delivery(
    tx: &dyn Transaction,
    webhook: &str,
    number: u64,
) -> Result<Option<FailedDelivery>, Failed> {
    first(tx, sql::FAILED_DELIVERY, params![webhook, signed(number)], failed)
}

pub(crate) fn counts(tx: &dyn Transaction) -> Result<Vec<(WebhookName, DeliveryCounts)>, Failed> {
    let rows = all(tx, sql::COUNT_DELIVERIES, params![], |row| {
        Ok((text::<WebhookName>(row, "webhook")?, row.get::<i64>("failed")?, unsigned(row, "count")?))
    })?;
    let mut counts: BTreeMap<WebhookName, DeliveryCounts> = BTreeMap::new();
    for (webhook, failed, count) in rows {
        let of = counts.entry(webhook).or_default();
        if failed == 0 {
            of.waiting = count;
        } else {
            of.failed = count;
        }
    }
    Ok(counts.into_iter().collect())
}

fn failed(row: &Row<'_>) -> Result<FailedDelivery, Fault> {
    Ok(FailedDelivery {
        webhook: text(row, "webhook")?,
        told: told(row)?,
        queued: time(row, "queued")?,
        failed: time(row, "due")?,
        tries: tries(row)?,
        reason: row.get("reason")?,
    })
}

fn told(row: &Row<'_>) -> Result<NumberedEvent, Fault> {
    Ok(NumberedEvent { number: unsigned(row, "number")?, event: json(row, "record")? })
}

fn tries(row: &Row<'_>) -> Result<u32, Fault> {
    u32::try_from(unsigned(row, "tries")?).map_err(|_| damaged("a counter"))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Events that one transaction looks at.
const AT_ONCE: u32 = 500;
