//! The journal: begin, answer, commit, close. The promises I1, I2, I3 and I5 are kept behind this port.
//!
//! Enters: an intent under a lease, the raw answer, what it means. Leaves: the one right to send, and a new generation. A crash between
//! any two calls leaves what [`Journal::open_intents`] shows to the next caller.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::rotation::Turn;
use crate::{
    Closing, Doubt, Generation, GrantId, Intent, IntentDraft, IntentId, Lease, NameLease, RawAnswer, Spend, Standing,
};

/// What is about to be sent, what was answered, what came of it.
///
/// Durable means: survives the loss of power at the moment the call returns.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Proves that the store can be written and has room, and that this node's last resort for an answer is in place, before a spend.
    async fn prove(&self) -> Result<(), StoreError>;

    /// Journals the intent, durably, and yields the one right to send the refresh token (I1).
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

    /// Commits a turn, durably: generation n → n+1 and the intent closed in one transaction, if the generation still
    /// is the intent's; parks the set otherwise. Revives a grant in doubt or declared to need consent. No lease is
    /// needed: a late answer is as good as a timely one.
    async fn commit(&self, intent: IntentId, turn: Turn) -> Result<Committed, StoreError>;

    /// Closes an intent without a new generation, durably, and sets the grant's standing in the same transaction if
    /// the generation still is the intent's. With [`Closing::Doubt`] the intent stays open, marked as doubted.
    async fn close(&self, intent: IntentId, closing: Closing, standing: Option<Standing>) -> Result<(), StoreError>;

    /// Records, durably, that a new set is being asked for under a name whose present one may end by it. Until a set is stored
    /// under the name, or [`Journal::ask_in_vain`], its grant counts as one whose intent is open ([`Grant::intent_open`](crate::Grant::intent_open)) and its
    /// access token is not handed out as good. [`StoreFault::Moved`](super::StoreFault::Moved) when the lease was lost.
    async fn ask(&self, lease: &NameLease) -> Result<(), StoreError>;

    /// Records that nothing was issued: the set under the name is as it was.
    async fn ask_in_vain(&self, lease: &NameLease) -> Result<(), StoreError>;
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

/// Convenience for engines: the standing after a doubt.
pub const fn in_doubt(intent: IntentId, since: Timestamp, doubt: Doubt) -> Standing {
    Standing::InDoubt { intent, since, doubt }
}
