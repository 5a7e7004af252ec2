//! Leases: one process at a time turns a login, or asks for tokens under a name.
//!
//! Enters: who asks, and for how long. Leaves: a lease with a fence that never goes back, or who has it. A lease is not what I1 rests on
//! (that is the journal): one that is lost costs time only. A holder that dies leaves one that lapses.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::{GrantId, Holder, Lease, NameLease, ProfileName};

/// Who may work on a login, or under a name, at this moment.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Asks for the lease, without waiting. Not durable: a lost lease costs time only.
    async fn lease(&self, id: GrantId, holder: &Holder, ttl: Duration) -> Result<LeaseAttempt, StoreError>;

    /// Prolongs a lease. [`StoreFault::Moved`](super::StoreFault::Moved) when someone else took it.
    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError>;

    /// Gives a lease back and wakes those who wait.
    async fn release(&self, lease: Lease) -> Result<(), StoreError>;

    /// Returns when the present holder of the lease lets go (or dies), at the latest after `patience`. Waiters are
    /// woken; an implementation polls only where nothing can wake it.
    async fn wait(&self, id: GrantId, patience: Duration);

    /// Asks for the lease on a name, without waiting: who may ask for tokens that will be kept under it, whether or not a grant
    /// is there. Not durable. Whoever takes the lease of the name's grant too takes it after this one.
    async fn lease_name(
        &self,
        name: &ProfileName,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<LeaseAttempt<NameLease>, StoreError>;

    /// Gives it back and wakes those who wait.
    async fn release_name(&self, lease: NameLease) -> Result<(), StoreError>;

    /// As [`Leases::wait`], for the lease on a name.
    async fn wait_name(&self, name: &ProfileName, patience: Duration);
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum LeaseAttempt<L = Lease> {
    /// It is ours.
    Held(L),
    /// Someone else has it.
    Busy {
        /// Who, if they have written their name already.
        holder: Option<Holder>,
        /// When it lapses unless renewed.
        until: Option<Timestamp>,
    },
}
