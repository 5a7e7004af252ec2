//! Where an answer lies while the journal does not have it: in the landing slot of its spend, or in a rescue slot (I3).
//!
//! Enters: an answer that the journal cannot take, or that was left by a process that died. Leaves: the same in the journal, or what it
//! says to whoever recovers its grant. A crash between the journal's write and the freeing of a slot leaves both; the next look frees it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use rusqlite::params;
use tokenward_core::ports::StoreError;
use tokenward_core::{Closing, Event, IntentId, RawAnswer};

use crate::answer_slot::{LandingSlot, Landings};
use crate::codec::answer_to_bytes;
use crate::rescue::{self, Slotted};
use crate::room;

use super::failure::{Fault, unopened};
use super::lookup::find_intent;
use super::query::run;
use super::rows::{answer_label, intent_bytes};
use super::{Context, SqliteVault, sql};

/// What was found in the slots.
pub(super) struct Emptied {
    /// Whether it was nothing.
    pub(super) were_empty: bool,
    /// What has to stay for now.
    pub(super) left: Vec<Slotted>,
}

impl SqliteVault {
    /// Moves what lies in the slots into the journal.
    pub(super) async fn empty_slots(&self) -> Emptied {
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
            if self.move_to_journal(&one.slotted).await {
                noted("rescue", &one.slotted, self.rescue.free(&one));
            } else {
                left.push(one.slotted);
            }
        }
        for one in landed {
            // Its owner stores it, unless it has lost its lease: then it is read where it lies.
            if !one.owned && self.move_to_journal(&one.slotted).await {
                noted("landing", &one.slotted, Landings::free(&one));
            } else {
                left.push(one.slotted);
            }
        }
        self.has_looked_at_slots.store(true, Ordering::Release);
        Emptied { were_empty, left }
    }

    /// Keeps an answer in a rescue slot.
    pub(super) fn rescue_answer(&self, intent: IntentId, answer: &RawAnswer) -> std::io::Result<()> {
        let sealer = &self.context.sealer;
        self.rescue.keep(&sealer.keys(), &*sealer.entropy, intent, answer)
    }

    /// Moves an answer from its slot into the journal; `false` when it belongs to no intent of this journal, or has to stay for now.
    async fn move_to_journal(&self, slotted: &Slotted) -> bool {
        let answer = match self.context.unslotted(slotted) {
            Ok(answer) => answer,
            Err(fault) => {
                let error = self.context.fault(fault);
                tracing::warn!(intent = %slotted.intent, %error, "an answer stays in its slot");
                return false;
            }
        };
        let intent = slotted.intent;
        let moved = self.write(move |context, tx| {
            let Some(row) = find_intent(tx, intent)? else { return Ok(false) };
            if row.answer.is_none() {
                let plain = answer_to_bytes(&answer, usize::MAX);
                let late = !matches!(row.closing, None | Some(Closing::Committed { .. }));
                let blob = context.sealer.seal(&answer_label(row.id), &plain);
                run(tx, sql::KEEP_ANSWER, params![intent_bytes(row.id), blob, late])?;
                let event = Event::Answered { intent: row.id, status: answer.status, log_id: answer.log_id.clone() };
                context.write_entry(tx, row.grant, row.generation, Some(&row.sender), &event)?;
            }
            Ok(true)
        });
        moved.await.unwrap_or_else(|error| {
            tracing::warn!(%intent, %error, "an answer stays in its slot");
            false
        })
    }

    /// Asks the kernel whether the vault can be written and has room, and whether an answer that the journal cannot take has a place. That it
    /// can be written indeed is shown by the intent itself, which comes before the spend.
    pub(super) fn check_room(&self) -> Result<(), StoreError> {
        room::check(self.context.folder.vault())?;
        room::writable(&self.context.folder.database())?;
        self.rescue.ready()
    }

    /// A slot for the answer to a spend, if one can be had.
    pub(super) fn landing_for(&self, intent: IntentId) -> Option<LandingSlot> {
        let sealer = &self.context.sealer;
        let slot = self.landings.open(intent, sealer.keys(), Arc::clone(&sealer.entropy));
        slot.inspect_err(|error| tracing::debug!(%intent, %error, "the answer lands in the journal alone")).ok()
    }

    /// Has the slot found again by whoever keeps the answer.
    pub(super) fn expect_landing(&self, slot: LandingSlot) -> Arc<LandingSlot> {
        let slot = Arc::new(slot);
        let mut under_way = self.landing.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.insert(slot.intent(), Arc::clone(&slot));
        slot
    }

    /// Frees the slot of a spend that is over, or whose answer is kept.
    pub(super) fn leave_landing(&self, intent: IntentId) {
        let slot = self.landing.lock().unwrap_or_else(PoisonError::into_inner).remove(&intent);
        if let Some(Err(error)) = slot.map(|slot| slot.clear()) {
            tracing::debug!(%intent, %error, "a landing slot is freed later");
        }
    }

    /// Leaves the slot of a spend that is over with whatever lies in it: the journal does not have it, and takes it from there at the next
    /// look (I3).
    pub(super) fn abandon_landing(&self, intent: IntentId) {
        self.landing.lock().unwrap_or_else(PoisonError::into_inner).remove(&intent);
    }
}

impl Context {
    /// The answer of a slot.
    pub(super) fn unslotted(&self, slotted: &Slotted) -> Result<RawAnswer, Fault> {
        rescue::unseal(&self.sealer.keys(), slotted).map_err(unopened("an answer in a slot"))
    }
}

/// Says that an answer that is in the journal stays in its slot too. It is freed by the next look.
fn noted(kind: &str, slotted: &Slotted, freed: std::io::Result<()>) {
    if let Err(error) = freed {
        tracing::warn!(intent = %slotted.intent, kind, %error, "a slot could not be freed; it will be tried again");
    }
}
