//! The port of the journal. The promises I1, I2, I3 and I5 are kept here and in [`crate::records::journal`], which says what a call means.

use async_trait::async_trait;
use rusqlite::Connection;
use tokenward_core::ports::{AnswerKept, CommittedRotation, GrantRequestState, Journal, StoreError};
use tokenward_core::rotation_policy::Rotation;
use tokenward_core::{
    Closing, Event, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, Lease, RawAnswer, Spend,
    Standing,
};

use crate::codec::answer_to_bytes;
use crate::records::journal::Of;
use crate::records::leases::rotated_under;
use crate::records::rows::answer_label;
use crate::records::transaction_error::Failed;

use super::transactions::How;
use super::{Context, SqliteVault};

#[async_trait]
impl Journal for SqliteVault {
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, StoreError> {
        self.check_room()?;
        let (by, grant, fence) = (lease.holder.clone(), rotated_under(lease)?, lease.fence);
        let intent = draft.id;
        let begun = self.write(move |context, tx| context.begin(tx, (grant, fence, &by), &draft));
        // The slot is made while the intent is written. A slot without a spend is free again when it is dropped.
        let (spend, landing) = tokio::join!(biased; begun, async { self.slots.landing_for(&self.context, intent) });
        let spend = spend?;
        // The commit was synced: from here on the spend is on record, whatever happens to this process (I1).
        Ok(match landing {
            Some(landing) => spend.landing_in(self.slots.expect(landing)),
            None => spend,
        })
    }

    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, StoreError> {
        let left = self.slots.empty(self).await.left;
        self.read(move |context, tx| context.open_intents(tx, id, &left)).await
    }

    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, StoreError> {
        let journalled = self.journal_answer(intent, answer);
        let busy = || StoreError::busy(self.context.folder.database().display());
        self.slots.keep(&self.context, (intent, answer), journalled, busy).await
    }

    async fn commit(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        rotation: Rotation,
    ) -> Result<CommittedRotation, StoreError> {
        let (committed, grant) =
            self.end_spend(freeing, move |context, tx| context.commit(tx, intent, &rotation)).await?;
        self.slots.leave(intent);
        Ok(CommittedRotation { committed, grant })
    }

    async fn close(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        closing: Closing,
        standing: Option<Standing>,
    ) -> Result<Option<Grant>, StoreError> {
        let closed =
            self.end_spend(freeing, move |context, tx| context.close_wanted(tx, intent, &closing, standing.as_ref()));
        let (is_wanted, grant) = closed.await?;
        if is_wanted {
            self.slots.abandon(intent);
        } else {
            self.slots.leave(intent);
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
        self.call_with_keys(How::Synced, move |context, tx| context.journal_answer(tx, intent, &blob, &event)).await
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
            let grant = context.finish(tx, lease.as_ref(), of)?;
            Ok((done, grant))
        });
        let ended = ended.await?;
        if let Some((seat, fence)) = freed {
            self.let_go(&seat, fence);
        }
        Ok(ended)
    }
}
