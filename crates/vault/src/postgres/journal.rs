//! The port of the journal. What a call means stands in [`crate::records::journal`].
//!
//! `begin` compares the epoch while it holds the lease's row still, and refuses. `keep_answer`, `commit` and `close` compare it and refuse
//! nothing: what was issued is kept (I3), an answer of a past epoch is late, and a past epoch frees no lease.

use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{AnswerKept, CommittedRotation, GrantRequestState, Journal, StoreError, StoreFault};
use tokenward_core::rotation_policy::Rotation;
use tokenward_core::{
    Closing, Event, Fence, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, Journalled, Lease,
    RawAnswer, Spend, Standing,
};

use crate::codec::answer_to_bytes;
use crate::records::Records;
use crate::records::find_rows::{find_intent, grant_row};
use crate::records::journal::Of;
use crate::records::leases::rotated_under;
use crate::records::rows::answer_label;
use crate::records::transaction_error::Failed;

use super::PostgresVault;
use super::connection_transactions::{Ended, How, OpenTransaction};

/// For how long it is asked what became of a spend that nobody acknowledged.
const ASK_AGAIN: Duration = Duration::from_secs(2);

#[async_trait]
impl Journal for PostgresVault {
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, StoreError> {
        self.check_slots()?;
        let (by, grant, fence) = (lease.holder.clone(), rotated_under(lease)?, lease.fence);
        let intent = draft.id;
        let begun = async {
            let sender = by.clone();
            let begun = self.try_call(How::Turn, move |records, tx| {
                tx.hold_still(grant)?;
                records.begin(tx, (grant, fence, &by), &draft)
            });
            match begun.await {
                Ok(spend) => Ok(spend),
                Err(unknown @ Ended::Unknown(_)) => {
                    let there = self.call(How::Turn, move |records, tx| {
                        tx.hold_still(grant)?;
                        begun_already(records, tx, intent, (grant, fence, &sender))
                    });
                    // The send begins later by so much at most: the lease outlasts both.
                    let there = tokio::time::timeout(ASK_AGAIN, there).await.unwrap_or(Ok(None));
                    there?.ok_or_else(|| self.context.error(unknown))
                }
                Err(ended) => Err(self.context.error(ended)),
            }
        };
        // The slot is made while the intent is written. A slot without a spend is free again when it is dropped.
        let (spend, landing) =
            tokio::join!(biased; begun, async { self.slots.landing_for(&self.context.records, intent) });
        let spend = spend?;
        // The commit was acknowledged: from here on the spend is on record, whatever happens to this node (I1).
        Ok(match landing {
            Some(landing) => spend.landing_in(self.slots.expect(landing)),
            None => spend,
        })
    }

    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, StoreError> {
        let left = self.slots.empty(self).await.left;
        self.read(move |records, tx| records.open_intents(tx, id, &left)).await
    }

    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, StoreError> {
        let records = &self.context.records;
        let journalled = async {
            let blob = records.sealer.seal(&answer_label(intent), &answer_to_bytes(answer, usize::MAX));
            let event = Event::Answered { intent, status: answer.status, log_id: answer.log_id.clone() };
            self.call(How::Turn, move |records, tx| records.journal_answer(tx, intent, &blob, &event)).await
        };
        let busy = || StoreError::new(StoreFault::Busy, &self.context.place, "it does not answer");
        self.slots.keep(records, (intent, answer), journalled, busy).await
    }

    async fn commit(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        rotation: Rotation,
    ) -> Result<CommittedRotation, StoreError> {
        let (committed, grant) =
            self.end_spend(freeing, move |records, tx| records.commit(tx, intent, &rotation)).await?;
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
            self.end_spend(freeing, move |records, tx| records.close_wanted(tx, intent, &closing, standing.as_ref()));
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
        self.call(How::Turn, move |records, tx| records.record_grant_request(tx, &name, fence, state)).await
    }

    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), StoreError> {
        let by = by.clone();
        self.call(How::Turn, move |records, tx| records.access_refused(tx, (id, generation), provider_code, &by)).await
    }
}

/// The spend of an intent whose commit nobody acknowledged, where it was committed and is still this holder's to send.
///
/// The grant is locked, so the transaction that wrote it has ended by now, one way or the other. Nothing was sent yet: nobody has the spend.
fn begun_already(
    records: &Records,
    tx: &OpenTransaction,
    intent: IntentId,
    (id, fence, by): (GrantId, Fence, &Holder),
) -> Result<Option<Spend>, Failed> {
    let Some(row) = find_intent(tx, intent)? else { return Ok(None) };
    let grant = grant_row(tx, id)?;
    let is_ours = row.grant == id && row.fence == fence && row.sender == *by && grant.fence == Some(fence);
    let is_open = row.closing.is_none() && row.answer.is_none() && records.now() < row.deadline;
    if !is_ours || !is_open || grant.generation != row.generation || grant.retired() {
        return Ok(None);
    }
    let token = grant.refresh(&records.sealer)?;
    let token = token.filter(|token| records.sealer.keys().fingerprint(token) == row.fingerprint);
    Ok(token.map(|token| Spend::new(intent, row.deadline, token, Journalled::attest())))
}

impl PostgresVault {
    /// What ends a spend says of which grant it was. Frees the lease that is named in the same transaction, and gives back what is stored
    /// then.
    async fn end_spend<T: Send + 'static>(
        &self,
        freeing: Option<&Lease>,
        end: impl FnOnce(&Records, &OpenTransaction) -> Result<(T, Of), Failed> + Send + 'static,
    ) -> Result<(T, Option<Grant>), StoreError> {
        let lease = freeing.map(|lease| (lease.seat.clone(), lease.fence));
        let ended = self.call(How::Turn, move |records, tx| {
            let (done, of) = end(records, tx)?;
            let grant = records.finish(tx, lease.as_ref(), of)?;
            Ok((done, grant))
        });
        let ended = ended.await?;
        if freeing.is_some() {
            self.released.notify_waiters();
        }
        Ok(ended)
    }
}
