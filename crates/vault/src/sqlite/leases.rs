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
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Row, Sqlite};
use tokenward_core::ports::{LeaseAttempt, VaultError};
use tokenward_core::{Fence, GrantId, Holder, Lease, NameLease, ProfileName};

use tokio::time::Instant;

use crate::error::from_io;
use crate::folder::Folder;
use crate::locks::{POLL, Tried, try_lock};

use super::rows::{Fault, grant_bytes, optional_json, optional_time, signed, to_json, unsigned};
use super::{SqliteVault, sql};

/// What a lease is on.
#[derive(Clone, Copy)]
pub(super) enum Seat<'a> {
    /// A grant: who may turn it.
    Grant(GrantId),
    /// A name: who may ask for tokens that will be kept under it.
    Name(&'a ProfileName),
}

impl Seat<'_> {
    fn lock(self, folder: &Folder) -> PathBuf {
        match self {
            Self::Grant(id) => folder.lock(id),
            Self::Name(name) => folder.name_lock(name),
        }
    }

    /// One statement for grants or its twin for names, with the first argument bound.
    fn query(self, of_grant: &'static str, of_name: &'static str) -> Query<'static, Sqlite, SqliteArguments> {
        match self {
            Self::Grant(id) => sqlx::query(of_grant).bind(grant_bytes(id)),
            Self::Name(name) => sqlx::query(of_name).bind(name.as_str().to_owned()),
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
    fn read(row: &SqliteRow) -> Result<Self, Fault> {
        let holder: Option<Holder> = optional_json(row, "holder")?;
        let expires = optional_time(row, "expires")?;
        let ttl = row.try_get::<Option<i64>, _>("ttl")?.unwrap_or_default();
        let locked = row.try_get::<Option<bool>, _>("locked")?.unwrap_or_default();
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
    ) -> Result<LeaseAttempt, VaultError> {
        Ok(match self.try_seat(Seat::Grant(id), holder, ttl).await? {
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
    ) -> Result<LeaseAttempt<NameLease>, VaultError> {
        Ok(match self.try_seat(Seat::Name(name), holder, ttl).await? {
            LeaseAttempt::Held(Taken { fence, expires }) => {
                LeaseAttempt::Held(NameLease { name: name.clone(), fence, holder: holder.clone(), expires })
            }
            LeaseAttempt::Busy { holder, until } => LeaseAttempt::Busy { holder, until },
        })
    }

    async fn try_seat(
        &self,
        seat: Seat<'_>,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<LeaseAttempt<Taken>, VaultError> {
        let path = seat.lock(&self.folder);
        let held_by_us = self.held.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&path);
        let mut tried = Tried::Taken;
        if !held_by_us {
            for attempt in 0..LOCK_ATTEMPTS {
                tried = try_lock(&path).map_err(|error| from_io(&path, &error))?;
                // A waiter that was just woken holds the lock for a moment.
                if !matches!(tried, Tried::Taken) || self.lease_row(seat).await?.present(self.now()).is_some() {
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
                match row.present(self.now()) {
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
        let mut connection = self.leasing().await?;
        let expires = self.now().checked_add(ttl).unwrap_or(Timestamp::MAX);
        let free = seat.query(sql::TAKE_FREE_LEASE, sql::TAKE_FREE_NAME);
        let taken = self.take(&mut connection, free, holder, locked.is_some(), ttl, expires).await?;
        if let Some(fence) = taken {
            self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(path, (fence, locked));
            return Ok(LeaseAttempt::Held(Taken { fence, expires }));
        }
        let mut transaction = self.begin_write(&mut connection).await?;
        let row = self.lease_row_with(&mut transaction, seat).await?;
        let now = self.now();
        if let Some((present, until)) = row.present(now) {
            let died =
                locked.is_some() && row.locked && (one_kernel(present, holder) || self.one_machine(present, holder));
            if !died {
                return Ok(LeaseAttempt::Busy { holder: Some(present.clone()), until: Some(*until) });
            }
        }
        let expires = now.checked_add(ttl).unwrap_or(Timestamp::MAX);
        let any = seat.query(sql::TAKE_LEASE, sql::TAKE_NAME);
        let taken = self.take(&mut transaction, any, holder, locked.is_some(), ttl, expires).await?;
        let fence = taken.ok_or(VaultError::Moved)?;
        transaction.commit().await.map_err(|error| self.sql(&error))?;
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(path, (fence, locked));
        Ok(LeaseAttempt::Held(Taken { fence, expires }))
    }

    /// Writes the row of a lease. `None` where the statement takes it from nobody and somebody has it.
    async fn take(
        &self,
        connection: &mut SqliteConnection,
        statement: Query<'static, Sqlite, SqliteArguments>,
        holder: &Holder,
        locked: bool,
        ttl: Duration,
        expires: Timestamp,
    ) -> Result<Option<Fence>, VaultError> {
        let taken = statement
            .bind(to_json(holder).map_err(|fault| self.fault(fault))?)
            .bind(locked)
            .bind(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
            .bind(expires.as_millisecond())
            // To the statement's end: that the row cannot be written is told after it was given back.
            .fetch_all(connection)
            .await
            .map_err(|error| self.sql(&error))?;
        let fence = taken.first().map(|row| unsigned(row, 0)).transpose().map_err(|fault| self.fault(fault))?;
        Ok(fence.map(Fence::new))
    }

    /// Whether this vault has found a lock taken and its row free for so long that whoever has the lock must have
    /// been stopped. Such a one finds our row when it goes on.
    fn rowless_for_long(&self, lock: &Path) -> bool {
        let mut rowless = self.rowless.lock().unwrap_or_else(PoisonError::into_inner);
        rowless.entry(lock.to_owned()).or_insert_with(Instant::now).elapsed() >= ROWLESS
    }

    pub(super) async fn prolong(&self, lease: &mut Lease, ttl: Duration) -> Result<(), VaultError> {
        let expires = self.now().checked_add(ttl).unwrap_or(Timestamp::MAX);
        let locked = self.relock(lease);
        let done = {
            let mut connection = self.leasing().await?;
            sqlx::query(sql::RENEW_LEASE)
                .bind(grant_bytes(lease.grant))
                .bind(signed(lease.fence.get()))
                .bind(locked)
                .bind(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
                .bind(expires.as_millisecond())
                .execute(&mut *connection)
                .await
                .map_err(|error| self.sql(&error))?
        };
        if done.rows_affected() == 0 {
            self.let_go(&self.folder.lock(lease.grant), lease.fence);
            return Err(VaultError::Moved);
        }
        lease.expires = expires;
        Ok(())
    }

    pub(super) async fn give_back(&self, seat: Seat<'_>, fence: Fence) -> Result<(), VaultError> {
        // The lock first: it wakes the waiters, who only read; the row's writing (and now and then a checkpoint) is no
        // reason to keep them. Whoever takes the lock before the row is free finds a row of our place and a free
        // lock, and takes over.
        self.let_go(&seat.lock(&self.folder), fence);
        let mut connection = self.leasing().await?;
        seat.query(sql::RELEASE_LEASE, sql::RELEASE_NAME)
            .bind(signed(fence.get()))
            .execute(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    pub(super) async fn wait_for_lease(&self, seat: Seat<'_>, patience: Duration) {
        let row = self.lease_row(seat).await.ok();
        let locked = row.as_ref().and_then(|row| row.present(self.now()).map(|_| row.locked));
        // Whoever has the lock and no row may have been stopped before it wrote one.
        let longest = if locked.is_none() { patience.min(ROWLESS) } else { patience };
        let woken = locked != Some(false) && self.waiters.wait(&seat.lock(&self.folder), longest).await;
        if !woken && locked.is_some() {
            // A holder without the lock, or on another machine: nothing here can wake us.
            tokio::time::sleep(POLL.min(patience)).await;
        }
    }

    /// Fails with [`VaultError::Moved`] unless the lease is still the grant's newest.
    pub(super) async fn check_fence(&self, connection: &mut SqliteConnection, lease: &Lease) -> Result<(), VaultError> {
        let found = sqlx::query(sql::HOLDS_LEASE)
            .bind(grant_bytes(lease.grant))
            .bind(signed(lease.fence.get()))
            .fetch_optional(connection)
            .await
            .map_err(|error| self.sql(&error))?;
        found.map(|_| ()).ok_or(VaultError::Moved)
    }

    /// Whether we have the lock of a lease; one that was taken by the row alone gets it as soon as it is free.
    fn relock(&self, lease: &Lease) -> bool {
        let lock = self.folder.lock(lease.grant);
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

    /// Whether two holders are of one machine by its name, and the locks lie on a disk of its own: without a process table (a chroot, other
    /// systems than Linux) their places say nothing.
    fn one_machine(&self, one: &Holder, other: &Holder) -> bool {
        one.host == other.host && crate::room::is_local(self.folder.vault())
    }

    async fn lease_row(&self, seat: Seat<'_>) -> Result<LeaseRow, VaultError> {
        let mut connection = self.read().await?;
        self.lease_row_with(&mut connection, seat).await
    }

    async fn lease_row_with(&self, connection: &mut SqliteConnection, seat: Seat<'_>) -> Result<LeaseRow, VaultError> {
        let row = seat
            .query(sql::LEASE, sql::NAME_LEASE)
            .fetch_optional(connection)
            .await
            .map_err(|error| self.sql(&error))?;
        let row = row.ok_or(match seat {
            Seat::Grant(id) => VaultError::NoSuchGrant(id),
            Seat::Name(_) => VaultError::Moved,
        })?;
        LeaseRow::read(&row).map_err(|fault| self.fault(fault))
    }
}

/// Whether two holders share the kernel that keeps the locks. Two containers of one machine do: their places differ after
/// the boot.
fn one_kernel(one: &Holder, other: &Holder) -> bool {
    let boot = |holder: &'_ Holder| holder.place.split_once('/').map(|(boot, _)| boot.to_owned());
    one.place == other.place || (boot(one).is_some() && boot(one) == boot(other))
}

/// Tries of the lock while nobody's row explains why it is taken; with pauses of 1, 2, 4 and 8 ms.
const LOCK_ATTEMPTS: u32 = 4;
/// How long a lock may be held beside a free row: writing the row takes milliseconds, or as long as the queue of writers
/// before it.
const ROWLESS: Duration = Duration::from_secs(3);
