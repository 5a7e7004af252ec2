//! Leases and waiting, where nobody can know who has died: a lease lapses.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokenward_core::ports::{Attempt, Clock, Store, StoreError, StoreFault};
use tokenward_core::{Generation, GrantId, Holder, Lease, Seat};
use tokio::task::JoinHandle;

use crate::suite::Stand;
use crate::suite::fixtures::{draft, holder, login, soon};

pub(in crate::suite) const TTL: Duration = Duration::from_secs(30);

/// Takes a lease that must be free.
pub(in crate::suite) async fn leased(vault: &dyn Store, id: GrantId, holder: &Holder) -> Lease {
    match vault.hold(&Seat::Grant(id), holder, TTL).await.unwrap() {
        Attempt::Held(held) => held.lease,
        Attempt::Busy { holder, until } => panic!("the lease is with {holder:?} until {until:?}"),
    }
}

/// Lets every lease lapse that is held at this moment: whether its holder has died is not known everywhere.
pub(in crate::suite) fn lapsed(stand: &dyn Stand) {
    stand.clock().step(SignedDuration::from_secs(31));
}

async fn busy_with(vault: &dyn Store, id: GrantId, asking: &Holder, present: &Holder) {
    match vault.hold(&Seat::Grant(id), asking, TTL).await.unwrap() {
        Attempt::Busy { holder: Some(found), until: Some(_) } => assert_eq!(&found, present),
        other => panic!("{other:?}"),
    }
}

/// A login.
pub(in crate::suite) async fn grant(stand: &dyn Stand) -> GrantId {
    stand.open().await.log_in(login("work", "1", None)).await.unwrap().id()
}

/// One at a time; the next has a higher fence.
pub async fn a_lease_excludes_until_it_is_released(stand: &dyn Stand) {
    let id = grant(stand).await;
    let (one, two) = (stand.open().await, stand.open().await);
    let (a, b) = (holder("here", 1), holder("here", 2));
    let first = leased(&*one, id, &a).await;
    assert_eq!((&first.seat, &first.holder), (&Seat::Grant(id), &a));
    assert_eq!(first.expires, stand.clock().now() + SignedDuration::from_secs(30));
    busy_with(&*two, id, &b, &a).await;
    let fence = first.fence;
    one.release(first).await.unwrap();
    let second = leased(&*two, id, &b).await;
    assert!(second.fence > fence);
    busy_with(&*one, id, &a, &b).await;
}

/// A lease is not for a process but for a task.
pub async fn the_same_process_asking_twice_is_busy(stand: &dyn Stand) {
    let id = grant(stand).await;
    let vault = stand.open().await;
    let me = holder("here", 1);
    let lease = leased(&*vault, id, &me).await;
    busy_with(&*vault, id, &me, &me).await;
    vault.release(lease).await.unwrap();
    drop(leased(&*vault, id, &me).await);
}

/// A lease that would last much longer than it was taken for shows a clock that was set back, and has lapsed.
pub async fn a_clock_set_back_does_not_make_a_lease_last(stand: &dyn Stand) {
    let id = grant(stand).await;
    let one = stand.open().await;
    drop(leased(&*one, id, &holder("elsewhere", 1)).await);
    drop(one);
    stand.clock().step(SignedDuration::from_hours(-24));
    drop(leased(&*stand.open().await, id, &holder("here", 2)).await);
}

/// A paused holder costs time and nothing else: its late steps are refused.
pub async fn a_lapsed_lease_goes_to_the_next_and_its_holder_is_fenced_off(stand: &dyn Stand) {
    let id = grant(stand).await;
    let (paused, next) = (stand.open().await, stand.open().await);
    let mut stale = leased(&*paused, id, &holder("here", 1)).await;
    stand.clock().step(SignedDuration::from_secs(31));
    let lease = leased(&*next, id, &holder("here", 2)).await;
    assert!(lease.fence > stale.fence);
    assert!(matches!(
        paused.begin(&stale, draft(Generation::FIRST)).await,
        Err(StoreError { kind: StoreFault::Moved, .. })
    ));
    assert!(matches!(paused.revocable(&stale).await, Err(StoreError { kind: StoreFault::Moved, .. })));
    assert!(matches!(paused.retire(&stale, soon(1), false).await, Err(StoreError { kind: StoreFault::Moved, .. })));
    assert!(matches!(paused.renew(&mut stale, TTL).await, Err(StoreError { kind: StoreFault::Moved, .. })));
    paused.release(stale).await.unwrap();
    busy_with(&*paused, id, &holder("here", 1), &holder("here", 2)).await;
    drop(next.begin(&lease, draft(Generation::FIRST)).await.unwrap());
}

/// Whether a process of another machine lives cannot be known; its lease is left to lapse.
pub async fn a_holder_elsewhere_is_waited_out(stand: &dyn Stand) {
    let id = grant(stand).await;
    let there = stand.open().await;
    let first = leased(&*there, id, &holder("elsewhere", 1)).await;
    drop(there);
    let here = stand.open().await;
    busy_with(&*here, id, &holder("here", 1), &holder("elsewhere", 1)).await;
    stand.clock().step(SignedDuration::from_secs(31));
    assert!(leased(&*here, id, &holder("here", 1)).await.fence > first.fence);
}

/// Renewing moves the end.
pub async fn a_renewed_lease_does_not_lapse(stand: &dyn Stand) {
    let id = grant(stand).await;
    let (one, two) = (stand.open().await, stand.open().await);
    let mut lease = leased(&*one, id, &holder("here", 1)).await;
    stand.clock().step(SignedDuration::from_secs(20));
    one.renew(&mut lease, TTL).await.unwrap();
    assert_eq!(lease.expires, stand.clock().now() + SignedDuration::from_secs(30));
    stand.clock().step(SignedDuration::from_secs(20));
    busy_with(&*two, id, &holder("here", 2), &holder("here", 1)).await;
    drop(one.begin(&lease, draft(Generation::FIRST)).await.unwrap());
}

/// All waiters wake when the holder lets go.
pub async fn waiters_are_woken_by_a_release(stand: &dyn Stand) {
    let id = grant(stand).await;
    let holding = stand.open().await;
    let lease = leased(&*holding, id, &holder("here", 1)).await;
    let waiters = waiting(stand, id).await;
    holding.release(lease).await.unwrap();
    woken(waiters).await;
}

/// Nine who wait for a lease, in three processes.
pub(in crate::suite) async fn waiting(stand: &dyn Stand, id: GrantId) -> Vec<JoinHandle<()>> {
    let mut waiters = Vec::new();
    for _ in 0..3 {
        let vault = stand.open().await;
        for _ in 0..3 {
            let vault = Arc::clone(&vault);
            waiters.push(tokio::spawn(async move { vault.wait(&Seat::Grant(id), Duration::from_mins(1)).await }));
        }
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(waiters.iter().all(|waiter| !waiter.is_finished()));
    waiters
}

/// They are woken.
pub(in crate::suite) async fn woken(waiters: Vec<JoinHandle<()>>) {
    for waiter in waiters {
        tokio::time::timeout(Duration::from_secs(10), waiter).await.expect("woken long before patience ends").unwrap();
    }
}

/// Nobody waits for ever.
pub async fn waiting_ends_with_patience(stand: &dyn Stand) {
    let id = grant(stand).await;
    let vault = stand.open().await;
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    let waiting = stand.open().await;
    tokio::time::timeout(Duration::from_secs(10), waiting.wait(&Seat::Grant(id), Duration::from_millis(30)))
        .await
        .unwrap();
    vault.release(lease).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), waiting.wait(&Seat::Grant(id), Duration::from_mins(1)))
        .await
        .unwrap();
}

/// There is nothing to hold.
pub async fn an_unknown_grant_has_no_lease(stand: &dyn Stand) {
    let id = login("x", "1", None).id;
    let found = stand.open().await.hold(&Seat::Grant(id), &holder("here", 1), TTL).await;
    assert!(matches!(found, Err(StoreError { kind: StoreFault::Gone(unknown), .. }) if unknown == id));
}
