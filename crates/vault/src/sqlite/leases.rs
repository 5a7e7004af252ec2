//! Leases, on grants and on names: a row that is written without a sync, and beside it a lock file.
//!
//! The lock file comes first: whoever finds it taken looks at the row without writing, so that of many processes that ask at
//! one moment only one writes. A free lock beside an unexpired row of our own kernel whose holder had the lock means that
//! the holder died. A lock that is held while the row stays free belongs to a process that was stopped between the two, and
//! after [`ROWLESS`] the row alone decides.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use tokenward_core::ports::{Attempt, Journal, LeasedGrant, Leases, StoreError};
use tokenward_core::{Fence, Holder, Lease, Seat};

use tokio::time::Instant;

use crate::folder::Folder;
use crate::io_error::from_io;
use crate::locks::{POLL, Tried, try_lock};

use super::{Context, SqliteVault, sql};
use crate::records::leases::{Under, free, in_millis, key, of};
use crate::records::rows::{optional_json, optional_time, signed, to_json, unsigned};
use crate::records::run_statement::{Row, first, run};
use crate::records::transaction_error::{Failed, Fault};

/// What came of asking, in its transaction.
enum LeaseOutcome {
    /// The lease, and what is under that of a grant.
    Held(Lease, Option<Box<Under>>),
    Busy {
        holder: Option<Holder>,
        until: Option<Timestamp>,
    },
}

/// A row of `leases` or `names`; the holder is `None` when it is free.
struct LeaseRow {
    holder: Option<(Holder, Timestamp)>,
    /// Whether the holder has the lock file too. One that took over from a paused process has not: its lock is free as soon
    /// as the paused process lets go, and means nothing.
    locked: bool,
    ttl: Duration,
}

impl LeaseRow {
    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let holder: Option<Holder> = optional_json(row, "holder")?;
        let expires = optional_time(row, "expires")?;
        let ttl = row.get::<Option<i64>>("ttl")?.unwrap_or_default();
        let locked = row.get::<Option<bool>>("locked")?.unwrap_or_default();
        Ok(Self { holder: holder.zip(expires), locked, ttl: Duration::from_millis(ttl.unsigned_abs()) })
    }

    /// The holder, unless the lease has lapsed. A lease that would last much longer than it was taken for shows a clock that
    /// was set back, and has lapsed too.
    fn present(&self, now: Timestamp) -> Option<&(Holder, Timestamp)> {
        let longest = now.checked_add(self.ttl * 2 + Duration::from_mins(1)).unwrap_or(Timestamp::MAX);
        self.holder.as_ref().filter(|(_, expires)| now < *expires && *expires <= longest)
    }
}

#[async_trait]
impl Leases for SqliteVault {
    async fn hold(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<Attempt, StoreError> {
        let (lease, under) = match self.try_seat(seat, holder, ttl).await? {
            LeaseOutcome::Held(lease, under) => (lease, under),
            LeaseOutcome::Busy { holder, until } => return Ok(Attempt::Busy { holder, until }),
        };
        let Some(under) = under else {
            let nothing = LeasedGrant { lease, grant: None, open: Vec::new(), newest: None, client_refused: None };
            return Ok(Attempt::Held(Box::new(nothing)));
        };
        let Under { grant, has_open, newest, client_refused } = *under;
        // Slots of answers are looked at where there may be one: with an open intent, and once for what others have left since this vault
        // was opened.
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
        let expires = self.context.now().checked_add(ttl).unwrap_or(Timestamp::MAX);
        let locked = self.relock(lease);
        let (seat, fence) = (lease.seat.clone(), lease.fence);
        let renewed = self.write_unsynced(move |_, tx| {
            let (fence, until) = (signed(fence.get()), expires.as_millisecond());
            let statement = of(&seat, sql::RENEW_LEASE, sql::RENEW_NAME);
            run(tx, statement, params![key(&seat), fence, locked, in_millis(ttl), until])
        });
        if renewed.await? == 0 {
            self.let_go(&lease.seat, lease.fence);
            return Err(StoreError::moved());
        }
        lease.expires = expires;
        Ok(())
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        let Lease { seat, fence, .. } = lease;
        // The lock first: it wakes the waiters, who only read; the row's writing (and now and then a checkpoint) is no
        // reason to keep them. Whoever takes the lock before the row is free finds a row of our place and a free
        // lock, and takes over.
        self.let_go(&seat, fence);
        self.write_unsynced(move |_, tx| free(tx, &seat, fence)).await
    }

    async fn wait(&self, seat: &Seat, patience: Duration) {
        let row = self.lease_row(seat).await.ok();
        let locked = row.as_ref().and_then(|row| row.present(self.context.now()).map(|_| row.locked));
        // Whoever has the lock and no row may have been stopped before it wrote one.
        let longest = if locked.is_none() { patience.min(ROWLESS) } else { patience };
        let woken = locked != Some(false) && self.waiters.wait(&lock_of(seat, &self.context.folder), longest).await;
        if !woken && locked.is_some() {
            // A holder without the lock, or on another machine: nothing here can wake us.
            tokio::time::sleep(POLL.min(patience)).await;
        }
    }
}

impl SqliteVault {
    async fn try_seat(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<LeaseOutcome, StoreError> {
        let path = lock_of(seat, &self.context.folder);
        let held_by_us = self.held.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&path);
        let mut tried = Tried::Taken;
        if !held_by_us {
            for attempt in 0..LOCK_ATTEMPTS {
                tried = try_lock(&path).map_err(|error| from_io(&path, &error))?;
                // A waiter that was just woken holds the lock for a moment.
                if !matches!(tried, Tried::Taken) || self.lease_row(seat).await?.present(self.context.now()).is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1 << attempt)).await;
            }
        }
        if !matches!(tried, Tried::Taken) || self.lease_row(seat).await?.holder.is_some() {
            self.rowless.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
        }
        let locked = match tried {
            Tried::Locked(file) => Some(file),
            Tried::Unsupported => None,
            Tried::Taken => {
                let row = self.lease_row(seat).await?;
                match row.present(self.context.now()) {
                    Some((holder, until)) => {
                        return Ok(LeaseOutcome::Busy { holder: Some(holder.clone()), until: Some(*until) });
                    }
                    // Between lock and row, or a waiter: someone is at it, unless they stay at it.
                    None if row.holder.is_none() && !self.rowless_for_long(&path) => {
                        return Ok(LeaseOutcome::Busy { holder: None, until: None });
                    }
                    // A paused process, or a task of our own that was forgotten: the row has lapsed, and decides.
                    None => self
                        .held
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&path)
                        .and_then(|(_, file)| file),
                }
            }
        };
        let is_locked = locked.is_some();
        let (of, by) = (seat.clone(), holder.clone());
        let asked = self.write_unsynced(move |context, tx| {
            let asked = context.take(tx, &of, &by, is_locked, ttl)?;
            Ok(match (asked, of.grant()) {
                (LeaseOutcome::Held(lease, _), Some(id)) => {
                    LeaseOutcome::Held(lease, Some(Box::new(context.under(tx, id)?)))
                }
                (asked, _) => asked,
            })
        });
        let asked = asked.await?;
        if let LeaseOutcome::Held(lease, _) = &asked {
            self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(path, (lease.fence, locked));
        }
        Ok(asked)
    }

    /// Whether this vault has found a lock taken and its row free for so long that whoever has the lock must have
    /// been stopped. Such a one finds our row when it goes on.
    fn rowless_for_long(&self, lock: &Path) -> bool {
        let mut rowless = self.rowless.lock().unwrap_or_else(PoisonError::into_inner);
        rowless.entry(lock.to_owned()).or_insert_with(Instant::now).elapsed() >= ROWLESS
    }

    /// Whether we have the lock of a lease; one that was taken by the row alone gets it as soon as it is free.
    fn relock(&self, lease: &Lease) -> bool {
        let lock = lock_of(&lease.seat, &self.context.folder);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.get_mut(&lock) {
            Some((fence, file)) if *fence == lease.fence => {
                if file.is_none()
                    && let Ok(Tried::Locked(free)) = try_lock(&lock)
                {
                    *file = Some(free);
                }
                file.is_some()
            }
            _ => false,
        }
    }

    /// Lets go of the lock of a lease that is over.
    pub(super) fn let_go(&self, seat: &Seat, fence: Fence) {
        let lock = lock_of(seat, &self.context.folder);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(&lock).is_some_and(|(present, _)| *present == fence) {
            held.remove(&lock);
        }
    }

    async fn lease_row(&self, seat: &Seat) -> Result<LeaseRow, StoreError> {
        let seat = seat.clone();
        self.read(move |_, tx| lease_row(tx, &seat)).await
    }
}

impl Context {
    /// Takes a lease that nobody holds, or that has lapsed, or whose holder has died.
    fn take(
        &self,
        tx: &Connection,
        seat: &Seat,
        holder: &Holder,
        is_locked: bool,
        ttl: Duration,
    ) -> Result<LeaseOutcome, Failed> {
        let now = self.now();
        let expires = now.checked_add(ttl).unwrap_or(Timestamp::MAX);
        let take = |statement: &'static str| {
            let bound = params![key(seat), to_json(holder)?, is_locked, in_millis(ttl), expires.as_millisecond()];
            first(tx, statement, bound, |row| Ok(Fence::new(unsigned(row, 0)?)))
        };
        let taken =
            |fence| LeaseOutcome::Held(Lease { seat: seat.clone(), fence, holder: holder.clone(), expires }, None);
        if let Some(fence) = take(of(seat, sql::TAKE_FREE_LEASE, sql::TAKE_FREE_NAME))? {
            return Ok(taken(fence));
        }
        let row = lease_row(tx, seat)?;
        if let Some((present, until)) = row.present(now) {
            let died = is_locked && row.locked && (one_kernel(present, holder) || self.one_machine(present, holder));
            if !died {
                return Ok(LeaseOutcome::Busy { holder: Some(present.clone()), until: Some(*until) });
            }
        }
        let fence = take(of(seat, sql::TAKE_LEASE, sql::TAKE_NAME))?.ok_or(StoreError::moved())?;
        Ok(taken(fence))
    }

    /// Whether two holders are of one machine by its name, and the locks lie on a disk of its own: without a process table (a chroot, other
    /// systems than Linux) their places say nothing.
    fn one_machine(&self, one: &Holder, other: &Holder) -> bool {
        one.node.host == other.node.host && crate::disk_check::is_local(self.folder.vault())
    }
}

fn lock_of(seat: &Seat, folder: &Folder) -> PathBuf {
    match seat {
        Seat::Grant(id) => folder.lock(*id),
        Seat::Name(name) => folder.name_lock(name),
    }
}

fn lease_row(tx: &Connection, seat: &Seat) -> Result<LeaseRow, Failed> {
    let found = first(tx, of(seat, sql::LEASE, sql::NAME_LEASE), params![key(seat)], LeaseRow::read)?;
    found.ok_or_else(|| {
        Failed::Told(match seat {
            Seat::Grant(id) => StoreError::gone(*id),
            Seat::Name(_) => StoreError::moved(),
        })
    })
}

/// Whether two holders share the kernel that keeps the locks. Two containers of one machine do: their places differ after
/// the boot.
fn one_kernel(one: &Holder, other: &Holder) -> bool {
    let boot = |holder: &'_ Holder| holder.node.place.split_once('/').map(|(boot, _)| boot.to_owned());
    one.node.place == other.node.place || (boot(one).is_some() && boot(one) == boot(other))
}

/// Tries of the lock while nobody's row explains why it is taken; with pauses of 1, 2, 4 and 8 ms.
const LOCK_ATTEMPTS: u32 = 4;
/// How long a lock may be held beside a free row: writing the row takes milliseconds, or as long as the queue of writers
/// before it.
const ROWLESS: Duration = Duration::from_secs(3);
