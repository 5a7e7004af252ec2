//! What a rotation costs the disk, and what its last step gives back.

use std::time::Duration;

use tokenward_core::ports::{Attempt, Committed, Grants, Journal, LeasedGrant, Leases, Logins};
use tokenward_core::{Closing, Event, Generation, GrantId, Seat};
use tokenward_vault::SqliteVault;
use tokenward_vault::suite::{answer, draft, holder, login, rotation};

use crate::place::Place;

async fn held(vault: &SqliteVault, id: GrantId, pid: u32) -> LeasedGrant {
    match vault.hold(&Seat::Grant(id), &holder("here", pid), Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => *held,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    }
}

#[tokio::test]
async fn a_rotation_waits_for_the_disk_three_times() {
    let place = Place::new();
    let (vault, other) = (place.vault().await, place.vault().await);
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    for number in 1..=3 {
        let before = vault.syncs();
        let LeasedGrant { lease, grant, open, newest, client_refused } = held(&vault, id, 1).await;
        let grant = grant.unwrap();
        assert_eq!((grant.id, grant.generation), (id, Generation::new(number)));
        assert!(open.is_empty() && client_refused.is_none());
        assert!(matches!(
            newest.unwrap().event,
            Event::LoggedIn | Event::Closed { closing: Closing::Committed { .. }, .. }
        ));
        assert_eq!(vault.syncs(), before, "a lease may be lost with the power");
        let intent = vault.begin(&lease, draft(grant.generation)).await.unwrap().intent();
        vault.keep_answer(intent, &answer("{}")).await.unwrap();
        let rotated = vault.commit(Some(&lease), intent, rotation(&format!("{}", number + 1))).await.unwrap();
        assert_eq!(vault.syncs() - before, 3);
        assert_eq!(rotated.committed, Committed::Generation(grant.generation.next()));
        // What is given back is what is stored, and the lease is free for others.
        let stored = format!("{:?}", vault.grant(id).await.unwrap());
        assert_eq!(format!("{:?}", rotated.grant.unwrap()), stored);
        let next = held(&other, id, 2).await;
        assert!(next.lease.fence > lease.fence);
        assert_eq!(format!("{:?}", next.grant.unwrap()), stored);
        other.release(next.lease).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_open_comes_with_the_lease() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = held(&vault, id, 1).await.lease;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.keep_answer(intent, &answer("{}")).await.unwrap();
    vault.release(lease).await.unwrap();
    for vault in [vault, place.vault().await] {
        let LeasedGrant { lease, open, .. } = held(&vault, id, 2).await;
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].id, open[0].answer.as_ref()), (intent, Some(&answer("{}"))));
        vault.release(lease).await.unwrap();
    }
}
