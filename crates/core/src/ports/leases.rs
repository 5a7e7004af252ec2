//! Leases: one process at a time rotates a login, or asks for tokens under a name.
//!
//! Enters: who asks, of what, and for how long. Leaves: a lease with a fence that never goes back and what it was taken for, read under it;
//! or who has it. A lease is not what I1 rests on (that is the journal): one that is lost costs time only. A holder that dies leaves one that
//! lapses.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{Entry, Grant, Holder, Intent, Lease, Seat, SecretBytes};

/// Who may work on a login, or under a name, at this moment.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Asks for the lease, without waiting. Not durable: a lost lease costs time only. What is read of a grant is read in the transaction
    /// that takes its lease.
    async fn hold(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<Attempt, StoreError>;

    /// Prolongs a lease. [`StoreFault::Moved`](super::StoreFault::Moved) when someone else took it.
    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError>;

    /// Gives a lease back and wakes those who wait.
    async fn release(&self, lease: Lease) -> Result<(), StoreError>;

    /// Returns when the present holder of the lease lets go (or dies), at the latest after `patience`. Waiters are
    /// woken; an implementation polls only where nothing can wake it.
    async fn wait(&self, seat: &Seat, patience: Duration);
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Attempt {
    /// It is ours.
    Held(Box<LeasedGrant>),
    /// Someone else has it.
    Busy {
        /// Who, if they have written their name already.
        holder: Option<Holder>,
        /// When it lapses unless renewed.
        until: Option<Timestamp>,
    },
}

impl Attempt {
    /// The lease, where it is ours.
    pub fn lease(self) -> Option<Lease> {
        match self {
            Self::Held(held) => Some(held.lease),
            Self::Busy { .. } => None,
        }
    }
}

/// A lease, and what it was taken for as it is under it. Of a name nothing is read but the lease.
#[derive(Debug)]
pub struct LeasedGrant {
    /// The lease.
    pub lease: Lease,
    /// The grant.
    pub grant: Option<Grant>,
    /// Its open intents, as [`Journal::open_intents`](super::Journal::open_intents) shows them.
    pub open: Vec<Intent>,
    /// What happened to it last.
    pub newest: Option<Entry>,
    /// What is kept of its app's refusal ([`AppDataKey::ClientRefused`](super::AppDataKey::ClientRefused)).
    pub client_refused: Option<SecretBytes>,
}
