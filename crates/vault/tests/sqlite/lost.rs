//! A database that became empty is not taken for a new one.

use std::fs::{self, OpenOptions};
use std::time::Duration;

use crate::place::Place;
use tokenward_core::ports::{Grants, Journal, Leases, Logins, StoreError, StoreFault};
use tokenward_core::{Generation, GrantId, Seat};
use tokenward_vault::SqliteVault;
use tokenward_vault::suite::{draft, holder, login, rotation};

async fn rotated(vault: &SqliteVault, id: GrantId, generation: Generation) {
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody else is here")
    };
    let intent = vault.begin(&lease, draft(generation)).await.unwrap().intent();
    vault.commit(None, intent, rotation(&generation.next().to_string())).await.unwrap();
    vault.release(lease).await.unwrap();
}

/// A copy of the folder with this much of the log: the connections of this process know nothing of it.
fn copied(place: &Place, length: u64) -> Place {
    let copy = Place::new();
    let (from, to) = (place.folder.vault(), copy.folder.vault());
    fs::create_dir_all(to).unwrap();
    for name in ["key", "key.json", "rescue", "vault.db", "vault.db-wal"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let path = to.join("vault.db-wal");
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
    copy
}

#[tokio::test]
async fn a_look_at_a_vault_whose_database_became_empty_leaves_its_log() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    vault.close_connections().await.unwrap();
    rotated(&vault, id, Generation::FIRST).await;
    let length = fs::metadata(place.folder.vault().join("vault.db-wal")).unwrap().len();
    let place = copied(&place, length);
    let log = place.folder.vault().join("vault.db-wal");
    let (whole, rotations) = (fs::read(place.folder.database()).unwrap(), fs::read(&log).unwrap());
    fs::write(place.folder.database(), "").unwrap();
    for _ in 0..2 {
        let found = place.vault().await.grant(id).await;
        assert!(
            matches!(&found, Err(StoreError { kind: StoreFault::Unreadable, reason, .. }) if reason.contains("empty")),
            "{found:?}"
        );
    }
    assert!(fs::read(&log).unwrap() == rotations);
    // Put back, it has every rotation.
    fs::write(place.folder.database(), whole).unwrap();
    assert_eq!(place.vault().await.grant(id).await.unwrap().generation, Generation::FIRST.next());
}
