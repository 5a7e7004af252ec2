//! Deliveries as a node makes them: queued, claimed, sent, and what came of it written down.
//!
//! A crash before the answer leaves a claim that lapses, and another node sends the event again, under the same id. A node that cannot write down
//! that a receiver has it does the same: at least once.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use tokenward::{Error, ServerSession};
use tokenward_core::ports::{Delivery, DeliveryBounds, DeliveryEnd};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;

use super::receivers::{Outcome, Receiver, Receivers};
use super::signature;
use crate::server::events::views::EventView;
use crate::server::options::WebhookLimits;
use crate::server::state::Inner;

/// Works until it is told to stop, and then waits for what is under way.
pub(in crate::server) async fn run(server: Arc<Inner>, mut stopped: watch::Receiver<bool>) {
    let (mut newest, mut under_way) = (server.feed.follow(), JoinSet::new());
    while !server.receivers.all().is_empty() {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => break,
            () = tokio::time::sleep(TICK) => {}
            () = server.receivers.freed.notified() => {}
            // The feed lives as long as the server.
            _ = newest.changed() => {}
        }
        while under_way.try_join_next().is_some() {}
        for receiver in server.receivers.all() {
            if let Err(error) = begin(&server, receiver, &mut under_way).await {
                tracing::debug!(webhook = %receiver.name, %error, "deliveries wait for the store");
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// From here on receivers are told what happens, also those that are new.
pub(in crate::server) async fn open(session: &ServerSession, receivers: &Receivers) {
    for receiver in receivers.all() {
        if let Err(error) = session.store().queue_deliveries(&receiver.name, &receiver.filter, BOUNDS).await {
            tracing::warn!(webhook = %receiver.name, %error, "events are not delivered yet");
        }
    }
}

/// Queues what happened, and begins what is due and has a place.
async fn begin(server: &Arc<Inner>, receiver: &Arc<Receiver>, under_way: &mut JoinSet<()>) -> Result<(), Error> {
    let (store, limits) = (server.session.store(), server.limits.webhooks);
    while store.queue_deliveries(&receiver.name, &receiver.filter, BOUNDS).await? {}
    let mut places = receiver.room(server.session.now());
    if places.is_empty() {
        return Ok(());
    }
    let most = u32::try_from(places.len()).unwrap_or(u32::MAX);
    for delivery in store.claim_deliveries(&receiver.name, most, limits.claim).await? {
        let Some(place) = places.pop() else { break };
        under_way.spawn(deliver(Arc::clone(server), Arc::clone(receiver), delivery, place));
    }
    Ok(())
}

async fn deliver(server: Arc<Inner>, receiver: Arc<Receiver>, delivery: Delivery, place: OwnedSemaphorePermit) {
    let limits = server.limits.webhooks;
    let Ok(body) = serde_json::to_vec(&EventView::of(&delivery.told)) else { return };
    let (id, second) = (delivery.told.event.id.to_string(), server.session.now().as_second());
    let mut headers: HeaderMap = signature::headers(&id, second, &body, &receiver.secrets);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let sent = receiver.sender.send(headers, Bytes::from(body)).await;
    let now = server.session.now();
    let (reason, wish) = match sent {
        Ok(answer) if (200..300).contains(&answer.status) => (None, None),
        Ok(answer) => (Some(format!("it answered {}", answer.status)), answer.retry_after.map(Duration::from_secs)),
        Err(ref fault) => (Some(fault.to_string()), None),
    };
    let is_gone = matches!(sent, Ok(answer) if answer.status == GONE);
    let end = match reason {
        None => {
            receiver.is_well();
            receiver.tried(Outcome::Delivered);
            DeliveryEnd::Delivered
        }
        Some(reason) => {
            receiver.is_unwell(now, wish);
            let waited = Duration::try_from(now.duration_since(delivery.queued)).unwrap_or_default();
            let wait = wait(&delivery, limits).max(wish.unwrap_or_default().min(LONGEST_WISH));
            let again = now.checked_add(wait).ok().filter(|_| !is_gone && waited < limits.give_up);
            receiver.tried(again.map_or(Outcome::Failed, |_| Outcome::Retried));
            match again {
                Some(at) => DeliveryEnd::Later { at, reason },
                None => DeliveryEnd::Failed { reason },
            }
        }
    };
    let (webhook, number) = (&receiver.name, delivery.told.number);
    match &end {
        DeliveryEnd::Delivered => tracing::debug!(%webhook, number, "an event was delivered"),
        DeliveryEnd::Later { reason, .. } => {
            tracing::info!(%webhook, number, reason, "an event was not delivered; it is tried again");
        }
        DeliveryEnd::Failed { reason } => {
            tracing::warn!(%webhook, number, reason, "an event was not delivered, and is not tried again by itself");
        }
    }
    if let Err(error) = server.session.store().end_delivery(&delivery, &end).await {
        tracing::debug!(%webhook, number, %error, "what came of a delivery was not stored; its claim lapses");
    }
    drop(place);
    server.receivers.freed.notify_one();
}

/// How long after a try the next one comes: three times as long as before it, a fifth more or less, so that what failed together does not come
/// back together.
fn wait(delivery: &Delivery, limits: WebhookLimits) -> Duration {
    let usual = limits.first_wait.saturating_mul(3_u32.saturating_pow(delivery.tries)).min(LONGEST_WAIT);
    // The id is as random as anything.
    let share = (delivery.told.event.id.as_u128() >> delivery.tries.min(64)) % 401;
    usual * (800 + u32::try_from(share).unwrap_or_default()) / 1000
}

/// What is kept of deliveries.
const BOUNDS: DeliveryBounds = DeliveryBounds { waiting: 10_000, failed_for: Duration::from_hours(30 * 24) };
const TICK: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_hours(4);
/// No receiver's wish to wait is believed for longer.
const LONGEST_WISH: Duration = Duration::from_hours(1);
/// The status of a receiver that wants nothing more.
const GONE: u16 = 410;
