//! Leases, on grants and on names: a row that is written without a sync, and beside it a lock file.
//!
//! The lock file comes first: whoever finds it taken looks at the row without writing, so that of many processes that ask at
//! one moment only one writes. A free lock beside an unexpired row of our own kernel whose holder had the lock means that
//! the holder died. A lock that is held while the row stays free belongs to a process that was stopped between the two, and
//! after [`ROWLESS`] the row alone decides.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};
use tokenward_core::ports::{LeaseAttempt, StoreError};
use tokenward_core::{Fence, GrantId, Holder, Lease, NameLease, ProfileName};

use tokio::time::Instant;

use crate::error::from_io;
use crate::folder::Folder;
use crate::locks::{POLL, Tried, try_lock};

use super::query::{Failed, first, run};
use super::rows::{Fault, grant_bytes, optional_json, optional_time, signed, to_json, unsigned};
use super::{Context, SqliteVault, sql};

/// What a lease is on.
#[derive(Clone)]
pub(super) enum Seat {
    /// A grant: who may turn it.
    Grant(GrantId),
    /// A name: who may ask for tokens that will be kept under it.
    Name(ProfileName),
}

impl Seat {
    fn lock(&self, folder: &Folder) -> PathBuf {
        match self {
            Self::Grant(id) => folder.lock(*id),
            Self::Name(name) => folder.name_lock(name),
        }
    }

    /// What names it in its table.
    fn key(&self) -> Value {
        match self {
            Self::Grant(id) => Value::Blob(grant_bytes(*id).to_vec()),
            Self::Name(name) => Value::Text(name.as_str().to_owned()),
        }
    }

    /// A statement for grants, or its twin for names.
    fn of<'s>(&self, of_grant: &'s str, of_name: &'s str) -> &'s str {
        match self {
            Self::Grant(_) => of_grant,
            Self::Name(_) => of_name,
        }
    }
}

/// A lease that was taken.
struct Taken {
    fence: Fence,
    expires: Timestamp,
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
        let ttl = row.get::<_, Option<i64>>("ttl")?.unwrap_or_default();
        let locked = row.get::<_, Option<bool>>("locked")?.unwrap_or_default();
        Ok(Self { holder: holder.zip(expires), locked, ttl: Duration::from_millis(ttl.unsigned_abs()) })
    }

    /// The holder, unless the lease has lapsed. A lease that would last much longer than it was taken for shows a clock that
    /// was set back, and has lapsed too.
    fn present(&self, now: Timestamp) -> Option<&(Holder, Timestamp)> {
        let longest = now.checked_add(self.ttl * 2 + Duration::from_mins(1)).unwrap_or(Timestamp::MAX);
        self.holder.as_ref().filter(|(_, expires)| now < *expires && *expires <= longest)
    }
}

impl SqliteVault {
    pub(super) async fn try_lease(
        &self,
        id: GrantId,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<LeaseAttempt, StoreError> {
        Ok(match self.try_seat(&Seat::Grant(id), holder, ttl).await? {
            LeaseAttempt::Held(Taken { fence, expires }) => {
                LeaseAttempt::Held(Lease { grant: id, fence, holder: holder.clone(), expires })
            }
            LeaseAttempt::Busy { holder, until } => LeaseAttempt::Busy { holder, until },
        })
    }

    pub(super) async fn try_name(
        &self,
        name: &ProfileName,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<LeaseAttempt<NameLease>, StoreError> {
        Ok(match self.try_seat(&Seat::Name(name.clone()), holder, ttl).await? {
            LeaseAttempt::Held(Taken { fence, expires }) => {
                LeaseAttempt::Held(NameLease { name: name.clone(), fence, holder: holder.clone(), expires })
            }
            LeaseAttempt::Busy { holder, until } => LeaseAttempt::Busy { holder, until },
        })
    }

    async fn try_seat(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<LeaseAttempt<Taken>, StoreError> {
        let path = seat.lock(&self.context.folder);
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
                        return Ok(LeaseAttempt::Busy { holder: Some(holder.clone()), until: Some(*until) });
                    }
                    // Between lock and row, or a waiter: someone is at it, unless they stay at it.
                    None if row.holder.is_none() && !self.rowless_for_long(&path) => {
                        return Ok(LeaseAttempt::Busy { holder: None, until: None });
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
        match self.write_unsynced(move |context, tx| context.take(tx, &of, &by, is_locked, ttl)).await? {
            LeaseAttempt::Held(taken) => {
                self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(path, (taken.fence, locked));
                Ok(LeaseAttempt::Held(taken))
            }
            LeaseAttempt::Busy { holder, until } => Ok(LeaseAttempt::Busy { holder, until }),
        }
    }

    /// Whether this vault has found a lock taken and its row free for so long that whoever has the lock must have
    /// been stopped. Such a one finds our row when it goes on.
    fn rowless_for_long(&self, lock: &Path) -> bool {
        let mut rowless = self.rowless.lock().unwrap_or_else(PoisonError::into_inner);
        rowless.entry(lock.to_owned()).or_insert_with(Instant::now).elapsed() >= ROWLESS
    }

    pub(super) async fn prolong(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError> {
        let expires = self.context.now().checked_add(ttl).unwrap_or(Timestamp::MAX);
        let locked = self.relock(lease);
        let (grant, fence) = (lease.grant, lease.fence);
        let renewed = self.write_unsynced(move |_, tx| {
            let (fence, until) = (signed(fence.get()), expires.as_millisecond());
            Ok(run(tx, sql::RENEW_LEASE, params![grant_bytes(grant), fence, locked, in_millis(ttl), until])?)
        });
        if renewed.await? == 0 {
            self.let_go(&self.context.folder.lock(lease.grant), lease.fence);
            return Err(StoreError::moved());
        }
        lease.expires = expires;
        Ok(())
    }

    pub(super) async fn give_back(&self, seat: Seat, fence: Fence) -> Result<(), StoreError> {
        // The lock first: it wakes the waiters, who only read; the row's writing (and now and then a checkpoint) is no
        // reason to keep them. Whoever takes the lock before the row is free finds a row of our place and a free
        // lock, and takes over.
        self.let_go(&seat.lock(&self.context.folder), fence);
        self.write_unsynced(move |_, tx| {
            run(tx, seat.of(sql::RELEASE_LEASE, sql::RELEASE_NAME), params![seat.key(), signed(fence.get())])?;
            Ok(())
        })
        .await
    }

    pub(super) async fn wait_for_lease(&self, seat: &Seat, patience: Duration) {
        let row = self.lease_row(seat).await.ok();
        let locked = row.as_ref().and_then(|row| row.present(self.context.now()).map(|_| row.locked));
        // Whoever has the lock and no row may have been stopped before it wrote one.
        let longest = if locked.is_none() { patience.min(ROWLESS) } else { patience };
        let woken = locked != Some(false) && self.waiters.wait(&seat.lock(&self.context.folder), longest).await;
        if !woken && locked.is_some() {
            // A holder without the lock, or on another machine: nothing here can wake us.
            tokio::time::sleep(POLL.min(patience)).await;
        }
    }

    /// Whether we have the lock of a lease; one that was taken by the row alone gets it as soon as it is free.
    fn relock(&self, lease: &Lease) -> bool {
        let lock = self.context.folder.lock(lease.grant);
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

    fn let_go(&self, lock: &Path, fence: Fence) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(lock).is_some_and(|(present, _)| *present == fence) {
            held.remove(lock);
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
    ) -> Result<LeaseAttempt<Taken>, Failed> {
        let now = self.now();
        let expires = now.checked_add(ttl).unwrap_or(Timestamp::MAX);
        let take = |statement: &str| {
            let bound = params![seat.key(), to_json(holder)?, is_locked, in_millis(ttl), expires.as_millisecond()];
            first(tx, statement, bound, |row| Ok(Fence::new(unsigned(row, 0)?)))
        };
        if let Some(fence) = take(seat.of(sql::TAKE_FREE_LEASE, sql::TAKE_FREE_NAME))? {
            return Ok(LeaseAttempt::Held(Taken { fence, expires }));
        }
        let row = lease_row(tx, seat)?;
        if let Some((present, until)) = row.present(now) {
            let died = is_locked && row.locked && (one_kernel(present, holder) || self.one_machine(present, holder));
            if !died {
                return Ok(LeaseAttempt::Busy { holder: Some(present.clone()), until: Some(*until) });
            }
        }
        let fence = take(seat.of(sql::TAKE_LEASE, sql::TAKE_NAME))?.ok_or(StoreError::moved())?;
        Ok(LeaseAttempt::Held(Taken { fence, expires }))
    }

    /// Whether two holders are of one machine by its name, and the locks lie on a disk of its own: without a process table (a chroot, other
    /// systems than Linux) their places say nothing.
    fn one_machine(&self, one: &Holder, other: &Holder) -> bool {
        one.node.host == other.node.host && crate::room::is_local(self.folder.vault())
    }
}

/// Fails with [`StoreFault::Moved`](tokenward_core::ports::StoreFault::Moved) unless the lease is still the grant's newest.
pub(super) fn check_fence(tx: &Connection, grant: GrantId, fence: Fence) -> Result<(), Failed> {
    let bound = params![grant_bytes(grant), signed(fence.get())];
    first(tx, sql::HOLDS_LEASE, bound, |_| Ok(()))?.ok_or_else(|| StoreError::moved().into())
}

fn lease_row(tx: &Connection, seat: &Seat) -> Result<LeaseRow, Failed> {
    let found = first(tx, seat.of(sql::LEASE, sql::NAME_LEASE), params![seat.key()], LeaseRow::read)?;
    found.ok_or_else(|| {
        Failed::Told(match seat {
            Seat::Grant(id) => StoreError::gone(*id),
            Seat::Name(_) => StoreError::moved(),
        })
    })
}

fn in_millis(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)
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
