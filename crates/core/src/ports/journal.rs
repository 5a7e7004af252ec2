//! The journal: begin, answer, commit, close. The promises I1, I2, I3 and I5 are kept behind this port.
//!
//! Enters: an intent under a lease, the raw answer, what it means. Leaves: the one right to send, and a new generation. A crash between
//! any two calls leaves what [`Journal::open_intents`] shows to the next caller.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::rotation_policy::Rotation;
use crate::{
    Closing, Doubt, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, Lease, RawAnswer, Spend,
    Standing,
};

/// What is about to be sent, what was answered, what came of it.
///
/// Durable means: survives the loss of power at the moment the call returns.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Proves that the store can be written and has room, and that this node's last resort for an answer is in place; journals the intent,
    /// durably; and yields the one right to send the refresh token (I1). What has no room fails here, before anything was sent.
    ///
    /// Refused with [`StoreFault::Moved`](super::StoreFault::Moved) when the lease was lost or the generation has moved on, and with
    /// [`StoreFault::IntentOpen`](super::StoreFault::IntentOpen) when another intent is open that the draft does not name as replayed.
    /// One that is named is closed by the same transaction, which also stores that the grant is in doubt (I6):
    /// whoever settles the new spend's answer must know that its token had been sent before.
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, StoreError>;

    /// Intents of a grant that are not closed, oldest first, with their answers if any (also those that lie in this node's last
    /// resort).
    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, StoreError>;

    /// Keeps the raw answer, durably: in the journal, or in this node's last resort when that fails (I3). An error means that
    /// both failed.
    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, StoreError>;

    /// Commits a rotation, durably: generation n → n+1 and the intent closed in one transaction, if the generation still
    /// is the intent's; parks the set otherwise. Revives a grant in doubt or declared to need consent. No lease is
    /// needed: a late answer is as good as a timely one. One that is named is free by the same transaction, and who waits for it is
    /// woken; where the commit fails it is as it was.
    async fn commit(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        rotation: Rotation,
    ) -> Result<CommittedRotation, StoreError>;

    /// Closes an intent without a new generation, durably, and sets the grant's standing in the same transaction if
    /// the generation still is the intent's. With [`Closing::Doubt`] the intent stays open, marked as doubted. A lease that is named is
    /// free by the same transaction, as with [`Journal::commit`]. Gives back the grant as it is stored then; `None` where it does not
    /// read back, which undoes nothing.
    async fn close(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        closing: Closing,
        standing: Option<Standing>,
    ) -> Result<Option<Grant>, StoreError>;

    /// Records, durably, that a new set is being asked for under a name whose present one may end by it, or that nothing came of it.
    /// Until a set is stored under the name, or the grant request is withdrawn, its grant counts as one whose intent is open
    /// ([`Grant::intent_open`](crate::Grant::intent_open)) and its access token is not handed out as good.
    /// [`StoreFault::Moved`](super::StoreFault::Moved) when the lease was lost, or is none of a name.
    async fn record_grant_request(&self, lease: &Lease, state: GrantRequestState) -> Result<(), StoreError>;

    /// Records, durably, that the provider called the access token of this generation dead: it ends at this moment, and is
    /// handed out to nobody from then on. The next generation clears it. Nothing happens when the grant has moved on, or the
    /// token has ended already.
    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), StoreError>;
}

/// How a grant request for a new set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantRequestState {
    /// It is about to be asked.
    Open,
    /// Nothing was issued: the set under the name is as it was.
    Withdrawn,
}

/// Where a raw answer was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKept {
    /// In the journal.
    Journal,
    /// In this node's last resort, because the journal could not be written: other nodes do not see it until it could be moved. Say so
    /// loudly.
    LastResort,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// The set is the grant's present generation.
    Generation(Generation),
    /// The grant had moved on; the set is kept aside, sealed (I3).
    Parked,
}

/// A rotation that was committed, with the grant as it is stored then.
#[derive(Debug)]
pub struct CommittedRotation {
    /// What the commit did.
    pub committed: Committed,
    /// The grant; `None` where it does not read back, which undoes no commit (I3).
    pub grant: Option<Grant>,
}

/// Convenience for engines: the standing after a doubt.
pub const fn in_doubt(intent: IntentId, since: Timestamp, doubt: Doubt) -> Standing {
    Standing::InDoubt { intent, since, doubt }
}
