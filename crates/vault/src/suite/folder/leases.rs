//! Leases beside a lock file: the kernel knows who has died, and the clock is not asked.

use jiff::SignedDuration;

use crate::suite::FolderStand;
use crate::suite::fixtures::holder;
use crate::suite::store::leases::{grant, leased, waiting, woken};
use crate::suite::store::name_leases::held;

/// A holder of this machine that died is not waited for, however long its lease would last.
pub async fn a_dead_holder_is_followed_at_once(stand: &dyn FolderStand) {
    let id = grant(stand).await;
    let one = stand.open().await;
    let first = leased(&*one, id, &holder("here", 1)).await;
    drop(one);
    let second = leased(&*stand.open().await, id, &holder("here", 2)).await;
    assert!(second.fence > first.fence);
}

/// The kernel knows who is dead; the clock is not asked.
pub async fn a_clock_set_back_does_not_keep_a_dead_holders_lease(stand: &dyn FolderStand) {
    let id = grant(stand).await;
    let one = stand.open().await;
    drop(leased(&*one, id, &holder("here", 1)).await);
    drop(one);
    stand.clock().step(SignedDuration::from_hours(-24));
    drop(leased(&*stand.open().await, id, &holder("here", 2)).await);
}

/// The same of a lease on a name.
pub async fn a_dead_asker_is_followed(stand: &dyn FolderStand) {
    let one = stand.open().await;
    drop(held(&*one, &holder("here", 1)).await);
    drop(one);
    drop(held(&*stand.open().await, &holder("here", 2)).await);
}

/// All waiters wake when the holder dies.
pub async fn waiters_are_woken_by_a_death(stand: &dyn FolderStand) {
    let id = grant(stand).await;
    let holding = stand.open().await;
    drop(leased(&*holding, id, &holder("here", 1)).await);
    let waiters = waiting(stand, id).await;
    drop(holding);
    woken(waiters).await;
}
