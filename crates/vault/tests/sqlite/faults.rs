//! What is kept and what is said when the folder cannot be written, the journal is locked, or a slot is torn.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::time::Duration;

use crate::place::{Place, lay_down_root, take_up_root, without_database};
use tokenward_core::ports::{
    AnswerKept, Attempt, Committed, Grants, Journal, Leases, LoginAnswers, Logins, StoreError, StoreFault,
};
use tokenward_core::{Generation, GrantId, IntentId, Lease, Seat, SecretBytes};
use tokenward_vault::SqliteVault;
use tokenward_vault::suite::{answer, draft, holder, login, rotation};

async fn leased(vault: &SqliteVault, id: GrantId) -> Lease {
    match vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => held.lease,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    }
}

async fn begun(place: &Place) -> (SqliteVault, GrantId, Lease, IntentId) {
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    vault.prove().await.unwrap();
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    (vault, id, lease, intent)
}

/// Every file and folder of the vault without write permission, for a process without root's rights.
fn frozen<T>(place: &Place, run: impl FnOnce() -> T) -> T {
    let vault = place.folder.vault().to_owned();
    let each = |file_mode, folder_mode| {
        for entry in fs::read_dir(&vault).unwrap().flatten() {
            let mode = if entry.path().is_dir() { folder_mode } else { file_mode };
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::set_permissions(&vault, fs::Permissions::from_mode(folder_mode)).unwrap();
    };
    each(0o400, 0o500);
    let before = lay_down_root();
    let result = run();
    take_up_root(before);
    each(0o600, 0o700);
    result
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_read_only_folder_still_serves_and_refuses_before_a_spend() {
    let place = Place::new();
    let id = block_on(async { place.vault().await.log_in(login("work", "1", None)).await.unwrap().id() });
    let patient = frozen(&place, || {
        block_on(async {
            let vault = place.vault().await;
            assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-1");
            assert!(matches!(vault.prove().await, Err(StoreError { kind: StoreFault::ReadOnly, .. })));
            let lease = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await;
            assert!(matches!(lease, Err(StoreError { kind: StoreFault::ReadOnly, .. })), "{lease:?}");
            let stored = vault.log_in(login("work", "2", None)).await;
            assert!(matches!(stored, Err(StoreError { kind: StoreFault::ReadOnly, .. })), "{stored:?}");
            vault
        })
    });
    block_on(async {
        // A process that saw the folder read-only works again when it is not, without being started anew.
        let lease = leased(&patient, id).await;
        patient.prove().await.unwrap();
        patient.release(lease).await.unwrap();
        let vault = place.vault().await;
        vault.prove().await.unwrap();
        assert_eq!(vault.grant(id).await.unwrap().generation, Generation::FIRST);
    });
}

#[test]
fn a_place_that_cannot_be_written_makes_no_vault_and_says_so() {
    let place = Place::new();
    fs::set_permissions(place.root.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let before = lay_down_root();
    let refused = block_on(place.try_vault()).err();
    take_up_root(before);
    assert!(matches!(refused, Some(StoreError { kind: StoreFault::ReadOnly, .. })), "{refused:?}");
}

#[tokio::test]
async fn an_answer_that_the_journal_cannot_take_goes_to_its_slot_and_back() {
    let place = Place::new();
    let (vault, id, _lease, intent) = begun(&place).await;
    drop(vault);
    without_database(&place, || async {
        let vault = place.vault().await;
        assert_eq!(vault.keep_answer(intent, &answer("rescued")).await.unwrap(), AnswerKept::LastResort);
        // Still read-only: the answer is read from its slot.
        assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, Some(answer("rescued")));
    })
    .await;
    let vault = place.vault().await;
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, Some(answer("rescued")));
    // Moved into the journal, and the slot is free again.
    let slots = fs::read(place.folder.rescue()).unwrap();
    assert!(slots.iter().all(|byte| *byte == 0));
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, Some(answer("rescued")));
    assert_eq!(
        vault.commit(None, intent, rotation("2")).await.unwrap().committed,
        Committed::Generation(Generation::new(2))
    );
}

#[tokio::test]
async fn eight_answers_fit_a_ninth_grows_the_file_and_a_large_one_keeps_its_first_60_kib() {
    let place = Place::new();
    let vault = place.vault().await;
    let mut spends = Vec::new();
    for number in 0..9 {
        let id = vault.log_in(login(&format!("p{number}"), &number.to_string(), None)).await.unwrap().id();
        let lease = leased(&vault, id).await;
        spends.push((id, vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent()));
    }
    drop(vault);
    let mut large = answer("");
    large.body = SecretBytes::new((0..=250).cycle().take(100_000).collect());
    without_database(&place, || async {
        let vault = place.vault().await;
        for (_, intent) in &spends {
            assert_eq!(vault.keep_answer(*intent, &large).await.unwrap(), AnswerKept::LastResort);
        }
    })
    .await;
    assert_eq!(fs::metadata(place.folder.rescue()).unwrap().len(), 9 * 64 * 1024);
    let vault = place.vault().await;
    // No slot is free: there must be one before the next spend is begun.
    for _ in 0..2 {
        vault.prove().await.unwrap();
        assert_eq!(fs::metadata(place.folder.rescue()).unwrap().len(), 10 * 64 * 1024);
    }
    for (id, _) in &spends {
        let open = vault.open_intents(*id).await.unwrap();
        let kept = open[0].answer.as_ref().unwrap();
        assert!(!kept.whole);
        assert_eq!(kept.body.expose(), &large.body.expose()[..60 * 1024]);
    }
    vault.prove().await.unwrap();
}

#[tokio::test]
async fn answers_of_another_journal_are_kept_and_stop_no_login() {
    let one = Place::new();
    let (vault, ..) = begun(&one).await;
    drop(vault);
    let mut intents = Vec::new();
    without_database(&one, || async {
        let vault = one.vault().await;
        for number in 0..64 {
            let mut strange = draft(Generation::FIRST).id;
            while intents.contains(&strange) {
                strange = draft(Generation::FIRST).id;
            }
            intents.push(strange);
            assert_eq!(
                vault.keep_answer(strange, &answer("theirs")).await.unwrap(),
                AnswerKept::LastResort,
                "{number}"
            );
        }
    })
    .await;
    let vault = one.vault().await;
    let full = vault.prove().await;
    assert!(matches!(full, Err(StoreError { kind: StoreFault::Full, .. })), "{full:?}");
    // Nothing is begun whose answer would have no place.
    let id = vault.grants().await.unwrap()[0].id;
    let lease = leased(&vault, id).await;
    let full = vault.begin(&lease, draft(Generation::FIRST)).await;
    assert!(matches!(full, Err(StoreError { kind: StoreFault::Full, .. })), "{full:?}");
    assert_eq!(vault.open_intents(id).await.unwrap().len(), 1, "the one of before");

    // One fewer than the most: there is a way to go on, and none of them is lost by it.
    let theirs = fs::read(one.folder.rescue()).unwrap();
    fs::write(one.folder.rescue(), &theirs[..63 * 64 * 1024]).unwrap();
    let vault = one.vault().await;
    vault.prove().await.unwrap();
    let after = fs::read(one.folder.rescue()).unwrap();
    assert_eq!(after.len(), theirs.len());
    assert!(after[..63 * 64 * 1024] == theirs[..63 * 64 * 1024]);
    assert!(after[63 * 64 * 1024..].iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn an_answer_does_not_wait_long_for_a_locked_journal() {
    let place = Place::new();
    let (vault, id, _lease, intent) = begun(&place).await;
    let other = place.sqlite();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let kept = tokio::time::timeout(Duration::from_secs(6), vault.keep_answer(intent, &answer("rescued"))).await;
    assert_eq!(kept.expect("long before the lock is given up").unwrap(), AnswerKept::LastResort);
    // A reader notices nothing (I7).
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-1");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, Some(answer("rescued")));
    assert_eq!(
        vault.commit(None, intent, rotation("2")).await.unwrap().committed,
        Committed::Generation(Generation::new(2))
    );
}

#[tokio::test]
async fn a_torn_slot_counts_as_never_written() {
    let place = Place::new();
    let (vault, id, _lease, intent) = begun(&place).await;
    drop(vault);
    without_database(&place, || async {
        place.vault().await.keep_answer(intent, &answer("rescued")).await.unwrap();
    })
    .await;
    let file = fs::OpenOptions::new().write(true).open(place.folder.rescue()).unwrap();
    file.write_all_at(&[0; 64], 100).unwrap();
    let vault = place.vault().await;
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, None);
    vault.prove().await.unwrap();
}

#[tokio::test]
async fn a_rescue_file_that_is_gone_or_cut_is_made_anew_by_the_proof() {
    let place = Place::new();
    let vault = place.vault().await;
    for _ in 0..2 {
        vault.prove().await.unwrap();
        assert_eq!(fs::metadata(place.folder.rescue()).unwrap().len(), 8 * 64 * 1024);
        let file = fs::OpenOptions::new().write(true).open(place.folder.rescue()).unwrap();
        file.set_len(70_000).unwrap();
    }
    fs::remove_file(place.folder.rescue()).unwrap();
    place.vault().await.prove().await.unwrap();
    assert_eq!(fs::metadata(place.folder.rescue()).unwrap().len(), 8 * 64 * 1024);
}

/// A caller that goes away in the middle of a call leaves a vault that works.
#[tokio::test]
async fn a_cancelled_call_leaves_no_transaction_behind() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    for polls in 1..40 {
        let mut generation = vault.grant(id).await.unwrap().generation;
        {
            let mut call = std::pin::pin!(vault.begin(&lease, draft(generation)));
            for _ in 0..polls {
                let poll = futures_poll(call.as_mut()).await;
                if poll {
                    break;
                }
            }
        }
        // Whatever became of it, the journal says it, and the next step works.
        for open in vault.open_intents(id).await.unwrap() {
            let done = vault.commit(None, open.id, rotation(&polls.to_string())).await.unwrap().committed;
            generation = generation.next();
            assert_eq!(done, Committed::Generation(generation));
        }
        assert_eq!(vault.grant(id).await.unwrap().generation, generation);
    }
}

/// Polls a future once, and gives its other threads a moment.
async fn futures_poll<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    let mut done = false;
    std::future::poll_fn(|context| {
        done = future.as_mut().poll(context).is_ready();
        std::task::Poll::Ready(())
    })
    .await;
    tokio::time::sleep(Duration::from_micros(200)).await;
    done
}
