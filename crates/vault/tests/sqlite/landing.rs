//! Where an answer lands before the journal has it: what a look shows of it, and a journal that cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::place::{Place, without_database};
use tokenward_core::ports::{AnswerKept, Attempt, Grants, Journal, Leases, Logins};
use tokenward_core::{Closing, Doubt, Event, Generation, GrantId, IntentId, Landing, Lease, Seat};
use tokenward_vault::SqliteVault;
use tokenward_vault::suite::{answer, draft, holder, login};

async fn leased(vault: &SqliteVault, id: GrantId) -> Lease {
    match vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => held.lease,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    }
}

/// A login of which the token is about to be sent.
struct Begun {
    vault: SqliteVault,
    id: GrantId,
    intent: IntentId,
    landing: Option<Arc<dyn Landing>>,
}

async fn begun(place: &Place, profile: &str) -> Begun {
    let vault = place.vault().await;
    let id = vault.log_in(login(profile, profile, None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    let spend = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap();
    Begun { intent: spend.intent(), landing: spend.landing(), vault, id }
}

impl Begun {
    fn lands(&self, tag: &str) {
        assert!(self.landing.as_ref().expect("a slot").put(&answer(tag)));
    }

    /// As if its process were killed: nothing more is done, and the kernel takes its locks away.
    fn killed(self) -> (GrantId, IntentId) {
        (self.id, self.intent)
    }
}

fn slots(place: &Place) -> Vec<PathBuf> {
    let mut slots: Vec<_> =
        fs::read_dir(place.folder.vault().join("landing")).unwrap().map(|entry| entry.unwrap().path()).collect();
    slots.sort();
    slots
}

fn holds(slot: &PathBuf) -> bool {
    fs::read(slot).unwrap()[..8] == *b"TWRESCUE"
}

async fn answers(vault: &SqliteVault, id: GrantId) -> usize {
    let entries = vault.journal(id, 100).await.unwrap();
    entries.iter().filter(|entry| matches!(entry.event, Event::Answered { .. })).count()
}

/// The process that read it is killed before the journal has it.
#[tokio::test]
async fn a_look_at_what_has_landed_moves_nothing() {
    let place = Place::new();
    let sender = begun(&place, "work").await;
    sender.lands("landed");
    let (id, _) = sender.killed();

    let next = place.vault().await;
    assert_eq!(next.examine().await.unwrap().waiting.len(), 1);
    assert!(holds(&slots(&place)[0]));
    next.open_intents(id).await.unwrap();
    assert!(!holds(&slots(&place)[0]), "the journal has it");
    assert!(next.examine().await.unwrap().waiting.is_empty());
    assert_eq!(answers(&next, id).await, 1);
}

/// An answer that comes late, to a sender that was stopped meanwhile, must not strike another one's.
#[tokio::test]
async fn each_sender_has_a_slot_of_its_own_while_it_lives() {
    let place = Place::new();
    let stopped = begun(&place, "work").await;
    let other = begun(&place, "home").await;
    other.lands("others");
    stopped.lands("late");
    assert_eq!(slots(&place).iter().filter(|slot| holds(slot)).count(), 2);
    // Nobody stores what a living sender is about to store; who recovers its login reads it where it lies.
    let next = place.vault().await;
    let open = next.open_intents(other.id).await.unwrap();
    assert_eq!(open[0].answer, Some(answer("others")));
    assert_eq!((answers(&next, other.id).await, answers(&next, stopped.id).await), (0, 0));
    assert!(next.examine().await.unwrap().waiting.is_empty());
    for sender in [&other, &stopped] {
        let tag = if sender.id == other.id { "others" } else { "late" };
        sender.vault.keep_answer(sender.intent, &answer(tag)).await.unwrap();
        assert_eq!(answers(&next, sender.id).await, 1);
    }
    assert!(!slots(&place).iter().any(holds));
}

/// A full or broken journal: where it landed it needs no further room, and is synced.
#[tokio::test]
async fn what_has_landed_is_synced_where_nothing_else_can_be_written() {
    let place = Place::new();
    let sender = begun(&place, "work").await;
    let (id, intent) = sender.killed();
    without_database(&place, || async {
        // The rescue slots are gone too.
        fs::set_permissions(place.folder.rescue(), fs::Permissions::from_mode(0o400)).unwrap();
        let cut_off = place.vault().await;
        assert!(cut_off.keep_answer(intent, &answer("nowhere")).await.is_err(), "nothing has landed");
        fs::set_permissions(place.folder.rescue(), fs::Permissions::from_mode(0o600)).unwrap();
    })
    .await;
    let vault = place.vault().await;
    let lease = leased(&vault, id).await;
    let spend = vault.begin(&lease, tokenward_core::IntentDraft { replays: Some(intent), ..draft(Generation::FIRST) });
    let spend = spend.await.unwrap();
    assert!(spend.landing().unwrap().put(&answer("landed")));
    let blocker = place.sqlite();
    blocker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // The vault has the rescue slots open: what it cannot write to any more is a file that is gone.
    fs::remove_file(place.folder.rescue()).unwrap();
    fs::create_dir(place.folder.rescue()).unwrap();
    let kept = vault.keep_answer(spend.intent(), &answer("landed")).await;
    assert_eq!(kept.unwrap(), AnswerKept::LastResort);
    blocker.execute_batch("ROLLBACK").unwrap();
    fs::remove_dir(place.folder.rescue()).unwrap();
    drop(vault);
    let next = place.vault().await;
    assert_eq!(next.open_intents(id).await.unwrap()[0].answer, Some(answer("landed")));
}

/// The journal did not take it, and can be written once it is known to be odd: what came is not given up with the spend (I3).
#[tokio::test]
async fn an_odd_answer_stays_where_it_landed_until_the_journal_has_it() {
    let place = Place::new();
    let sender = begun(&place, "work").await;
    sender.lands("odd");
    let Begun { vault, id, intent, landing } = sender;
    let journal = place.sqlite();
    let refused = "CREATE TRIGGER full BEFORE UPDATE OF answer ON intents BEGIN SELECT RAISE(ABORT, 'full'); END";
    journal.execute_batch(refused).unwrap();
    // Nor is there a rescue slot.
    fs::remove_file(place.folder.rescue()).unwrap();
    fs::create_dir(place.folder.rescue()).unwrap();
    assert_eq!(vault.keep_answer(intent, &answer("odd")).await.unwrap(), AnswerKept::LastResort);
    fs::remove_dir(place.folder.rescue()).unwrap();
    assert!(holds(&slots(&place)[0]), "it lies where it landed alone");
    journal.execute_batch("DROP TRIGGER full").unwrap();
    drop(landing);
    vault.close(None, intent, Closing::Doubt { doubt: Doubt::OddAnswer }, None).await.unwrap();
    let found = vault.open_intents(id).await.unwrap().remove(0);
    assert_eq!((found.id, found.answer, found.doubted), (intent, Some(answer("odd")), true));
    assert_eq!(answers(&vault, id).await, 1);
    assert!(!holds(&slots(&place)[0]), "the journal has it");
}
