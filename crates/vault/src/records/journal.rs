//! The journal, as it is written: begin, answer, commit, close. The promises I1, I2, I3 and I5 are kept here.
//!
//! An intent is *open* until it is closed. An answer may also come to a closed intent (its sender was paused, and someone
//! else repeated it): such an intent is *late* until its answer has been read once, and is reported as open so that it is
//! settled like any other. A set that comes too late for its generation is parked, never dropped.

use rusqlite::params;
use tokenward_core::ports::{Committed, StoreError, in_doubt};
use tokenward_core::rotation_policy::{Change, Rotation};
use tokenward_core::{
    Closing, Doubt, Event, Fence, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, Journalled, Seat,
    Spend, Standing,
};

use crate::codec::rotation_to_bytes;
use crate::rescue::Slotted;

use super::fallback_sets::end_trials;
use super::find_rows::{grant_row, intent_row, open_rows, unknown_intent};
use super::leases::free;
use super::non_interactive_requests::answered;
use super::rows::{GrantRow, IntentRow, grant_bytes, intent_bytes, parked_label, signed, to_json, uuid};
use super::run_statement::{Transaction, all, first, run};
use super::sealer::Sealer;
use super::transaction_error::Failed;
use super::{Records, sql};

impl Records {
    /// The open intents of a grant, with their answers; also those that lie in slots.
    pub(crate) fn open_intents(
        &self,
        tx: &dyn Transaction,
        id: GrantId,
        left: &[Slotted],
    ) -> Result<Vec<Intent>, Failed> {
        if first(tx, sql::IS_GRANT, params![grant_bytes(id)], |row| row.get(0))? != Some(true) {
            return Err(StoreError::gone(id).into());
        }
        let mut intents = Vec::new();
        for row in open_rows(tx, id)? {
            let mut intent = row.intent(&self.sealer)?;
            if intent.answer.is_none()
                && let Some(one) = left.iter().find(|one| one.intent == intent.id)
            {
                intent.answer = Some(self.unslotted(one)?);
            }
            intents.push(intent);
        }
        Ok(intents)
    }

    /// Keeps an answer that is sealed.
    pub(crate) fn journal_answer(
        &self,
        tx: &dyn Transaction,
        intent: IntentId,
        blob: &[u8],
        event: &Event,
    ) -> Result<(), Failed> {
        if run(tx, sql::JOURNAL_ANSWER, params![intent_bytes(intent), blob])? == 0 {
            return Err(unknown_intent(intent));
        }
        let at = self.now().as_millisecond();
        run(tx, sql::ENTER_ANSWER, params![intent_bytes(intent), at, to_json(event)?])?;
        Ok(())
    }

    /// Ends a transaction that has ended a spend: frees the lease that is named, and gives back what is stored then.
    pub(crate) fn finish(
        &self,
        tx: &dyn Transaction,
        freeing: Option<&(Seat, Fence)>,
        of: Of,
    ) -> Result<Option<Grant>, Failed> {
        if let Some((seat, fence)) = freeing {
            free(tx, seat, *fence)?;
        }
        let stored = |id| grant_row(tx, id).and_then(|row| Ok(row.grant(&self.sealer)?)).ok();
        Ok(match of {
            Of::Unread(id) => stored(id),
            Of::Known(grant) => {
                debug_assert!(stored(grant.id).as_ref().map(told) == Some(told(&grant)), "it is what is stored");
                Some(*grant)
            }
        })
    }

    /// Closes an intent without a rotation. Says too whether its answer is still wanted.
    pub(crate) fn close_wanted(
        &self,
        tx: &dyn Transaction,
        intent: IntentId,
        closing: &Closing,
        standing: Option<&Standing>,
    ) -> Result<(bool, Of), Failed> {
        // What came may be more than could be read of it.
        let is_wanted = matches!(closing, Closing::Doubt { .. }) && intent_row(tx, intent)?.answer.is_none();
        Ok((is_wanted, Of::Unread(self.close(tx, intent, closing, standing)?)))
    }

    /// Records a spend.
    pub(crate) fn begin(
        &self,
        tx: &dyn Transaction,
        (id, fence, by): (GrantId, Fence, &Holder),
        draft: &IntentDraft,
    ) -> Result<Spend, Failed> {
        let grant = grant_row(tx, id)?;
        let is_renamed = draft.ends_access.as_ref().is_some_and(|shown| shown.0 != grant.profile);
        if grant.fence != Some(fence) || grant.generation != draft.generation || grant.retired() || is_renamed {
            return Err(StoreError::moved().into());
        }
        let open = if grant.intent_open { open_rows(tx, grant.id)? } else { Vec::new() };
        if let Some(other) = open.iter().find(|open| draft.replays != Some(open.id)) {
            return Err(StoreError::intent_open(other.id).into());
        }
        let token = grant.refresh(&self.sealer)?.ok_or(StoreError::no_refresh_token())?;
        for open in open {
            self.mark_closed(tx, &open, &Closing::Replayed)?;
            if matches!(grant.standing, Standing::Live) {
                // Should the answer to the repeated send be settled by someone else, a refusal must not be told as the
                // doing of a stranger.
                let doubted = in_doubt(open.id, draft.begun, Doubt::SenderDied);
                set_standing(tx, grant.id, grant.generation, &doubted)?;
            }
        }
        let fingerprint = self.sealer.keys().fingerprint(&token);
        let bound = params![
            intent_bytes(draft.id),
            grant_bytes(grant.id),
            signed(draft.generation.get()),
            fingerprint.as_bytes(),
            signed(fence.get()),
            to_json(by)?,
            draft.api.as_str(),
            draft.begun.as_millisecond(),
            draft.deadline.as_millisecond(),
        ];
        run(tx, sql::BEGIN_INTENT, bound)?;
        let event = Event::Begun { intent: draft.id, fingerprint, replay: draft.replays.is_some() };
        self.write_entry(tx, grant.id, draft.generation, Some(by), &event)?;
        Ok(Spend::new(draft.id, draft.deadline, token, Journalled::attest()))
    }

    /// Stores a rotation. Says of which grant it was.
    pub(crate) fn commit(
        &self,
        tx: &dyn Transaction,
        intent: IntentId,
        rotation: &Rotation,
    ) -> Result<(Committed, Of), Failed> {
        let row = intent_row(tx, intent)?;
        let mut grant = grant_row(tx, row.grant)?;
        if let Some(Closing::Committed { generation, .. }) = row.closing {
            // The step is repeated after a crash, or by another process that read the same answer (I5).
            return Ok((Committed::Generation(generation), Of::Unread(grant.id)));
        }
        let moved = grant.generation != row.generation && !self.is_back(tx, &grant, &row)?;
        if moved || grant.retired() {
            if grant.retired() || !self.rotate_aside(tx, &row, rotation)? {
                self.park(tx, &row, rotation)?;
            }
            self.mark_closed(tx, &row, &Closing::Parked)?;
            prune(tx, grant.id)?;
            return Ok((Committed::Parked, Of::Unread(grant.id)));
        }
        let generation = grant.generation.next();
        let others =
            first(tx, sql::OTHERS_OPEN, params![grant_bytes(grant.id), intent_bytes(intent)], |row| row.get(0))?;
        if others == Some(true) {
            self.supersede(tx, grant.id, generation, Some(row.id))?;
        }
        let is_plain = others != Some(true) && !grant.on_trial;
        apply(&mut grant, &self.sealer, rotation, generation);
        grant.write(tx, sql::UPDATE_GRANT)?;
        if let Change::Replace(token) = &rotation.refresh {
            self.remember(tx, token, grant.id, generation)?;
        }
        let closing = Closing::Committed { generation, without_access: rotation.is_without_access() };
        self.mark_closed(tx, &row, &closing)?;
        let is_pruned = generation.get().is_multiple_of(PRUNE_EVERY);
        let useless = generation.get().saturating_sub(ANSWERS_KEPT);
        // The rotations before this one have wiped what was older, but for what was settled late.
        let since = if is_pruned { 0 } else { useless.saturating_sub(1) };
        run(tx, sql::WIPE_OLD_ANSWERS, params![grant_bytes(grant.id), signed(since), signed(useless)])?;
        if let Some(profile) = &grant.profile {
            answered(tx, profile)?;
        }
        if is_pruned {
            // It has rotated, so nothing is on trial any more, and what awaited the outcome may go too.
            end_trials(tx, grant.id, false)?;
            prune(tx, grant.id)?;
        }
        // Nothing is open any more: this intent was the one.
        grant.intent_open = false;
        let known = match &rotation.access {
            Change::Replace(access) if is_plain => grant.written(Some(access)),
            Change::Drop if is_plain => grant.written(None),
            _ => None,
        };
        let of = known.map_or(Of::Unread(grant.id), |known| Of::Known(Box::new(known)));
        Ok((Committed::Generation(generation), of))
    }

    /// Closes an intent without a rotation. Says of which grant it was.
    fn close(
        &self,
        tx: &dyn Transaction,
        intent: IntentId,
        closing: &Closing,
        standing: Option<&Standing>,
    ) -> Result<GrantId, Failed> {
        let row = intent_row(tx, intent)?;
        if matches!(row.closing, Some(Closing::Committed { .. })) {
            return Ok(row.grant);
        }
        if matches!(closing, Closing::Doubt { .. }) {
            run(tx, sql::DOUBT_INTENT, params![intent_bytes(intent)])?;
            let event = Event::Closed { intent, closing: closing.clone() };
            self.write_entry(tx, row.grant, row.generation, None, &event)?;
        } else {
            self.mark_closed(tx, &row, closing)?;
        }
        if let Some(standing) = standing {
            set_standing(tx, row.grant, row.generation, standing)?;
        }
        prune(tx, row.grant)?;
        Ok(row.grant)
    }

    /// Closes the open intents of a grant that moves on without them; an answer that still comes is parked.
    pub(crate) fn supersede(
        &self,
        tx: &dyn Transaction,
        grant: GrantId,
        generation: Generation,
        except: Option<IntentId>,
    ) -> Result<(), Failed> {
        let closing = Closing::Parked;
        let except = except.map(intent_bytes);
        let bound = params![
            grant_bytes(grant),
            self.now().as_millisecond(),
            to_json(&closing)?,
            except.as_ref().map_or(&[][..], |id| &id[..]),
        ];
        let closed = all(tx, sql::CLOSE_OPEN_INTENTS, bound, |row| Ok(IntentId::from(uuid(row, 0)?)))?;
        for intent in closed {
            let event = Event::Closed { intent, closing: closing.clone() };
            self.write_entry(tx, grant, generation, None, &event)?;
        }
        Ok(())
    }

    pub(crate) fn mark_closed(&self, tx: &dyn Transaction, row: &IntentRow, closing: &Closing) -> Result<(), Failed> {
        let bound = params![intent_bytes(row.id), self.now().as_millisecond(), to_json(closing)?];
        run(tx, sql::CLOSE_INTENT, bound)?;
        let event = Event::Closed { intent: row.id, closing: closing.clone() };
        self.write_entry(tx, row.grant, row.generation, None, &event)
    }

    fn park(&self, tx: &dyn Transaction, row: &IntentRow, rotation: &Rotation) -> Result<(), Failed> {
        let generation = row.generation.next();
        let bound = params![
            grant_bytes(row.grant),
            intent_bytes(row.id),
            signed(generation.get()),
            self.now().as_millisecond(),
            self.sealer.seal(&parked_label(row.grant, generation), &rotation_to_bytes(rotation)),
        ];
        run(tx, sql::PARK, bound)?;
        match &rotation.refresh {
            // By the generation that was spent: the one it would have been is another set's.
            Change::Replace(token) => self.remember(tx, token, row.grant, row.generation),
            Change::Keep | Change::Drop => Ok(()),
        }
    }

    pub(crate) fn write_entry(
        &self,
        tx: &dyn Transaction,
        grant: GrantId,
        generation: Generation,
        by: Option<&Holder>,
        event: &Event,
    ) -> Result<(), Failed> {
        let bound = params![
            grant_bytes(grant),
            self.now().as_millisecond(),
            signed(generation.get()),
            by.map(to_json).transpose()?,
            to_json(event)?,
        ];
        run(tx, sql::WRITE_ENTRY, bound)?;
        Ok(())
    }
}

/// Whose spend has ended.
pub(crate) enum Of {
    /// A grant that has to be read again to be given back.
    Unread(GrantId),
    /// A grant as it is stored, known from what was written: its row was read, changed and written in this transaction.
    Known(Box<Grant>),
}

/// A grant in full, to be compared with what is stored of it where the program is built for tests.
fn told(grant: &Grant) -> (String, Option<&str>) {
    (format!("{grant:?}"), grant.access.as_ref().map(|access| access.token.expose()))
}

/// Stores how a grant stands, unless it has moved on.
pub(crate) fn set_standing(
    tx: &dyn Transaction,
    grant: GrantId,
    generation: Generation,
    standing: &Standing,
) -> Result<(), Failed> {
    run(tx, sql::SET_STANDING, params![grant_bytes(grant), signed(generation.get()), to_json(standing)?])?;
    Ok(())
}

/// What is no longer useful goes; what a doctor may want stays (design/0000-charter.md §6 bounds nothing else).
pub(crate) fn prune(tx: &dyn Transaction, grant: GrantId) -> Result<(), Failed> {
    for (statement, keep) in
        [(sql::PRUNE_INTENTS, INTENTS_KEPT), (sql::PRUNE_ENTRIES, ENTRIES_KEPT), (sql::PRUNE_PARKED, PARKED_KEPT)]
    {
        run(tx, statement, params![grant_bytes(grant), keep])?;
    }
    Ok(())
}

/// A grant after a rotation.
fn apply(grant: &mut GrantRow, sealer: &Sealer, rotation: &Rotation, generation: Generation) {
    match &rotation.access {
        Change::Replace(access) => grant.set_access(sealer, access, generation),
        Change::Keep => {}
        Change::Drop => grant.drop_access(sealer),
    }
    match &rotation.refresh {
        Change::Replace(token) => {
            grant.set_refresh(sealer, token, generation);
            grant.refresh_expires = rotation.refresh_expires;
        }
        Change::Keep => grant.refresh_expires = rotation.refresh_expires.or(grant.refresh_expires),
        Change::Drop => {
            grant.refresh.blob = None;
            grant.refresh_expires = None;
        }
    }
    grant.generation = generation;
    grant.standing = Standing::Live;
    grant.rotated_at = rotation.obtained;
    grant.issued_by = rotation.issued_by;
    if let Some(scopes) = &rotation.scopes {
        grant.scopes = scopes.clone();
    }
    if let Some(subject) = &rotation.subject {
        grant.subject = Some(subject.clone());
    }
}

/// Generations whose raw answers are kept after they were read.
const ANSWERS_KEPT: u64 = 3;
/// Closed intents kept per grant.
const INTENTS_KEPT: i64 = 64;
/// Entries kept per grant.
const ENTRIES_KEPT: i64 = 1000;
/// Parked sets kept per grant.
const PARKED_KEPT: i64 = 16;
/// How many generations pass between two prunings.
const PRUNE_EVERY: u64 = 16;
