//! Where an answer lands before the journal has it, and who may take it from there.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokenward_core::ports::{AnswerKept, Vault};
use tokenward_core::{Event, Generation, GrantId, IntentId, Landing};

use super::opened;
use crate::suite::FolderStand;
use crate::suite::fixtures::{answer, draft, holder, login, rotation};
use crate::suite::store::leases::leased;

/// A login of which the token is about to be sent.
struct Begun {
    vault: Arc<dyn Vault>,
    id: GrantId,
    intent: IntentId,
    landing: Option<Arc<dyn Landing>>,
}

async fn begun(stand: &dyn FolderStand, profile: &str) -> Begun {
    let vault = opened(stand).await;
    let id = vault.log_in(login(profile, profile, None)).await.unwrap().id();
    let lease = leased(&*vault, id, &holder("here", 1)).await;
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

fn slots(stand: &dyn FolderStand) -> Vec<PathBuf> {
    let folder = fs::read_dir(stand.folder().vault().join("landing")).unwrap();
    let mut slots: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    slots.sort();
    slots
}

fn holds(slot: &Path) -> bool {
    fs::read(slot).unwrap()[..8] == *b"TWRESCUE"
}

async fn answers(vault: &dyn Vault, id: GrantId) -> usize {
    let entries = vault.journal(id, 100).await.unwrap();
    entries.iter().filter(|entry| matches!(entry.event, Event::Answered { .. })).count()
}

/// I3: the process that read it is killed before the journal has it.
pub async fn an_answer_that_has_landed_outlives_its_reader(stand: &dyn FolderStand) {
    let sender = begun(stand, "work").await;
    sender.lands("landed");
    let (id, intent) = sender.killed();
    assert!(holds(&slots(stand)[0]));

    let next = opened(stand).await;
    let open = next.open_intents(id).await.unwrap();
    assert_eq!((open[0].id, open[0].answer.clone()), (intent, Some(answer("landed"))));
    assert!(!holds(&slots(stand)[0]), "the journal has it");
    assert_eq!(answers(&*next, id).await, 1);
    next.commit(None, intent, rotation("2")).await.unwrap();
    assert_eq!(next.grant(id).await.unwrap().generation, Generation::new(2));
}

/// The next answer lands in the same.
pub async fn a_slot_is_free_once_the_journal_has_the_answer(stand: &dyn FolderStand) {
    let mut sender = begun(stand, "work").await;
    sender.lands("kept");
    sender.landing = None;
    assert_eq!(sender.vault.keep_answer(sender.intent, &answer("kept")).await.unwrap(), AnswerKept::Journal);
    assert!(!holds(&slots(stand)[0]));
    sender.vault.commit(None, sender.intent, rotation("2")).await.unwrap();
    assert_eq!(answers(&*sender.vault, sender.id).await, 1);
    // The next one lands in the same.
    let other = begun(stand, "home").await;
    other.lands("other");
    assert_eq!(slots(stand).len(), 1);
}

/// A place to land is a help and no condition.
pub async fn without_a_slot_the_journal_alone_keeps_the_answer(stand: &dyn FolderStand) {
    drop(opened(stand).await);
    let folder = stand.folder().vault().join("landing");
    fs::remove_dir(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let sender = begun(stand, "work").await;
    assert!(sender.landing.is_none());
    assert_eq!(sender.vault.keep_answer(sender.intent, &answer("kept")).await.unwrap(), AnswerKept::Journal);
    assert_eq!(sender.vault.open_intents(sender.id).await.unwrap()[0].answer, Some(answer("kept")));
}

/// What a crash has torn is no answer.
pub async fn a_torn_slot_counts_as_empty(stand: &dyn FolderStand) {
    let sender = begun(stand, "work").await;
    sender.lands("torn");
    let (id, _) = sender.killed();
    let slot = fs::OpenOptions::new().write(true).open(&slots(stand)[0]).unwrap();
    slot.write_all_at(&[0xff], 60).unwrap();
    let next = opened(stand).await;
    assert_eq!(next.open_intents(id).await.unwrap()[0].answer, None);
    let other = begun(stand, "home").await;
    other.lands("other");
    assert_eq!(slots(stand).len(), 1, "it is used again");
}
