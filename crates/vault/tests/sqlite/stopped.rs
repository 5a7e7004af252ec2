//! Processes that were stopped (SIGSTOP, Ctrl-Z) at an unlucky moment: they hold nobody up for as long as they sleep.

use std::fs::File;
use std::time::Duration;

use crate::place::Place;
use tokenward_core::GrantId;
use tokenward_core::ports::{LeaseAttempt, Vault};
use tokenward_vault::SqliteVault;
use tokenward_vault::suite::{holder, login};

async fn try_lease(vault: &SqliteVault, id: GrantId, pid: u32) -> LeaseAttempt {
    vault.lease(id, &holder("here", pid), Duration::from_secs(30)).await.unwrap()
}

#[tokio::test]
async fn between_the_lock_and_the_row_of_a_lease() {
    for shared in [false, true] {
        let place = Place::new();
        let (vault, late) = (place.vault().await, place.vault().await);
        let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
        // The lock of one who was about to write the row, or of a waiter that had just been woken.
        let path = place.folder.vault().join("locks").join(id.to_string());
        let stopped = File::create(path).unwrap();
        if shared {
            stopped.lock_shared().unwrap();
        } else {
            stopped.lock().unwrap();
        }
        assert!(matches!(try_lease(&vault, id, 1).await, LeaseAttempt::Busy { .. }));
        let waiting = async {
            loop {
                vault.wait(id, Duration::from_mins(1)).await;
                if let LeaseAttempt::Held(lease) = try_lease(&vault, id, 1).await {
                    return lease;
                }
            }
        };
        let lease = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("no longer than it takes");
        // It goes on, and finds that it came too late.
        drop(stopped);
        assert!(matches!(try_lease(&late, id, 2).await, LeaseAttempt::Busy { holder: Some(_), .. }));
        vault.release(lease).await.unwrap();
        assert!(matches!(try_lease(&late, id, 2).await, LeaseAttempt::Held(_)));
    }
}
