//! The journal: begin, answer, commit, close. The promises I1, I2, I3 and I5 are kept here.
//!
//! An intent is *open* until it is closed. An answer may also come to a closed intent (its sender was paused, and someone
//! else repeated it): such an intent is *late* until its answer has been read once, and is reported as open so that it is
//! settled like any other. A set that comes too late for its generation is parked, never dropped.

use std::time::Duration;

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use tokenward_core::ports::{AnswerKept, Committed, VaultError, in_doubt};
use tokenward_core::rotation::{Change, Turn};
use tokenward_core::{
    Closing, Doubt, Entry, Event, Generation, GrantId, Holder, Intent, IntentDraft, IntentId, Journalled, Lease,
    RawAnswer, Spend, Standing,
};

use crate::codec::{answer_to_bytes, turn_to_bytes};
use crate::rescue::{self, Rescued};
use crate::room;

use super::rows::{
    Fault, GrantRow, IntentRow, answer_label, grant_bytes, intent_bytes, json, optional_json, parked_label, signed,
    time, to_json, unsigned, uuid,
};
use super::{SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn begin_spend(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let grant = self.grant_row(&mut tx, lease.grant).await?;
        if grant.fence != Some(lease.fence) || grant.generation != draft.generation || grant.retired() {
            return Err(VaultError::Moved);
        }
        let open = if grant.intent_open { self.open_rows(&mut tx, grant.id).await? } else { Vec::new() };
        for open in open {
            if draft.replays != Some(open.id) {
                return Err(VaultError::IntentOpen(open.id));
            }
            self.mark_closed(&mut tx, &open, &Closing::Replayed).await?;
            if matches!(grant.standing, Standing::Live) {
                // Should the answer to the repeated send be settled by someone else, a refusal must not be told as the
                // doing of a stranger.
                let doubted = in_doubt(open.id, draft.begun, Doubt::SenderDied);
                self.set_standing(&mut tx, grant.id, grant.generation, &doubted).await?;
            }
        }
        let token =
            grant.refresh(&self.sealer).map_err(|fault| self.fault(fault))?.ok_or(VaultError::NoRefreshToken)?;
        // The provider ends the old access token with the rotation: nobody may serve it from here on.
        let _withheld = match &grant.profile {
            Some(profile) if self.ends_old_access(&grant.app, grant.issued_by) => self.withhold(profile).await?,
            _ => None,
        };
        let fingerprint = self.sealer.keys().fingerprint(&token);
        let event = Event::Begun { intent: draft.id, fingerprint, replay: draft.replays.is_some() };
        sqlx::query(sql::BEGIN_INTENT)
            .bind(intent_bytes(draft.id))
            .bind(grant_bytes(grant.id))
            .bind(signed(draft.generation.get()))
            .bind(fingerprint.as_bytes().to_vec())
            .bind(signed(lease.fence.get()))
            .bind(to_json(&lease.holder).map_err(|fault| self.fault(fault))?)
            .bind(draft.api.as_str())
            .bind(draft.begun.as_millisecond())
            .bind(draft.deadline.as_millisecond())
            .bind(self.now().as_millisecond())
            .bind(to_json(&event).map_err(|fault| self.fault(fault))?)
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        tx.commit().await.map_err(|error| self.sql(&error))?;
        // The commit above was synced: from here on the spend is on record, whatever happens to this process (I1).
        Ok(Spend::new(draft.id, draft.deadline, token, Journalled::attest()))
    }

    pub(super) async fn store_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, VaultError> {
        // Where the disk may end this process in the middle of SQLite's writing, the slot comes first: it is written in place.
        let in_slot = room::copies(self.folder.vault()) && self.rescue_answer(intent, answer).is_ok();
        // Should this process be killed while it waits for another one's write, the answer would be lost: so it does not
        // wait for long. A write that goes through after all stores the same answer once more.
        let error = match tokio::time::timeout(ANSWER_PATIENCE, self.journal_answer(intent, answer)).await {
            Ok(Ok(())) => {
                if in_slot && let Err(error) = self.rescue.forget(intent) {
                    tracing::debug!(%intent, %error, "a rescue slot is freed later");
                }
                return Ok(AnswerKept::Journal);
            }
            Ok(Err(error)) => error,
            Err(_) => VaultError::Busy { path: self.folder.database() },
        };
        match if in_slot { Ok(()) } else { self.rescue_answer(intent, answer) } {
            Ok(()) => {
                tracing::error!(%intent, %error, "the journal cannot be written; the provider's answer is in the rescue slot");
                Ok(AnswerKept::RescueSlot)
            }
            Err(slot) => {
                tracing::error!(%intent, %error, %slot, "the provider's answer could be kept nowhere");
                Err(error)
            }
        }
    }

    fn rescue_answer(&self, intent: IntentId, answer: &RawAnswer) -> std::io::Result<()> {
        self.rescue.keep(&self.sealer.keys(), &*self.sealer.entropy, intent, answer)
    }

    async fn journal_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let plain = answer_to_bytes(answer, usize::MAX);
        let event = Event::Answered { intent, status: answer.status, log_id: answer.log_id.clone() };
        let kept = sqlx::query(sql::JOURNAL_ANSWER)
            .bind(intent_bytes(intent))
            .bind(self.sealer.seal(&answer_label(intent), &plain))
            .bind(self.now().as_millisecond())
            .bind(to_json(&event).map_err(|fault| self.fault(fault))?)
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        if kept.rows_affected() == 0 {
            return Err(self.unknown_intent(intent));
        }
        tx.commit().await.map_err(|error| self.sql(&error))
    }

    async fn put_answer(&self, tx: &mut SqliteConnection, row: &IntentRow, blob: Vec<u8>) -> Result<(), VaultError> {
        let late = !matches!(row.closing, None | Some(Closing::Committed { .. }));
        sqlx::query(sql::KEEP_ANSWER)
            .bind(intent_bytes(row.id))
            .bind(blob)
            .bind(late)
            .execute(tx)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    pub(super) async fn read_open_intents(&self, id: GrantId) -> Result<Vec<Intent>, VaultError> {
        let rescued = self.rescue.kept().unwrap_or_else(|error| {
            tracing::warn!(%error, "the rescue slots cannot be read");
            Vec::new()
        });
        let mut left = Vec::new();
        for one in rescued {
            match self.move_to_journal(&one).await {
                Ok(true) => {}
                Ok(false) => left.push(one),
                Err(error) => {
                    tracing::warn!(intent = %one.intent, %error, "an answer stays in its rescue slot");
                    left.push(one);
                }
            }
        }
        let rows = {
            let mut connection = self.read().await?;
            let query = sqlx::query(sql::GRANT_AND_OPEN_INTENTS).bind(grant_bytes(id));
            query.fetch_all(&mut *connection).await.map_err(|error| self.sql(&error))?
        };
        let Some((_, rows)) = rows.split_first() else { return Err(VaultError::NoSuchGrant(id)) };
        let mut intents = Vec::with_capacity(rows.len());
        for row in rows {
            let row = IntentRow::read(row).map_err(|fault| self.fault(fault))?;
            let mut intent = row.intent(&self.sealer).map_err(|fault| self.fault(fault))?;
            if intent.answer.is_none()
                && let Some(one) = left.iter().find(|one| one.intent == intent.id)
            {
                intent.answer = Some(
                    rescue::unseal(&self.sealer.keys(), one)
                        .map_err(|reason| self.fault(super::rows::unopened("an answer in a rescue slot")(reason)))?,
                );
            }
            intents.push(intent);
        }
        Ok(intents)
    }

    /// Moves an answer from its slot into the journal; `false` when it belongs to no intent of this journal.
    async fn move_to_journal(&self, rescued: &Rescued) -> Result<bool, VaultError> {
        let answer = rescue::unseal(&self.sealer.keys(), rescued)
            .map_err(|reason| self.fault(super::rows::unopened("an answer in a rescue slot")(reason)))?;
        {
            let mut connection = self.journalling().await?;
            let mut tx = self.begin_write(&mut connection).await?;
            let Some(row) = self.find_intent(&mut tx, rescued.intent).await? else { return Ok(false) };
            if row.answer.is_none() {
                let plain = answer_to_bytes(&answer, usize::MAX);
                self.put_answer(&mut tx, &row, self.sealer.seal(&answer_label(row.id), &plain)).await?;
                let event = Event::Answered { intent: row.id, status: answer.status, log_id: answer.log_id.clone() };
                self.write_entry(&mut tx, row.grant, row.generation, Some(&row.sender), &event).await?;
                tx.commit().await.map_err(|error| self.sql(&error))?;
            }
        }
        if let Err(error) = self.rescue.free(rescued) {
            tracing::warn!(intent = %rescued.intent, %error, "a rescue slot could not be freed; it will be tried again");
        }
        Ok(true)
    }

    pub(super) async fn commit_turn(&self, intent: IntentId, turn: Turn) -> Result<Committed, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let (row, others, mut grant) = self.intent_and_grant(&mut tx, intent).await?;
        if let Some(Closing::Committed { generation, .. }) = row.closing {
            // The step is repeated after a crash, or by another process that read the same answer (I5).
            return Ok(Committed::Generation(generation));
        }
        let moved = grant.generation != row.generation && !self.is_back(&mut tx, &grant, &row).await?;
        if moved || grant.retired() {
            if grant.retired() || !self.turn_aside(&mut tx, &row, &turn).await? {
                self.park(&mut tx, &row, &turn).await?;
            }
            self.mark_closed(&mut tx, &row, &Closing::Parked).await?;
            self.prune(&mut tx, grant.id).await?;
            tx.commit().await.map_err(|error| self.sql(&error))?;
            return Ok(Committed::Parked);
        }
        let generation = grant.generation.next();
        if others {
            self.supersede(&mut tx, grant.id, generation, Some(row.id)).await?;
        }
        apply(&mut grant, &self.sealer, &turn, generation);
        let known = match &turn.refresh {
            Change::Replace(token) => Some(self.fingerprint(token).as_bytes().to_vec()),
            Change::Keep | Change::Drop => None,
        };
        let closing = Closing::Committed { generation, without_access: turn.is_without_access() };
        let closed = Event::Closed { intent, closing: closing.clone() };
        grant
            .bind(sql::COMMIT_TURN)
            .map_err(|fault| self.fault(fault))?
            .bind(known)
            .bind(intent_bytes(intent))
            .bind(self.now().as_millisecond())
            .bind(to_json(&closing).map_err(|fault| self.fault(fault))?)
            .bind(to_json(&closed).map_err(|fault| self.fault(fault))?)
            .bind(signed(generation.get().saturating_sub(ANSWERS_KEPT)))
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        if generation.get().is_multiple_of(PRUNE_EVERY) {
            // It has turned, so nothing is on trial any more, and what awaited the outcome may go too.
            self.end_trials(&mut tx, grant.id, false).await?;
            self.prune(&mut tx, grant.id).await?;
        }
        tx.commit().await.map_err(|error| self.sql(&error))?;
        drop(connection);
        (grant.intent_open, grant.on_trial) = (false, false);
        self.publish_stored(grant).await;
        Ok(Committed::Generation(generation))
    }

    pub(super) async fn close_intent(
        &self,
        intent: IntentId,
        closing: Closing,
        standing: Option<Standing>,
    ) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let row = self.intent_row(&mut tx, intent).await?;
        if matches!(row.closing, Some(Closing::Committed { .. })) {
            return Ok(());
        }
        if matches!(closing, Closing::Doubt { .. }) {
            sqlx::query(sql::DOUBT_INTENT)
                .bind(intent_bytes(intent))
                .execute(&mut *tx)
                .await
                .map_err(|error| self.sql(&error))?;
            let event = Event::Closed { intent, closing };
            self.write_entry(&mut tx, row.grant, row.generation, None, &event).await?;
        } else {
            self.mark_closed(&mut tx, &row, &closing).await?;
        }
        if let Some(standing) = standing {
            if matches!(standing, Standing::NeedsConsent { .. }) {
                self.withdraw_of_one_that_is_over(&mut tx, row.grant).await?;
            }
            self.set_standing(&mut tx, row.grant, row.generation, &standing).await?;
        }
        self.prune(&mut tx, row.grant).await?;
        tx.commit().await.map_err(|error| self.sql(&error))
    }

    /// Stores how a grant stands, unless it has moved on.
    pub(super) async fn set_standing(
        &self,
        tx: &mut SqliteConnection,
        grant: GrantId,
        generation: Generation,
        standing: &Standing,
    ) -> Result<(), VaultError> {
        sqlx::query(sql::SET_STANDING)
            .bind(grant_bytes(grant))
            .bind(signed(generation.get()))
            .bind(to_json(standing).map_err(|fault| self.fault(fault))?)
            .execute(tx)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    /// Closes the open intents of a grant that moves on without them; an answer that still comes is parked.
    pub(super) async fn supersede(
        &self,
        tx: &mut SqliteConnection,
        grant: GrantId,
        generation: Generation,
        except: Option<IntentId>,
    ) -> Result<(), VaultError> {
        let closing = Closing::Parked;
        let closed = sqlx::query(sql::CLOSE_OPEN_INTENTS)
            .bind(grant_bytes(grant))
            .bind(self.now().as_millisecond())
            .bind(to_json(&closing).map_err(|fault| self.fault(fault))?)
            .bind(except.map(intent_bytes).unwrap_or_default())
            .fetch_all(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        for row in closed {
            let intent = IntentId::from(uuid(&row, 0).map_err(|fault| self.fault(fault))?);
            let event = Event::Closed { intent, closing: closing.clone() };
            self.write_entry(tx, grant, generation, None, &event).await?;
        }
        Ok(())
    }

    pub(super) async fn mark_closed(
        &self,
        tx: &mut SqliteConnection,
        row: &IntentRow,
        closing: &Closing,
    ) -> Result<(), VaultError> {
        sqlx::query(sql::CLOSE_INTENT)
            .bind(intent_bytes(row.id))
            .bind(self.now().as_millisecond())
            .bind(to_json(closing).map_err(|fault| self.fault(fault))?)
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        let event = Event::Closed { intent: row.id, closing: closing.clone() };
        self.write_entry(tx, row.grant, row.generation, None, &event).await
    }

    async fn park(&self, tx: &mut SqliteConnection, row: &IntentRow, turn: &Turn) -> Result<(), VaultError> {
        let generation = row.generation.next();
        sqlx::query(sql::PARK)
            .bind(grant_bytes(row.grant))
            .bind(intent_bytes(row.id))
            .bind(signed(generation.get()))
            .bind(self.now().as_millisecond())
            .bind(self.sealer.seal(&parked_label(row.grant, generation), &turn_to_bytes(turn)))
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        match &turn.refresh {
            // By the generation that was spent: the one it would have been is another set's.
            Change::Replace(token) => self.remember(tx, token, row.grant, row.generation).await,
            Change::Keep | Change::Drop => Ok(()),
        }
    }

    /// What is no longer useful goes; what a doctor may want stays (design/0000-charter.md §6 bounds nothing else).
    pub(super) async fn prune(&self, tx: &mut SqliteConnection, grant: GrantId) -> Result<(), VaultError> {
        for (statement, keep) in
            [(sql::PRUNE_INTENTS, INTENTS_KEPT), (sql::PRUNE_ENTRIES, ENTRIES_KEPT), (sql::PRUNE_PARKED, PARKED_KEPT)]
        {
            sqlx::query(statement)
                .bind(grant_bytes(grant))
                .bind(keep)
                .execute(&mut *tx)
                .await
                .map_err(|error| self.sql(&error))?;
        }
        Ok(())
    }

    pub(super) async fn write_entry(
        &self,
        tx: &mut SqliteConnection,
        grant: GrantId,
        generation: Generation,
        by: Option<&Holder>,
        event: &Event,
    ) -> Result<(), VaultError> {
        sqlx::query(sql::WRITE_ENTRY)
            .bind(grant_bytes(grant))
            .bind(self.now().as_millisecond())
            .bind(signed(generation.get()))
            .bind(by.map(to_json).transpose().map_err(|fault| self.fault(fault))?)
            .bind(to_json(event).map_err(|fault| self.fault(fault))?)
            .execute(tx)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    pub(super) async fn read_journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, VaultError> {
        let mut connection = self.read().await?;
        self.grant_row(&mut connection, id).await?;
        let rows = sqlx::query(sql::ENTRIES)
            .bind(grant_bytes(id))
            .bind(limit)
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        let entry = |row| -> Result<Entry, Fault> {
            Ok(Entry {
                at: time(row, "at")?,
                generation: Generation::new(unsigned(row, "generation")?),
                by: optional_json(row, "by")?,
                event: json(row, "event")?,
            })
        };
        rows.iter().map(entry).collect::<Result<_, _>>().map_err(|fault| self.fault(fault))
    }

    pub(super) async fn open_rows(
        &self,
        connection: &mut SqliteConnection,
        grant: GrantId,
    ) -> Result<Vec<IntentRow>, VaultError> {
        let rows = sqlx::query(sql::OPEN_INTENTS)
            .bind(grant_bytes(grant))
            .fetch_all(connection)
            .await
            .map_err(|error| self.sql(&error))?;
        rows.iter().map(IntentRow::read).collect::<Result<_, _>>().map_err(|fault| self.fault(fault))
    }

    pub(super) async fn find_intent(
        &self,
        connection: &mut SqliteConnection,
        id: IntentId,
    ) -> Result<Option<IntentRow>, VaultError> {
        let row = sqlx::query(sql::INTENT)
            .bind(intent_bytes(id))
            .fetch_optional(connection)
            .await
            .map_err(|error| self.sql(&error))?;
        row.as_ref().map(IntentRow::read).transpose().map_err(|fault| self.fault(fault))
    }

    pub(super) async fn intent_row(
        &self,
        connection: &mut SqliteConnection,
        id: IntentId,
    ) -> Result<IntentRow, VaultError> {
        self.find_intent(connection, id).await?.ok_or_else(|| self.unknown_intent(id))
    }

    /// An intent, whether its grant has others that are open, and the grant.
    async fn intent_and_grant(
        &self,
        connection: &mut SqliteConnection,
        id: IntentId,
    ) -> Result<(IntentRow, bool, GrantRow), VaultError> {
        let query = sqlx::query(sql::INTENT_AND_GRANT).bind(intent_bytes(id));
        let rows = query.fetch_all(connection).await.map_err(|error| self.sql(&error))?;
        let Some((intent, rest)) = rows.split_first() else { return Err(self.unknown_intent(id)) };
        let others = intent.try_get("others").map_err(|error| self.sql(&error))?;
        let intent = IntentRow::read(intent).map_err(|fault| self.fault(fault))?;
        let grant = rest.first().ok_or(VaultError::NoSuchGrant(intent.grant))?;
        Ok((intent, others, GrantRow::read(grant).map_err(|fault| self.fault(fault))?))
    }

    fn unknown_intent(&self, id: IntentId) -> VaultError {
        self.fault(Fault::Damaged(format!("the journal holds no intent {id}; it")))
    }
}

/// A grant after a turn.
fn apply(grant: &mut GrantRow, sealer: &super::Sealer, turn: &Turn, generation: Generation) {
    match &turn.access {
        Change::Replace(access) => grant.set_access(sealer, access, generation),
        Change::Keep => {}
        Change::Drop => grant.drop_access(sealer),
    }
    match &turn.refresh {
        Change::Replace(token) => {
            grant.set_refresh(sealer, token, generation);
            grant.refresh_expires = turn.refresh_expires;
        }
        Change::Keep => grant.refresh_expires = turn.refresh_expires.or(grant.refresh_expires),
        Change::Drop => {
            grant.refresh.blob = None;
            grant.refresh_expires = None;
        }
    }
    grant.generation = generation;
    grant.standing = Standing::Live;
    grant.turned = turn.obtained;
    grant.issued_by = turn.issued_by;
    if let Some(scopes) = &turn.scopes {
        grant.scopes = scopes.clone();
    }
    if let Some(subject) = &turn.subject {
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
