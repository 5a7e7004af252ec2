//! Where an answer lies while the journal does not have it: in the landing slot of its spend, or in a rescue slot (I3).
//!
//! Enters: an answer that the journal cannot take, or that was left by a process that died. Leaves: the same in the journal, or what it
//! says to whoever recovers its grant. A crash between the journal's write and the freeing of a slot leaves both; the next look frees it.
//! The slots are files of this host, whichever engine the journal is of.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::params;
use tokenward_core::ports::{AnswerKept, StoreError};
use tokenward_core::{Closing, Event, IntentId, RawAnswer};

use crate::answer_slot::{LandingSlot, Landings};
use crate::codec::answer_to_bytes;
use crate::folder::Folder;
use crate::records::find_rows::find_intent;
use crate::records::rows::{answer_label, intent_bytes};
use crate::records::run_statement::{Transaction, run};
use crate::records::transaction_error::{Failed, Fault, unopened};
use crate::records::{Records, statements as sql};
use crate::rescue::{self, Rescue, Slotted};

/// The slots of a host.
pub(crate) struct Slots {
    pub(crate) rescue: Rescue,
    pub(crate) landings: Landings,
    /// Whether they were looked at since the store was opened.
    has_looked: AtomicBool,
    /// Those of spends that are under way in this process.
    under_way: Mutex<HashMap<IntentId, Arc<LandingSlot>>>,
}

/// What was found in the slots.
pub(crate) struct Emptied {
    /// Whether it was nothing.
    pub(crate) were_empty: bool,
    /// What has to stay for now.
    pub(crate) left: Vec<Slotted>,
}

/// Moves an answer from its slot into the journal; `false` when it belongs to no intent of this journal, or has to stay for now.
pub(crate) trait ToJournal {
    fn move_answer(&self, slotted: &Slotted) -> impl Future<Output = bool> + Send;
}

impl Slots {
    pub(crate) fn new(folder: &Folder) -> Self {
        Self {
            rescue: Rescue::new(folder.rescue()),
            landings: Landings::new(folder.landings()),
            has_looked: AtomicBool::new(false),
            under_way: Mutex::default(),
        }
    }

    /// Whether nobody has looked at them since the store was opened.
    pub(crate) fn is_due(&self) -> bool {
        !self.has_looked.load(Ordering::Acquire)
    }

    /// Moves what lies in the slots into the journal.
    pub(crate) async fn empty(&self, journal: &impl ToJournal) -> Emptied {
        let rescued = self.rescue.kept().unwrap_or_else(|error| {
            tracing::warn!(%error, "the rescue slots cannot be read");
            Vec::new()
        });
        let landed = self.landings.landed().unwrap_or_else(|error| {
            tracing::warn!(%error, "the landing slots cannot be read");
            Vec::new()
        });
        let were_empty = rescued.is_empty() && landed.is_empty();
        let mut left = Vec::new();
        for one in rescued {
            if journal.move_answer(&one.slotted).await {
                noted("rescue", &one.slotted, self.rescue.free(&one));
            } else {
                left.push(one.slotted);
            }
        }
        for one in landed {
            // Its owner stores it, unless it has lost its lease: then it is read where it lies.
            if !one.owned && journal.move_answer(&one.slotted).await {
                noted("landing", &one.slotted, Landings::free(&one));
            } else {
                left.push(one.slotted);
            }
        }
        self.has_looked.store(true, Ordering::Release);
        Emptied { were_empty, left }
    }

    /// Keeps an answer in the journal, or in a slot where the journal does not take it in time. `journalled` writes it, `busy` says that it
    /// took too long.
    pub(crate) async fn keep(
        &self,
        records: &Records,
        (intent, answer): (IntentId, &RawAnswer),
        journalled: impl Future<Output = Result<(), StoreError>>,
        busy: impl FnOnce() -> StoreError,
    ) -> Result<AnswerKept, StoreError> {
        // Where the disk may end this process in the middle of SQLite's writing, the slot comes first: it is written in place.
        let landing = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).get(&intent).cloned();
        let has_landed = landing.as_ref().is_some_and(|landing| landing.is_taken());
        let in_slot = !has_landed && self.rescue.is_copied() && self.rescue_answer(records, intent, answer).is_ok();
        // Should this process be killed while it waits for another one's write, the answer would be lost: so it does not
        // wait for long. A write that goes through after all stores the same answer once more.
        let error = match tokio::time::timeout(ANSWER_PATIENCE, journalled).await {
            Ok(Ok(())) => {
                if in_slot && let Err(error) = self.rescue.forget(intent) {
                    tracing::debug!(%intent, %error, "a rescue slot is freed later");
                }
                self.leave(intent);
                return Ok(AnswerKept::Journal);
            }
            Ok(Err(error)) => error,
            Err(_) => busy(),
        };
        match if in_slot { Ok(()) } else { self.rescue_answer(records, intent, answer) } {
            Ok(()) => {
                self.leave(intent);
                tracing::error!(%intent, %error, "the journal cannot be written; the provider's answer is in the rescue slot");
                Ok(AnswerKept::LastResort)
            }
            // It lies where it landed, in place; only the sync is missing.
            Err(_) if landing.as_ref().is_some_and(|landing| has_landed && landing.sync().is_ok()) => {
                tracing::error!(%intent, %error, "the journal cannot be written; the provider's answer is in its landing slot");
                Ok(AnswerKept::LastResort)
            }
            Err(slot) => {
                tracing::error!(%intent, %error, %slot, "the provider's answer could be kept nowhere");
                Err(error)
            }
        }
    }

    /// Keeps an answer in a rescue slot.
    fn rescue_answer(&self, records: &Records, intent: IntentId, answer: &RawAnswer) -> std::io::Result<()> {
        let sealer = &records.sealer;
        self.rescue.keep(&sealer.keys(), &*sealer.entropy, intent, answer)
    }

    /// A slot for the answer to a spend, if one can be had.
    pub(crate) fn landing_for(&self, records: &Records, intent: IntentId) -> Option<LandingSlot> {
        let sealer = &records.sealer;
        let slot = self.landings.open(intent, sealer.keys(), Arc::clone(&sealer.entropy));
        slot.inspect_err(|error| tracing::debug!(%intent, %error, "the answer lands in the journal alone")).ok()
    }

    /// Has the slot found again by whoever keeps the answer.
    pub(crate) fn expect(&self, slot: LandingSlot) -> Arc<LandingSlot> {
        let slot = Arc::new(slot);
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.insert(slot.intent(), Arc::clone(&slot));
        slot
    }

    /// Frees the slot of a spend that is over, or whose answer is kept.
    pub(crate) fn leave(&self, intent: IntentId) {
        let slot = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&intent);
        if let Some(Err(error)) = slot.map(|slot| slot.clear()) {
            tracing::debug!(%intent, %error, "a landing slot is freed later");
        }
    }

    /// Leaves the slot of a spend that is over with whatever lies in it: the journal does not have it, and takes it from there at the next
    /// look (I3).
    pub(crate) fn abandon(&self, intent: IntentId) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&intent);
    }
}

impl Records {
    /// The answer of a slot.
    pub(crate) fn unslotted(&self, slotted: &Slotted) -> Result<RawAnswer, Fault> {
        rescue::unseal(&self.sealer.keys(), slotted).map_err(unopened("an answer in a slot"))
    }

    /// Puts an answer from a slot into the journal, unless it is there. Says whether its intent is of this journal.
    pub(crate) fn unslot(&self, tx: &dyn Transaction, intent: IntentId, answer: &RawAnswer) -> Result<bool, Failed> {
        let Some(row) = find_intent(tx, intent)? else { return Ok(false) };
        if row.answer.is_none() {
            let plain = answer_to_bytes(answer, usize::MAX);
            let late = !matches!(row.closing, None | Some(Closing::Committed { .. }));
            let blob = self.sealer.seal(&answer_label(row.id), &plain);
            run(tx, sql::KEEP_ANSWER, params![intent_bytes(row.id), blob, late])?;
            let event = Event::Answered { intent: row.id, status: answer.status, log_id: answer.log_id.clone() };
            self.write_entry(tx, row.grant, row.generation, Some(&row.sender), &event)?;
        }
        Ok(true)
    }
}

/// Says that an answer that is in the journal stays in its slot too. It is freed by the next look.
fn noted(kind: &str, slotted: &Slotted, freed: std::io::Result<()>) {
    if let Err(error) = freed {
        tracing::warn!(intent = %slotted.intent, kind, %error, "a slot could not be freed; it will be tried again");
    }
}

/// How long an answer waits for the journal before it goes to its rescue slot.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
