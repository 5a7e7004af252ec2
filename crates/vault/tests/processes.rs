//! Many processes on one folder: this program starts itself, 64 times.
#![expect(clippy::print_stdout, reason = "a child prints what it got")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{
    AppData, Attempt, Committed, Entropy, Grants, Journal, Leases, LoginAnswers, Logins, StoreError, StoreFault,
};
use tokenward_core::{Generation, IntentId, Seat};
use tokenward_testkit::{Disk, Program, Task, Words, all_at_once};
use tokenward_vault::suite::{TestClock, TestEntropy, answer, draft, holder, login, rotation};
use tokenward_vault::{Folder, KeySources, SqliteVault, VaultOptions};

const PROCESSES: u32 = 64;

fn main() -> ExitCode {
    Program::new()
        .child("log-in", |words| runtime().block_on(open_and_log_in(&folder(words), number(words))))
        .child("turn", |words| runtime().block_on(rotate_once(&folder(words), number(words))))
        .child("serve", |words| runtime().block_on(serve_read_only(&folder(words))))
        .child("fill", |words| runtime().block_on(fill_the_disk(&folder(words))))
        .test("many_processes_create_one_vault", many_processes_create_one_vault)
        .test("many_processes_rotate_a_grant_once", many_processes_rotate_a_grant_once)
        .on_disk("a_full_disk_is_seen_before_a_spend_and_survived_after_it", a_full_disk)
        .on_disk("a_read_only_disk_still_serves", a_read_only_disk)
        .run()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn folder(words: &Words) -> Folder {
    Folder::new(words.path(0))
}

fn number(words: &Words) -> u32 {
    words.text(1).parse().unwrap()
}

async fn vault(folder: &Folder) -> SqliteVault {
    SqliteVault::open(VaultOptions {
        folder: folder.clone(),
        keys: KeySources::default(),
        clock: Arc::new(TestClock::default()),
        entropy: Arc::new(TestEntropy),
    })
    .await
    .unwrap()
}

/// Starts all, waits for all, and gives back what each printed.
fn children(task: &str, folder: &Path) -> Vec<String> {
    all_at_once((0..PROCESSES).map(|number| Task::new(task).word(folder).word(number.to_string())))
}

fn many_processes_create_one_vault() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("home");
    children("log-in", &home);
    let grants = runtime().block_on(async { vault(&Folder::new(&home)).await.grants().await.unwrap() });
    assert_eq!(grants.len(), PROCESSES as usize);
    assert!(grants.iter().all(|grant| grant.access.is_some() && grant.has_refresh));
}

async fn open_and_log_in(folder: &Folder, number: u32) {
    let vault = vault(folder).await;
    let id = vault.log_in(login(&format!("profile{number}"), &number.to_string(), None)).await.unwrap().id();
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), format!("access-{number}"));
}

fn many_processes_rotate_a_grant_once() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("home");
    runtime().block_on(async { vault(&Folder::new(&home)).await.log_in(login("work", "1", None)).await.unwrap() });
    let mut told = BTreeMap::<String, usize>::new();
    for line in children("turn", &home) {
        *told.entry(line).or_default() += 1;
    }
    let others = PROCESSES as usize - 1;
    assert_eq!(told, BTreeMap::from([("turned access-2".to_owned(), 1), ("waited access-2".to_owned(), others)]));
}

/// What a keeper does at the moment of expiry: lease, read again, rotate; or wait for who does.
async fn rotate_once(folder: &Folder, number: u32) {
    let vault = vault(folder).await;
    let id = vault.grant_of(&"work".parse().unwrap()).await.unwrap().unwrap();
    let me = holder("here", number);
    let mut rotated = false;
    let grant = loop {
        let grant = vault.grant(id).await.unwrap();
        if grant.generation > Generation::FIRST {
            break grant;
        }
        let lease = match vault.hold(&Seat::Grant(id), &me, Duration::from_secs(30)).await.unwrap() {
            Attempt::Held(held) => held.lease,
            Attempt::Busy { .. } => {
                vault.wait(&Seat::Grant(id), Duration::from_secs(30)).await;
                continue;
            }
        };
        if vault.grant(id).await.unwrap().generation == Generation::FIRST {
            vault.prove().await.unwrap();
            let mut draft = draft(Generation::FIRST);
            let mut random = [0; 10];
            TestEntropy.fill(&mut random);
            draft.id = IntentId::new(u64::from(std::process::id()), random);
            let intent = vault.begin(&lease, draft).await.unwrap().intent();
            tokio::time::sleep(Duration::from_millis(100)).await;
            vault.keep_answer(intent, &answer("{}")).await.unwrap();
            let committed = vault.commit(None, intent, rotation("2")).await.unwrap().committed;
            assert_eq!(committed, Committed::Generation(Generation::new(2)));
            rotated = true;
        }
        vault.release(lease).await.unwrap();
    };
    let word = if rotated { "turned" } else { "waited" };
    println!("{word} {}", grant.access.unwrap().token.expose());
}

/// A disk of two mebibytes, mounted for one child alone.
fn a_full_disk() {
    let disk = Disk::new("2m");
    let fill = Task::new("fill").word(disk.path().join("home"));
    disk.run(&fill).ends().said();
}

/// A file system that becomes read-only, as one does after an error of the disk.
fn a_read_only_disk() {
    let disk = Disk::new("4m");
    let home = disk.path().join("home");
    let (log_in, serve) = (Task::new("log-in").word(&home).word("1"), Task::new("serve").word(&home));
    disk.run(&log_in).becomes_read_only().run(&serve).ends().said();
}

async fn serve_read_only(folder: &Folder) {
    let profile = "profile1".parse().unwrap();
    let vault = vault(folder).await;
    let id = vault.grant_of(&profile).await.unwrap().unwrap();
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-1");
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    assert!(matches!(vault.prove().await, Err(StoreError { kind: StoreFault::ReadOnly, .. })));
    let lease = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await;
    assert!(matches!(lease, Err(StoreError { kind: StoreFault::ReadOnly, .. })), "{lease:?}");
    let kept = vault.forget(&tokenward_core::ports::AppDataKey::AppSecret("notes".parse().unwrap())).await;
    assert!(matches!(kept, Err(StoreError { kind: StoreFault::ReadOnly, .. })), "{kept:?}");
}

async fn fill_the_disk(folder: &Folder) {
    let vault = vault(folder).await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("the lease is taken");
    };
    vault.prove().await.unwrap();
    let spend = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap();
    let ballast = folder.home().parent().unwrap().join("ballast");
    std::fs::write(&ballast, vec![0; 1 << 21]).unwrap_err();

    // The spend is under way and the disk is full to the last byte: the answer goes to its slot.
    let mut big = answer("");
    big.body = tokenward_core::SecretBytes::new(vec![b'x'; 50_000]);
    vault.keep_answer(spend.intent(), &big).await.unwrap();
    let full = vault.commit(None, spend.intent(), rotation("2")).await.unwrap_err();
    assert!(matches!(full, StoreError { kind: StoreFault::Full, .. }), "{full:?}");
    assert!(matches!(vault.prove().await, Err(StoreError { kind: StoreFault::Full, .. })));
    // Nobody who holds validity notices (I7), and the next process finds the answer.
    drop(vault);
    let vault = self::vault(folder).await;
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-1");
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer.as_ref(), Some(&big));

    std::fs::remove_file(ballast).unwrap();
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer.as_ref(), Some(&big));
    assert_eq!(
        vault.commit(None, spend.intent(), rotation("2")).await.unwrap().committed,
        Committed::Generation(Generation::new(2))
    );
    vault.prove().await.unwrap();
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-2");
}
