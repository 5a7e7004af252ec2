//! I4: no file of the folder holds a secret in clear, at any time.

use std::fs;
use std::path::Path;

use crate::place::Place;
use tokenward_core::ports::{AppData, AppDataKey, Attempt, Journal, Leases, LoginAnswers, Logins};
use tokenward_core::{Generation, Lease, Seat, SecretBytes, TokenApi};
use tokenward_vault::suite::{answer, draft, holder, login, rotation, soon};
use tokenward_vault::{ExplicitKey, SqliteVault};

const SECRETS: &[&str] = &[
    "access-first",
    "refresh-first",
    "access-second",
    "refresh-second",
    "access-parked",
    "refresh-parked",
    "answer-body",
    "login-body",
    "rescued-body",
    "the app's secret",
    "an explicit key of some length",
];

fn search(folder: &Path, files: &mut usize) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, files);
            continue;
        }
        *files += 1;
        let bytes = fs::read(&path).unwrap();
        for secret in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret:?} is readable in {}", path.display());
        }
    }
}

async fn leased(vault: &SqliteVault, id: tokenward_core::GrantId) -> Lease {
    match vault.hold(&Seat::Grant(id), &holder("here", 1), std::time::Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => held.lease,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    }
}

#[tokio::test]
async fn nothing_secret_is_readable_in_any_file() {
    let mut place = Place::new();
    let key = SecretBytes::new(b"an explicit key of some length".to_vec());
    place.sources.explicit = Some(ExplicitKey::new("a test", &key));
    let vault = place.vault().await;
    let look = || {
        let mut files = 0;
        search(place.folder.home(), &mut files);
        files
    };
    let (profile, app) = ("work".parse().unwrap(), "notes".parse().unwrap());
    vault.keep_login_answer(&profile, &app, TokenApi::V3, &answer("login-body")).await.unwrap();
    vault.keep(&AppDataKey::AppSecret(app), &SecretBytes::new(b"the app's secret".to_vec()), None).await.unwrap();
    let id = vault.log_in(login("work", "first", None)).await.unwrap().id();
    look();
    let lease = leased(&vault, id).await;
    vault.prove().await.unwrap();
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.keep_answer(intent, &answer("answer-body")).await.unwrap();
    look();
    vault.commit(None, intent, rotation("second")).await.unwrap();
    let late = vault.begin(&lease, draft(Generation::new(2))).await.unwrap().intent();
    vault.log_in(login("work", "third", None)).await.unwrap();
    vault.commit(None, late, rotation("parked")).await.unwrap();
    assert_eq!(vault.parked(id).await.unwrap().len(), 2);
    // vault.db, its log and index, key.json, rescue, two locks, one landing slot
    assert_eq!(look(), 8);
    vault.retire(&lease, soon(1), false).await.unwrap();
    look();
    vault.close_connections().await.unwrap();
    // Without log and index.
    assert_eq!(look(), 6);
}

#[tokio::test]
async fn an_answer_in_the_rescue_slot_is_sealed_too() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "first", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    crate::place::without_database(&place, || async {
        let cut_off = place.vault().await;
        cut_off.keep_answer(intent, &answer("rescued-body")).await.unwrap();
    })
    .await;
    search(place.folder.home(), &mut 0);
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, Some(answer("rescued-body")));
    search(place.folder.home(), &mut 0);
}

/// The database's log is the only place that is not overwritten at once; the tokens of a logged-out grant are gone from
/// the database file itself after the log was carried over, sealed or not.
#[tokio::test]
async fn a_logged_out_grants_sealed_tokens_are_gone_from_the_file() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "first", None)).await.unwrap().id();
    vault.close_connections().await.unwrap();
    let sealed = {
        let sqlite = place.sqlite();
        let blob: Vec<u8> = sqlite.query_row("SELECT refresh FROM grants", [], |row| row.get(0)).unwrap();
        sqlite.close().unwrap();
        blob
    };
    let holds = || {
        let bytes = fs::read(place.folder.database()).unwrap();
        bytes.windows(sealed.len()).any(|window| window == sealed)
    };
    assert!(holds());
    let vault = place.vault().await;
    let lease = leased(&vault, id).await;
    vault.retire(&lease, soon(1), false).await.unwrap();
    vault.close_connections().await.unwrap();
    assert!(!holds());
}
