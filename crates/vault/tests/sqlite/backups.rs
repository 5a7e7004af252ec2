//! Backups: what they are sealed with, and what opens them.

use std::fs;
use std::time::Duration;

use crate::keys::{check, explicit, fill};
use crate::place::Place;
use tokenward_core::ports::{Grants, Journal, Leases, LoginAnswers, Logins};
use tokenward_core::{Seat, SecretBytes};
use tokenward_vault::suite::{TestEntropy, holder, login, rotation};
use tokenward_vault::{BackupError, BackupKey, Stretch, restore};

/// A person's key, stretched little.
fn given(text: &str) -> BackupKey {
    let key = BackupKey::from_material(&SecretBytes::new(text.as_bytes().to_vec())).unwrap();
    key.stretched(Stretch::new(64, 1, 1).unwrap())
}

#[tokio::test]
async fn a_backup_is_sealed_and_restores_into_an_empty_folder() {
    let place = Place::new();
    let id = fill(&place.vault().await).await;
    let file = place.root.path().join("backup");
    let key = BackupKey::fresh(&TestEntropy);
    place.vault().await.backup(&file, &key).await.unwrap();
    let bytes = fs::read(&file).unwrap();
    // Long enough that sealed bytes do not spell one by chance; each stands in the database or its log.
    let read = |name: &str| fs::read(place.folder.vault().join(name)).unwrap();
    let database = [read("vault.db"), read("vault.db-wal")].concat();
    for clear in [&b"SQLite format"[..], b"CREATE TABLE \"grants\"", b"host of here"] {
        let holds = |bytes: &[u8]| bytes.windows(clear.len()).any(|window| window == clear);
        assert!(!holds(&bytes) && holds(&database), "{}", String::from_utf8_lossy(clear));
    }
    assert!(!bytes.windows(8).any(|window| window == b"access-2"));
    let mut fresh = Place::new();
    fresh.sources = explicit("the key of another machine");
    // As a person types it.
    let typed = String::from_utf8(key.expose().to_vec()).unwrap().replace('-', " ");
    let typed = BackupKey::from_material(&SecretBytes::new(format!(" {typed}\n").into_bytes())).unwrap();
    let aside = restore(&fresh.folder, &file, &typed, &fresh.sources, false, &fresh.clock, &TestEntropy).await.unwrap();
    assert_eq!(aside, None);
    let vault = fresh.vault().await;
    check(&vault, id).await;
    vault.prove().await.unwrap();
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 2), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody holds a lease in a restored vault");
    };
    let open = vault.open_intents(id).await.unwrap()[0].id;
    vault.commit(None, open, rotation("3")).await.unwrap();
    vault.release(lease).await.unwrap();
    let left: Vec<_> = fs::read_dir(fresh.folder.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["vault"]);
}

#[tokio::test]
async fn a_vault_is_replaced_only_when_asked_and_kept_aside() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = fill(&vault).await;
    let file = place.root.path().join("backup");
    let key = BackupKey::fresh(&TestEntropy);
    vault.backup(&file, &key).await.unwrap();
    vault.log_in(login("later", "9", None)).await.unwrap();
    vault.close_connections().await.unwrap();
    let again = |replace| restore(&place.folder, &file, &key, &place.sources, replace, &place.clock, &TestEntropy);
    assert!(matches!(again(false).await, Err(BackupError::VaultExists(_))));
    let aside = again(true).await.unwrap().unwrap();
    check(&place.vault().await, id).await;
    assert_eq!(place.vault().await.grants().await.unwrap().len(), 1);
    fs::remove_dir_all(place.folder.vault()).unwrap();
    fs::rename(aside, place.folder.vault()).unwrap();
    assert_eq!(place.vault().await.grants().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_wrong_key_a_cut_and_a_damaged_backup_change_nothing() {
    let place = Place::new();
    let id = fill(&place.vault().await).await;
    let file = place.root.path().join("backup");
    let key = BackupKey::fresh(&TestEntropy);
    place.vault().await.backup(&file, &key).await.unwrap();
    let whole = fs::read(&file).unwrap();
    let refused = |key| {
        let (place, file) = (&place, &file);
        async move {
            let found = restore(&place.folder, file, key, &place.sources, true, &place.clock, &TestEntropy).await;
            assert!(matches!(found, Err(BackupError::DoesNotOpen { .. })), "{found:?}");
            let left: Vec<_> =
                fs::read_dir(place.folder.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, ["vault"]);
        }
    };
    let other = BackupKey::from_material(&SecretBytes::new(b"a key of another backup".to_vec())).unwrap();
    refused(&other).await;
    for cut in [0, 10, 30, 200, whole.len() - 1] {
        fs::write(&file, &whole[..cut]).unwrap();
        refused(&key).await;
    }
    for at in [2, 20, 30, 34, 38, 100, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&file, damaged).unwrap();
        refused(&key).await;
    }
    assert!(matches!(BackupKey::from_material(&SecretBytes::new(b"short".to_vec())), Err(BackupError::WeakKey)));
    check(&place.vault().await, id).await;
}

#[tokio::test]
async fn a_persons_key_is_stretched_as_the_file_says() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = fill(&vault).await;
    let file = place.root.path().join("backup");
    // As anybody gets it who asks for nothing.
    let standard = BackupKey::from_material(&SecretBytes::new(b"correct horse battery staple".to_vec())).unwrap();
    for key in [standard, given("correct horse battery staple")] {
        vault.backup(&file, &key).await.unwrap();
        let head: Vec<u32> = fs::read(&file).unwrap()[25..37]
            .chunks(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect();
        assert!(head == [65_536, 3, 4] || head == [64, 1, 1], "{head:?}");
        let mut other = Place::new();
        other.sources = explicit("the key of another machine");
        // Whoever opens it need not know how it was stretched.
        let typed = given("correct horse  battery-staple");
        restore(&other.folder, &file, &typed, &other.sources, false, &other.clock, &TestEntropy).await.unwrap();
        check(&other.vault().await, id).await;
    }
}

#[tokio::test]
async fn a_weak_key_makes_no_backup() {
    let place = Place::new();
    let vault = place.vault().await;
    fill(&vault).await;
    let file = place.root.path().join("backup");
    for weak in ["----------------", "-- -- -- -- -- -- -- -- -- --", "aaaaaaaaaaaaaaaa", "a-b-c-d-e-f-g-h-"] {
        assert!(matches!(vault.backup(&file, &given(weak)).await, Err(BackupError::WeakKey)), "{weak}");
        assert!(!file.exists());
    }
}

#[tokio::test]
async fn what_a_file_asks_for_is_bounded_and_nothing_follows_its_end() {
    let place = Place::new();
    let vault = place.vault().await;
    fill(&vault).await;
    let file = place.root.path().join("backup");
    vault.backup(&file, &given("correct horse battery staple")).await.unwrap();
    let whole = fs::read(&file).unwrap();
    let fresh = Place::new();
    let refused = |changed: Vec<u8>| {
        fs::write(&file, changed).unwrap();
        let (fresh, file) = (&fresh, &file);
        async move {
            let key = given("correct horse battery staple");
            let found = restore(&fresh.folder, file, &key, &fresh.sources, false, &fresh.clock, &TestEntropy).await;
            match found {
                Err(BackupError::DoesNotOpen { reason, .. }) => reason,
                other => panic!("{other:?}"),
            }
        }
    };
    for (at, number) in [(25, 100_u32 << 20), (25, u32::MAX), (29, u32::MAX), (33, 1 << 20)] {
        let mut asking = whole.clone();
        asking[at..at + 4].copy_from_slice(&number.to_le_bytes());
        assert!(refused(asking).await.contains("asks for more memory or time"), "{at} {number}");
    }
    for more in [vec![0], vec![0x55; 1 << 20], whole.clone()] {
        assert!(refused([whole.clone(), more].concat()).await.contains("follows its end"));
    }
}

/// A backup that version 0.1 made before keys were stretched, of a sandbox's login.
#[tokio::test]
async fn a_backup_of_the_first_form_still_opens() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sqlite/fixtures/backup-1.tw");
    let place = Place::new();
    let file = std::path::Path::new(fixture);
    let open = |key: &'static str, file: std::path::PathBuf| {
        let place = &place;
        async move { restore(&place.folder, &file, &given(key), &place.sources, true, &place.clock, &TestEntropy).await }
    };
    let wrong = open("incorrect horse battery staple", file.to_owned()).await;
    assert!(matches!(wrong, Err(BackupError::DoesNotOpen { .. })), "{wrong:?}");
    let longer = place.root.path().join("longer");
    fs::write(&longer, [fs::read(file).unwrap(), vec![0]].concat()).unwrap();
    let more = open("correct horse battery staple", longer).await;
    assert!(matches!(more, Err(BackupError::DoesNotOpen { .. })), "{more:?}");
    open("correct horse battery staple", file.to_owned()).await.unwrap();
    let grants = place.vault().await.grants().await.unwrap();
    assert_eq!(grants[0].profile.as_ref().unwrap().as_str(), "default");
    assert!(grants[0].access.is_some() && grants[0].has_refresh);
}
