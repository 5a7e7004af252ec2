//! Processes that were stopped (SIGSTOP, Ctrl-Z) at an unlucky moment, or died in another container: they hold nobody up.

use std::fs::File;
use std::time::Duration;

use tokenward_core::ports::{Attempt, Vault};
use tokenward_core::{GrantId, Seat};

use super::opened;
use crate::suite::FolderStand;
use crate::suite::fixtures::{holder, login};

async fn try_lease(vault: &dyn Vault, id: GrantId, pid: u32) -> Attempt {
    vault.hold(&Seat::Grant(id), &holder("here", pid), Duration::from_secs(30)).await.unwrap()
}

/// Between the lock and the row of a lease.
pub async fn who_is_stopped_between_lock_and_row_holds_nobody_up(stand: &dyn FolderStand) {
    for shared in [false, true] {
        let name = if shared { "shared" } else { "alone" };
        let (vault, late) = (opened(stand).await, opened(stand).await);
        let id = vault.log_in(login(name, name, None)).await.unwrap().id();
        // The lock of one who was about to write the row, or of a waiter that had just been woken.
        let path = stand.folder().vault().join("locks").join(id.to_string());
        let stopped = File::create(path).unwrap();
        if shared {
            stopped.lock_shared().unwrap();
        } else {
            stopped.lock().unwrap();
        }
        assert!(matches!(try_lease(&*vault, id, 1).await, Attempt::Busy { .. }));
        let waiting = async {
            loop {
                vault.wait(&Seat::Grant(id), Duration::from_mins(1)).await;
                if let Some(lease) = try_lease(&*vault, id, 1).await.lease() {
                    return lease;
                }
            }
        };
        let lease = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("no longer than it takes");
        // It goes on, and finds that it came too late.
        drop(stopped);
        assert!(matches!(try_lease(&*late, id, 2).await, Attempt::Busy { holder: Some(_), .. }));
        vault.release(lease).await.unwrap();
        assert!(matches!(try_lease(&*late, id, 2).await, Attempt::Held(_)));
    }
}

/// Two containers of one machine have one kernel.
pub async fn a_container_that_died_beside_ours_is_followed(stand: &dyn FolderStand) {
    let (dying, vault) = (opened(stand).await, opened(stand).await);
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let there = holder("b007/pid:[1]", 1);
    drop(dying.hold(&Seat::Grant(id), &there, Duration::from_secs(30)).await.unwrap());
    let ours = holder("b007/pid:[2]", 1);
    let busy = vault.hold(&Seat::Grant(id), &ours, Duration::from_secs(30)).await.unwrap();
    assert!(matches!(busy, Attempt::Busy { .. }));
    // Its lock went with it; the kernel is ours too, and says so.
    drop(dying);
    let elsewhere = vault.hold(&Seat::Grant(id), &holder("b008/pid:[2]", 1), Duration::from_secs(30)).await.unwrap();
    assert!(matches!(elsewhere, Attempt::Busy { .. }));
    assert!(matches!(vault.hold(&Seat::Grant(id), &ours, Duration::from_secs(30)).await.unwrap(), Attempt::Held(_)));
}

/// Without a process table nobody can be told from another by its place. A lock on a disk of this machine is kept by one kernel, and one that
/// is free has no holder that lives.
pub async fn a_dead_holder_without_a_process_table_is_followed_at_once(stand: &dyn FolderStand) {
    let id = opened(stand).await.log_in(login("work", "1", None)).await.unwrap().id();
    let nameless = |host: &str, pid| {
        let mut holder = holder(&format!("{host}-{pid}"), pid);
        host.clone_into(&mut holder.node.host);
        holder
    };
    let dead = opened(stand).await;
    let taken = dead.hold(&Seat::Grant(id), &nameless("chroot", 1), Duration::from_secs(60)).await.unwrap();
    assert!(matches!(taken, Attempt::Held(_)));
    let vault = opened(stand).await;
    let second = vault.hold(&Seat::Grant(id), &nameless("chroot", 2), Duration::from_secs(60)).await.unwrap();
    assert!(matches!(second, Attempt::Busy { .. }), "it lives, and has its lock");
    drop(dead);
    let other = vault.hold(&Seat::Grant(id), &nameless("elsewhere", 3), Duration::from_secs(60)).await.unwrap();
    assert!(matches!(other, Attempt::Busy { .. }), "another machine cannot tell");
    let next = vault.hold(&Seat::Grant(id), &nameless("chroot", 2), Duration::from_secs(60)).await.unwrap();
    assert!(matches!(next, Attempt::Held(_)), "{next:?}");
}
