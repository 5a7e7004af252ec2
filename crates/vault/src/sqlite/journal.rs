//! The journal: begin, answer, commit, close. The promises I1, I2, I3 and I5 are kept here.
//!
//! An intent is *open* until it is closed. An answer may also come to a closed intent (its sender was paused, and someone
//! else repeated it): such an intent is *late* until its answer has been read once, and is reported as open so that it is
//! settled like any other. A set that comes too late for its generation is parked, never dropped.

use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, params};
use tokenward_core::ports::{
    AnswerKept, Committed, CommittedRotation, GrantRequestState, Journal, StoreError, in_doubt,
};
use tokenward_core::rotation::{Change, Rotation};
use tokenward_core::{
    Closing, Doubt, Event, Fence, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, Journalled, Lease,
    RawAnswer, Spend, Standing,
};

use crate::codec::{answer_to_bytes, rotation_to_bytes};

use super::connected::How;
use super::failure::Failed;
use super::grant_requests::answered;
use super::leases::{free, rotated_under};
use super::lookup::{grant_row, intent_row, open_rows, unknown_intent};
use super::query::{all, first, run};
use super::rows::{GrantRow, IntentRow, answer_label, grant_bytes, intent_bytes, parked_label, signed, to_json, uuid};
use super::sealer::Sealer;
use super::trials::end_trials;
use super::{Context, SqliteVault, sql};

#[async_trait]
impl Journal for SqliteVault {
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, StoreError> {
        self.check_room()?;
        let (by, grant, fence) = (lease.holder.clone(), rotated_under(lease)?, lease.fence);
        let intent = draft.id;
        let begun = self.write(move |context, tx| context.begin(tx, (grant, fence, &by), &draft));
        // The slot is made while the intent is written. A slot without a spend is free again when it is dropped.
        let (spend, landing) = tokio::join!(biased; begun, async { self.landing_for(intent) });
        let spend = spend?;
        // The commit was synced: from here on the spend is on record, whatever happens to this process (I1).
        Ok(match landing {
            Some(landing) => spend.landing_in(self.expect_landing(landing)),
            None => spend,
        })
    }

    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, StoreError> {
        let left = self.empty_slots().await.left;
        self.read(move |context, tx| {
            if first(tx, sql::IS_GRANT, params![grant_bytes(id)], |row| Ok(row.get(0)?))? != Some(true) {
                return Err(StoreError::gone(id).into());
            }
            let mut intents = Vec::new();
            for row in open_rows(tx, id)? {
                let mut intent = row.intent(&context.sealer)?;
                if intent.answer.is_none()
                    && let Some(one) = left.iter().find(|one| one.intent == intent.id)
                {
                    intent.answer = Some(context.unslotted(one)?);
                }
                intents.push(intent);
            }
            Ok(intents)
        })
        .await
    }

    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, StoreError> {
        let context = &self.context;
        // Where the disk may end this process in the middle of SQLite's writing, the slot comes first: it is written in place.
        let landing = self.landing.lock().unwrap_or_else(PoisonError::into_inner).get(&intent).cloned();
        let has_landed = landing.as_ref().is_some_and(|landing| landing.is_taken());
        let in_slot = !has_landed && self.rescue.is_copied() && self.rescue_answer(intent, answer).is_ok();
        // Should this process be killed while it waits for another one's write, the answer would be lost: so it does not
        // wait for long. A write that goes through after all stores the same answer once more.
        let error = match tokio::time::timeout(ANSWER_PATIENCE, self.journal_answer(intent, answer)).await {
            Ok(Ok(())) => {
                if in_slot && let Err(error) = self.rescue.forget(intent) {
                    tracing::debug!(%intent, %error, "a rescue slot is freed later");
                }
                self.leave_landing(intent);
                return Ok(AnswerKept::Journal);
            }
            Ok(Err(error)) => error,
            Err(_) => StoreError::busy(context.folder.database().display()),
        };
        match if in_slot { Ok(()) } else { self.rescue_answer(intent, answer) } {
            Ok(()) => {
                self.leave_landing(intent);
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

    async fn commit(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        rotation: Rotation,
    ) -> Result<CommittedRotation, StoreError> {
        let (committed, grant) =
            self.end_spend(freeing, move |context, tx| context.commit(tx, intent, &rotation)).await?;
        self.leave_landing(intent);
        Ok(CommittedRotation { committed, grant })
    }

    async fn close(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        closing: Closing,
        standing: Option<Standing>,
    ) -> Result<Option<Grant>, StoreError> {
        let closed = self.end_spend(freeing, move |context, tx| {
            // What came may be more than could be read of it.
            let is_wanted = matches!(closing, Closing::Doubt { .. }) && intent_row(tx, intent)?.answer.is_none();
            Ok((is_wanted, Of::Unread(context.close(tx, intent, &closing, standing.as_ref())?)))
        });
        let (is_wanted, grant) = closed.await?;
        if is_wanted {
            self.abandon_landing(intent);
        } else {
            self.leave_landing(intent);
        }
        Ok(grant)
    }

    async fn record_grant_request(&self, lease: &Lease, state: GrantRequestState) -> Result<(), StoreError> {
        let (name, fence) = (lease.seat.name().cloned().ok_or(StoreError::moved())?, lease.fence);
        self.write(move |context, tx| context.record_grant_request(tx, &name, fence, state)).await
    }

    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), StoreError> {
        let by = by.clone();
        self.write(move |context, tx| context.access_refused(tx, (id, generation), provider_code, &by)).await
    }
}

impl SqliteVault {
    async fn journal_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<(), StoreError> {
        self.context.refresh_keys();
        let blob = self.context.sealer.seal(&answer_label(intent), &answer_to_bytes(answer, usize::MAX));
        let event = Event::Answered { intent, status: answer.status, log_id: answer.log_id.clone() };
        self.call_with_keys(How::Synced, move |context, tx| {
            if run(tx, sql::JOURNAL_ANSWER, params![intent_bytes(intent), blob])? == 0 {
                return Err(unknown_intent(intent));
            }
            let at = context.now().as_millisecond();
            run(tx, sql::ENTER_ANSWER, params![intent_bytes(intent), at, to_json(&event)?])?;
            Ok(())
        })
        .await
    }

    /// What ends a spend says of which grant it was. Frees the lease that is named in the same transaction, and gives back what is stored
    /// then.
    async fn end_spend<T: Send + 'static>(
        &self,
        freeing: Option<&Lease>,
        end: impl FnOnce(&Context, &Connection) -> Result<(T, Of), Failed> + Send + 'static,
    ) -> Result<(T, Option<Grant>), StoreError> {
        let lease = freeing.map(|lease| (lease.seat.clone(), lease.fence));
        let freed = lease.clone();
        let ended = self.write(move |context, tx| {
            let (done, of) = end(context, tx)?;
            if let Some((seat, fence)) = &lease {
                free(tx, seat, *fence)?;
            }
            let stored = |id| grant_row(tx, id).and_then(|row| Ok(row.grant(&context.sealer)?)).ok();
            let grant = match of {
                Of::Unread(id) => stored(id),
                Of::Known(grant) => {
                    debug_assert!(stored(grant.id).as_ref().map(told) == Some(told(&grant)), "it is what is stored");
                    Some(*grant)
                }
            };
            Ok((done, grant))
        });
        let ended = ended.await?;
        if let Some((seat, fence)) = freed {
            self.let_go(&seat, fence);
        }
        Ok(ended)
    }
}

impl Context {
    /// Records a spend.
    fn begin(
        &self,
        tx: &Connection,
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
    fn commit(&self, tx: &Connection, intent: IntentId, rotation: &Rotation) -> Result<(Committed, Of), Failed> {
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
            first(tx, sql::OTHERS_OPEN, params![grant_bytes(grant.id), intent_bytes(intent)], |row| Ok(row.get(0)?))?;
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
        tx: &Connection,
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
    pub(super) fn supersede(
        &self,
        tx: &Connection,
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

    pub(super) fn mark_closed(&self, tx: &Connection, row: &IntentRow, closing: &Closing) -> Result<(), Failed> {
        let bound = params![intent_bytes(row.id), self.now().as_millisecond(), to_json(closing)?];
        run(tx, sql::CLOSE_INTENT, bound)?;
        let event = Event::Closed { intent: row.id, closing: closing.clone() };
        self.write_entry(tx, row.grant, row.generation, None, &event)
    }

    fn park(&self, tx: &Connection, row: &IntentRow, rotation: &Rotation) -> Result<(), Failed> {
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

    pub(super) fn write_entry(
        &self,
        tx: &Connection,
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
enum Of {
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
pub(super) fn set_standing(
    tx: &Connection,
    grant: GrantId,
    generation: Generation,
    standing: &Standing,
) -> Result<(), Failed> {
    run(tx, sql::SET_STANDING, params![grant_bytes(grant), signed(generation.get()), to_json(standing)?])?;
    Ok(())
}

/// What is no longer useful goes; what a doctor may want stays (design/0000-charter.md §6 bounds nothing else).
pub(super) fn prune(tx: &Connection, grant: GrantId) -> Result<(), Failed> {
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

/// How long an answer waits for the journal before it goes to its rescue slot.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
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
