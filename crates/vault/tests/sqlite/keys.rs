//! Changing keys.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::place::Place;
use tokenward_core::ports::{AppData, AppDataKey, Grants, Journal, Leases, LoginAnswers, Logins};
use tokenward_core::{Generation, GrantId, Seat, SecretBytes, TokenApi};
use tokenward_vault::rewrap;
use tokenward_vault::suite::{TestEntropy, answer, draft, holder, login};
use tokenward_vault::{ExplicitKey, KeySource, KeySources, Keyring, KeyringFault, SqliteVault};

pub(crate) fn explicit(text: &str) -> KeySources {
    let key = ExplicitKey::new("a test", &SecretBytes::new(text.as_bytes().to_vec()));
    KeySources { explicit: Some(key), keyring: None }
}

#[derive(Default)]
struct Drawer(Mutex<Option<SecretBytes>>);

impl Keyring for Drawer {
    fn get(&self, _account: &str) -> Result<Option<SecretBytes>, KeyringFault> {
        Ok(self.0.lock().unwrap().clone())
    }

    fn set(&self, _account: &str, secret: &SecretBytes) -> Result<(), KeyringFault> {
        *self.0.lock().unwrap() = Some(secret.clone());
        Ok(())
    }
}

/// One of everything that is sealed.
pub(crate) async fn fill(vault: &SqliteVault) -> GrantId {
    let (profile, app) = ("work".parse().unwrap(), "notes".parse().unwrap());
    vault.keep_login_answer(&profile, &app, TokenApi::V3, &answer("kept")).await.unwrap();
    vault.keep(&AppDataKey::AppSecret(app), &SecretBytes::new(b"secret".to_vec()), None).await.unwrap();
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    vault.log_in(login("work", "2", None)).await.unwrap();
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("the lease is taken");
    };
    let intent = vault.begin(&lease, draft(Generation::new(2))).await.unwrap().intent();
    vault.keep_answer(intent, &answer("open")).await.unwrap();
    id
}

pub(crate) async fn check(vault: &SqliteVault, id: GrantId) {
    assert_eq!(vault.login_answers().await.unwrap()[0].answer, answer("kept"));
    let app = "notes".parse().unwrap();
    let secret = vault.recall_one(&AppDataKey::AppSecret(app)).await.unwrap().unwrap().0;
    assert_eq!(secret.expose(), b"secret");
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-2");
    assert_eq!(vault.parked(id).await.unwrap()[0].set.refresh.as_ref().unwrap().expose(), "refresh-1");
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, Some(answer("open")));
    let token = tokenward_core::RefreshToken::parse("refresh-1").unwrap();
    assert_eq!(vault.known(&token).await.unwrap(), Some((id, Generation::FIRST)));
}

/// Blobs by the number of the data key they name (byte 1 of each).
fn key_numbers(place: &Place) -> Vec<u8> {
    let sqlite = place.sqlite();
    let all =
        "SELECT access FROM grants UNION ALL SELECT refresh FROM grants UNION ALL SELECT answer FROM intents UNION ALL
        SELECT tokens FROM parked UNION ALL SELECT answer FROM login_answers UNION ALL SELECT value FROM keepsakes";
    let mut all = sqlite.prepare(all).unwrap();
    let blobs: Vec<Vec<u8>> = all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    blobs.iter().map(|blob| blob[1]).collect()
}

#[tokio::test]
async fn a_new_data_key_seals_everything_anew_and_other_processes_follow() {
    let place = Place::new();
    let vault = place.vault().await;
    let other = place.vault().await;
    let id = fill(&vault).await;
    other.grant(id).await.unwrap();
    assert_eq!(key_numbers(&place), [1; 6]);
    assert_eq!(vault.renew_data_key().await.unwrap().values, 6);
    assert_eq!(key_numbers(&place), [2; 6]);
    check(&vault, id).await;
    check(&other, id).await;
    check(&place.vault().await, id).await;
    other.log_in(login("work", "3", None)).await.unwrap();
    assert!(key_numbers(&place).iter().all(|number| *number == 2));
}

#[tokio::test]
async fn a_crash_between_the_new_key_and_the_sealing_leaves_both_readable() {
    let place = Place::new();
    let id = fill(&place.vault().await).await;
    let before = fs::read(place.folder.database()).unwrap();
    let log = fs::read(place.folder.vault().join("vault.db-wal")).unwrap();
    place.vault().await.renew_data_key().await.unwrap();
    // What the crash would have left: the new key.json beside the old database.
    let crashed = Place::new();
    fs::create_dir_all(crashed.folder.vault()).unwrap();
    fs::write(crashed.folder.database(), before).unwrap();
    fs::write(crashed.folder.vault().join("vault.db-wal"), log).unwrap();
    for file in ["key", "key.json"] {
        fs::copy(place.folder.vault().join(file), crashed.folder.vault().join(file)).unwrap();
    }
    assert_eq!(key_numbers(&crashed), [1; 6]);
    check(&crashed.vault().await, id).await;
    assert_eq!(crashed.vault().await.renew_data_key().await.unwrap().values, 6);
    assert_eq!(key_numbers(&crashed), [3; 6]);
}

#[tokio::test]
async fn the_wrapping_key_can_be_changed_between_all_sources_and_running_processes_go_on() {
    let mut place = Place::new();
    let running = place.vault().await;
    let id = fill(&running).await;
    let keyring = KeySources { explicit: None, keyring: Some(Arc::new(Drawer::default())) };
    let steps = [
        (KeySource::KeyFile, KeySources::default()),
        (KeySource::Explicit, explicit("a first key of some length")),
        (KeySource::Explicit, explicit("another key of some length")),
        (KeySource::Keyring, keyring.clone()),
        (KeySource::Keyring, keyring),
        (KeySource::KeyFile, KeySources::default()),
    ];
    for (to, new) in steps {
        let before = fs::read(place.folder.wrapped_key()).unwrap();
        rewrap(&place.folder, &place.sources, &new, to, &TestEntropy).unwrap();
        assert_ne!(fs::read(place.folder.wrapped_key()).unwrap(), before);
        let old = std::mem::replace(&mut place.sources, new);
        if to == KeySource::Explicit {
            assert!(SqliteVault::open(tokenward_vault::VaultOptions { keys: old, ..place.options() }).await.is_err());
        }
        assert_eq!(place.folder.key_file().exists(), to == KeySource::KeyFile);
        assert_eq!(place.vault().await.info().await.unwrap().key_source, to);
        check(&place.vault().await, id).await;
        check(&running, id).await;
    }
}

#[tokio::test]
async fn a_source_that_cannot_keep_a_key_changes_nothing() {
    struct Sieve;
    impl Keyring for Sieve {
        fn get(&self, _account: &str) -> Result<Option<SecretBytes>, KeyringFault> {
            Ok(None)
        }
        fn set(&self, _account: &str, _secret: &SecretBytes) -> Result<(), KeyringFault> {
            Ok(())
        }
    }
    let place = Place::new();
    let id = fill(&place.vault().await).await;
    let sieve = KeySources { explicit: None, keyring: Some(Arc::new(Sieve)) };
    assert!(rewrap(&place.folder, &place.sources, &sieve, KeySource::Keyring, &TestEntropy).is_err());
    assert!(rewrap(&place.folder, &place.sources, &KeySources::default(), KeySource::Explicit, &TestEntropy).is_err());
    check(&place.vault().await, id).await;
    assert_eq!(place.vault().await.info().await.unwrap().key_source, KeySource::KeyFile);
}

/// A keyring that takes the new key in the old one's place and fails after it, as a folder's sync does after a rename.
#[derive(Default)]
struct Late {
    kept: Mutex<Option<SecretBytes>>,
    failing: Mutex<bool>,
}

impl Keyring for Late {
    fn get(&self, _account: &str) -> Result<Option<SecretBytes>, KeyringFault> {
        Ok(self.kept.lock().unwrap().clone())
    }

    fn set(&self, _account: &str, secret: &SecretBytes) -> Result<(), KeyringFault> {
        *self.kept.lock().unwrap() = Some(secret.clone());
        if *self.failing.lock().unwrap() { Err(KeyringFault("input/output error".to_owned())) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_change_of_key_that_fails_after_the_new_key_is_in_place_leaves_a_vault_that_opens() {
    let mut place = Place::new();
    let id = fill(&place.vault().await).await;
    let late = Arc::new(Late::default());
    let keyring = KeySources { explicit: None, keyring: Some(Arc::clone(&late) as Arc<dyn Keyring>) };
    rewrap(&place.folder, &place.sources, &keyring, KeySource::Keyring, &TestEntropy).unwrap();
    place.sources = keyring.clone();
    *late.failing.lock().unwrap() = true;
    assert!(rewrap(&place.folder, &keyring, &keyring, KeySource::Keyring, &TestEntropy).is_err());
    check(&place.vault().await, id).await;
    // And the change can be made later.
    *late.failing.lock().unwrap() = false;
    rewrap(&place.folder, &keyring, &keyring, KeySource::Keyring, &TestEntropy).unwrap();
    check(&place.vault().await, id).await;
}
