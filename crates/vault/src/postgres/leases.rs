//! Leases, on grants and on names: a row, by the database's clock.
//!
//! A lease is taken by one statement, which compares with the database's time: free, lapsed, or held for longer than anybody could have
//! asked for. Its fence goes up by one and never back. Nobody is known dead here: a holder that is silent is waited for. Those who wait in
//! this process are woken by what is given back in it, and all others look at the row again after a pause that grows to [`LONGEST_PAUSE`].

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::ports::{Attempt, Journal, LeasedGrant, Leases, StoreError};
use tokenward_core::{Fence, Holder, Lease, Seat};
use tokio::time::Instant;

use crate::records::leases::{Under, free, in_millis, key, of};
use crate::records::rows::{optional_json, optional_time, signed, time, to_json, unsigned};
use crate::records::run_statement::{Row, first};
use crate::records::transaction_error::{Failed, Fault};

use super::connection_transactions::{How, OpenTransaction};
use super::{PostgresVault, statements as sql};

/// What came of asking, in its transaction.
enum Outcome {
    /// The lease, and what is under that of a grant.
    Held(Lease, Option<Box<Under>>),
    Busy(LeaseRow),
}

/// A row of `leases` or `names`.
struct LeaseRow {
    holder: Option<Holder>,
    expires: Option<Timestamp>,
    is_held: bool,
}

impl LeaseRow {
    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            holder: optional_json(row, "holder")?,
            expires: optional_time(row, "expires")?,
            is_held: row.get("held")?,
        })
    }
}

#[async_trait]
impl Leases for PostgresVault {
    async fn hold(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<Attempt, StoreError> {
        let (of_seat, by, given) = (seat.clone(), holder.clone(), self.context.given_time());
        let asked = self.call(How::Unsynced, move |records, tx| {
            let Some(lease) = take(tx, &of_seat, &by, ttl, given)? else {
                return Ok(Outcome::Busy(lease_row(tx, &of_seat, given)?));
            };
            let under = match of_seat.grant() {
                Some(id) => Some(Box::new(records.under(tx, id)?)),
                None => None,
            };
            Ok(Outcome::Held(lease, under))
        });
        let (lease, under) = match asked.await? {
            Outcome::Held(lease, under) => (lease, under),
            // Who let go between the two looks is nobody to wait for by name.
            Outcome::Busy(row) => {
                let (holder, until) = if row.is_held { (row.holder, row.expires) } else { (None, None) };
                return Ok(Attempt::Busy { holder, until });
            }
        };
        let Some(under) = under else {
            let nothing = LeasedGrant { lease, grant: None, open: Vec::new(), newest: None, client_refused: None };
            return Ok(Attempt::Held(Box::new(nothing)));
        };
        let Under { grant, has_open, newest, client_refused } = *under;
        // Slots of answers are looked at where there may be one: with an open intent, and once for what a process of this node has left.
        let open = if has_open || (self.slots.is_due() && !self.slots.empty(self).await.were_empty) {
            match self.open_intents(grant.id).await {
                Ok(open) => open,
                Err(error) => {
                    self.release(lease).await?;
                    return Err(error);
                }
            }
        } else {
            Vec::new()
        };
        Ok(Attempt::Held(Box::new(LeasedGrant { lease, grant: Some(grant), open, newest, client_refused })))
    }

    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError> {
        let (seat, fence, given) = (lease.seat.clone(), lease.fence, self.context.given_time());
        let renewed = self.call(How::Unsynced, move |_, tx| {
            let statement = of(&seat, sql::RENEW_LEASE, sql::RENEW_NAME);
            let bound = params![key(&seat), signed(fence.get()), in_millis(ttl), given];
            first(tx, statement, bound, |row| time(row, "expires"))
        });
        lease.expires = renewed.await?.ok_or(StoreError::moved())?;
        Ok(())
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        let Lease { seat, fence, .. } = lease;
        self.call(How::Unsynced, move |_, tx| free(tx, &seat, fence)).await?;
        self.released.notify_waiters();
        Ok(())
    }

    async fn wait(&self, seat: &Seat, patience: Duration) {
        let ends = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let mut woken = std::pin::pin!(self.released.notified());
            woken.as_mut().enable();
            let (seat, given) = (seat.clone(), self.context.given_time());
            let row = self.read(move |_, tx| lease_row(tx, &seat, given)).await;
            // Where nobody can be asked, whoever waits asks again and is told why.
            let is_held = row.is_ok_and(|row| row.is_held);
            let now = Instant::now();
            if !is_held || now >= ends {
                return;
            }
            drop(tokio::time::timeout(pause.min(ends - now), woken).await);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Takes a lease that nobody holds; `None` when somebody does, or when there is no such grant.
fn take(
    tx: &OpenTransaction,
    seat: &Seat,
    holder: &Holder,
    ttl: Duration,
    given: Option<i64>,
) -> Result<Option<Lease>, Failed> {
    let statement = of(seat, sql::TAKE_LEASE, sql::TAKE_NAME);
    first(tx, statement, params![key(seat), to_json(holder)?, in_millis(ttl), given], |row| {
        let (fence, expires) = (Fence::new(unsigned(row, 0)?), time(row, 1)?);
        Ok(Lease { seat: seat.clone(), fence, holder: holder.clone(), expires })
    })
}

fn lease_row(tx: &OpenTransaction, seat: &Seat, given: Option<i64>) -> Result<LeaseRow, Failed> {
    let found = first(tx, of(seat, sql::LEASE, sql::NAME_LEASE), params![key(seat), given], LeaseRow::read)?;
    found.ok_or_else(|| {
        Failed::Told(match seat {
            Seat::Grant(id) => StoreError::gone(*id),
            Seat::Name(_) => StoreError::moved(),
        })
    })
}

/// How long those who wait pause between two looks, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
