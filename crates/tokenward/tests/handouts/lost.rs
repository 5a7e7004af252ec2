//! A database that lost its log, or was exchanged for an older one, is not taken for what it was.

use std::fs::{self, OpenOptions};
use std::time::Duration;

use crate::place::Place;
use tokenward::hand_out;
use tokenward_core::ports::{Grants, Journal, Leases, Logins, StoreError, StoreFault};
use tokenward_core::{Generation, GrantId, Seat};
use tokenward_keeper::Showing;
use tokenward_vault::suite::{draft, holder, login, rotation};

async fn rotated(vault: &Showing, id: GrantId, generation: Generation) {
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody else is here")
    };
    let intent = vault.begin(&lease, draft(generation)).await.unwrap().intent();
    vault.commit(None, intent, rotation(&generation.next().to_string())).await.unwrap();
    vault.release(lease).await.unwrap();
}

fn says_so<T: std::fmt::Debug>(found: Result<T, StoreError>) {
    match found {
        Err(StoreError { kind: StoreFault::Unreadable, reason, .. }) => {
            assert!(reason.contains("has lost what was written last"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

/// A copy of the folder with this much of the log: the connections of this process know nothing of it.
fn copied(place: &Place, log: Option<u64>) -> Place {
    let copy = Place::new();
    let (from, to) = (place.folder.vault(), copy.folder.vault());
    fs::create_dir_all(to.join("handout")).unwrap();
    for name in ["key", "key.json", "rescue", "vault.db", "vault.db-wal", "handout/work"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let path = to.join("vault.db-wal");
    match log {
        Some(length) => OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap(),
        None => fs::remove_file(path).unwrap(),
    }
    copy
}

#[tokio::test]
async fn a_log_that_is_gone_with_the_login_in_it() {
    let place = Place::new();
    let vault = place.vault().await;
    vault.log_in(login("work", "1", None)).await.unwrap();
    let place = copied(&place, None);
    let vault = place.vault().await;
    says_so(vault.grant_of(&"work".parse().unwrap()).await);
    assert_eq!(vault.grant_of(&"other".parse().unwrap()).await.unwrap(), None);
    // What still lives is handed out, and a new login heals it.
    let now = tokenward_vault::suite::soon(1);
    assert!(hand_out::read(&place.folder, &"work".parse().unwrap(), &place.sources, now).is_some());
    let id = vault.log_in(login("work", "2", None)).await.unwrap().id();
    assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), Some(id));
    assert_eq!(place.vault().await.grant(id).await.unwrap().access.unwrap().token.expose(), "access-2");
}

#[tokio::test]
async fn a_log_that_was_cut_or_gone_with_a_rotation_in_it_spends_no_token_twice() {
    for cut in [true, false] {
        let place = Place::new();
        let (raw, vault) = place.door().opened().await;
        let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
        raw.close_connections().await.unwrap();
        rotated(&vault, id, Generation::FIRST).await;
        let length = fs::metadata(place.folder.vault().join("vault.db-wal")).unwrap().len();
        rotated(&vault, id, Generation::FIRST.next()).await;
        let place = copied(&place, cut.then_some(length));
        let vault = place.vault().await;
        assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), Some(id));
        says_so(vault.grant(id).await);
        says_so(vault.grant(id).await);
        vault.log_in(login("work", "9", None)).await.unwrap();
        assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-9");
        assert_eq!(place.vault().await.grant(id).await.unwrap().access.unwrap().token.expose(), "access-9");
    }
}
