//! Deliveries of events: queued once each, claimed by one node, kept where they failed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{Delivery, DeliveryBounds, DeliveryCounts, DeliveryEnd, EventBounds, ServerStore};
use tokenward_core::{LoginEnd, WebhookFilter, WebhookName};

use crate::suite::ServerStand;
use crate::suite::fixtures::{made, soon};

const EVENTS: EventBounds = EventBounds { age: Duration::from_secs(7 * 86_400), count: 1000 };
const BOUNDS: DeliveryBounds = DeliveryBounds { waiting: 100, failed_for: Duration::from_secs(30 * 86_400) };
const MINUTE: Duration = Duration::from_secs(60);

fn hook() -> WebhookName {
    "ops".parse().unwrap()
}

/// So many events, each of a login of its own.
async fn happened(store: &dyn ServerStore, round: i64, count: usize) {
    let names: Vec<_> = (0..count).map(|number| format!("r{round}-{number}")).collect();
    let ids = made(store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let ends: Vec<_> = ids.into_iter().map(|id| (id, LoginEnd::Consent(soon(1000 + round)))).collect();
    store.tell_ends(&ends).await.unwrap();
    store.number_events(EVENTS).await.unwrap();
}

async fn queued(store: &dyn ServerStore, bounds: DeliveryBounds) {
    while store.queue_deliveries(&hook(), &WebhookFilter::default(), bounds).await.unwrap() {}
}

async fn claimed(store: &dyn ServerStore, limit: u32) -> Vec<Delivery> {
    store.claim_deliveries(&hook(), limit, MINUTE).await.unwrap()
}

fn numbers(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.told.number).collect()
}

/// From when it is first there on, and what it wants of that.
pub async fn a_receiver_is_told_what_happens_from_its_beginning_on(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    store.number_events(EVENTS).await.unwrap();
    happened(&*store, 1, 2).await;
    queued(&*store, BOUNDS).await;
    assert_eq!(claimed(&*store, 9).await, []);
    happened(&*store, 2, 3).await;
    queued(&*store, BOUNDS).await;
    queued(&*stand.open_for_server().await, BOUNDS).await;
    let deliveries = claimed(&*store, 9).await;
    assert_eq!(numbers(&deliveries), [3, 4, 5]);
    let events = store.events_after(2, 9).await.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| delivery.told.clone()).collect::<Vec<_>>(), events);
    assert_eq!((deliveries[0].tries, deliveries[0].claimed_until), (0, soon(60)));
    // Another one that wants nothing of it.
    let (other, none) = ("other".parse().unwrap(), WebhookFilter { types: Some(BTreeSet::new()), apps: None });
    store.queue_deliveries(&other, &none, BOUNDS).await.unwrap();
    happened(&*store, 3, 1).await;
    store.queue_deliveries(&other, &none, BOUNDS).await.unwrap();
    assert_eq!(store.claim_deliveries(&other, 9, MINUTE).await.unwrap(), []);
}

/// Nodes that ask at one moment share the work; what one of them leaves undone is another's after a time.
pub async fn a_delivery_is_one_nodes_at_a_time(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    store.number_events(EVENTS).await.unwrap();
    queued(&*store, BOUNDS).await;
    happened(&*store, 1, 12).await;
    let stores = [Arc::clone(&store), stand.open_for_server().await, stand.open_for_server().await];
    let nodes: Vec<_> = (0..12_usize)
        .map(|number| {
            let store = Arc::clone(&stores[number % 3]);
            tokio::spawn(async move {
                queued(&*store, BOUNDS).await;
                claimed(&*store, 2).await
            })
        })
        .collect();
    let mut given = Vec::new();
    for node in nodes {
        given.extend(node.await.unwrap());
    }
    given.extend(claimed(&*store, 99).await);
    assert_eq!(given.len(), 12);
    assert_eq!(numbers(&given).into_iter().collect::<BTreeSet<_>>(), (1..=12).collect());
    for delivery in given.iter().skip(1) {
        store.end_delivery(delivery, &DeliveryEnd::Delivered).await.unwrap();
    }
    assert_eq!(claimed(&*store, 99).await, []);
    stand.clock().step(jiff::SignedDuration::from_secs(60));
    let taken_over = claimed(&*stores[1], 99).await;
    assert_eq!(numbers(&taken_over), numbers(&given[..1]));
    assert_eq!(taken_over[0].tries, 1);
    // Who was late does not put it off; one that was delivered is gone all the same.
    let late = DeliveryEnd::Later { at: soon(9000), reason: "late".to_owned() };
    store.end_delivery(&given[0], &late).await.unwrap();
    stand.clock().step(jiff::SignedDuration::from_secs(60));
    assert_eq!(claimed(&*store, 99).await.len(), 1);
    store.end_delivery(&given[0], &DeliveryEnd::Delivered).await.unwrap();
    stand.clock().step(jiff::SignedDuration::from_secs(60));
    assert_eq!(claimed(&*store, 99).await, []);
}

/// Listed with the reason, queued again once somebody says so, and forgotten after its time.
pub async fn a_delivery_that_failed_is_kept_until_somebody_sends_it_again(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    store.number_events(EVENTS).await.unwrap();
    queued(&*store, BOUNDS).await;
    happened(&*store, 1, 3).await;
    queued(&*store, BOUNDS).await;
    let deliveries = claimed(&*store, 9).await;
    let later = DeliveryEnd::Later { at: soon(30), reason: "it answered 500".to_owned() };
    store.end_delivery(&deliveries[0], &later).await.unwrap();
    for delivery in &deliveries[1..] {
        let failed = DeliveryEnd::Failed { reason: "it answered 410".to_owned() };
        store.end_delivery(delivery, &failed).await.unwrap();
    }
    assert_eq!(store.delivery_counts().await.unwrap(), [(hook(), DeliveryCounts { waiting: 1, failed: 2 })]);
    let failed = store.failed_deliveries(None, 9).await.unwrap();
    assert_eq!(failed.iter().map(|failed| failed.told.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!((failed[0].reason.as_str(), failed[0].failed, failed[0].tries), ("it answered 410", soon(0), 1));
    let name = hook();
    assert_eq!(store.failed_deliveries(Some((&name, 2)), 9).await.unwrap(), failed[1..]);
    assert_eq!(store.failed_deliveries(None, 1).await.unwrap(), failed[..1]);
    assert_eq!(store.failed_delivery(&name, 3).await.unwrap().as_ref(), Some(&failed[1]));
    assert_eq!(store.failed_delivery(&name, 1).await.unwrap(), None);
    stand.clock().step(jiff::SignedDuration::from_secs(10));
    assert!(store.resend_delivery(&name, 2).await.unwrap());
    assert!(!store.resend_delivery(&name, 2).await.unwrap() && !store.resend_delivery(&name, 1).await.unwrap());
    let again = claimed(&*store, 9).await;
    assert_eq!((numbers(&again), again[0].tries, again[0].queued), (vec![2], 0, soon(10)));
    stand.clock().step(jiff::SignedDuration::from_secs(20));
    assert_eq!(claimed(&*store, 9).await[0].tries, 1);
    stand.clock().step(jiff::SignedDuration::from_hours(24 * 30));
    happened(&*store, 2, 1).await;
    queued(&*store, BOUNDS).await;
    assert_eq!(store.failed_deliveries(None, 9).await.unwrap(), []);
}

/// A receiver that takes nothing holds up nothing: what is beyond is queued once there is room.
pub async fn what_waits_for_a_receiver_is_bounded(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    store.number_events(EVENTS).await.unwrap();
    let few = DeliveryBounds { waiting: 2, ..BOUNDS };
    queued(&*store, few).await;
    happened(&*store, 1, 5).await;
    queued(&*store, few).await;
    let first = claimed(&*store, 9).await;
    assert_eq!(numbers(&first), [1, 2]);
    queued(&*store, few).await;
    store.end_delivery(&first[0], &DeliveryEnd::Delivered).await.unwrap();
    queued(&*store, few).await;
    assert_eq!(numbers(&claimed(&*store, 9).await), [3]);
}
