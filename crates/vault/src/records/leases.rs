//! What a lease is of, and what is read under it; taking one is each engine's own.

use std::time::Duration;

use rusqlite::params;
use rusqlite::types::Value;
use tokenward_core::ports::{AppDataKey, StoreError};
use tokenward_core::{Entry, Fence, Grant, GrantId, Lease, Seat, SecretBytes};

use super::find_rows::{entry, grant_row, open_rows};
use super::rows::{grant_bytes, signed};
use super::run_statement::{Transaction, all, first, run};
use super::transaction_error::Failed;
use super::{Records, sql};

/// A grant under its lease.
pub(crate) struct Under {
    pub(crate) grant: Grant,
    pub(crate) has_open: bool,
    pub(crate) newest: Option<Entry>,
    pub(crate) client_refused: Option<SecretBytes>,
}

impl Records {
    /// What a lease of a grant is taken for.
    pub(crate) fn under(&self, tx: &dyn Transaction, id: GrantId) -> Result<Under, Failed> {
        let row = grant_row(tx, id)?;
        let grant = row.grant(&self.sealer)?;
        let has_open = grant.intent_open && !open_rows(tx, id)?.is_empty();
        let newest = all(tx, sql::ENTRIES, params![grant_bytes(id), 1], entry)?.pop();
        let kept = self.keepsake(tx, &AppDataKey::ClientRefused(grant.app.clone()));
        // What does not read back is a request more, and no reason to rotate nothing.
        let client_refused = kept.ok().flatten().map(|(value, _)| value);
        Ok(Under { grant, has_open, newest, client_refused })
    }
}

/// The grant that may be rotated under a lease.
pub(crate) fn rotated_under(lease: &Lease) -> Result<GrantId, StoreError> {
    lease.seat.grant().ok_or(StoreError::moved())
}

/// Fails with [`StoreFault::Moved`](tokenward_core::ports::StoreFault::Moved) unless the lease is still the grant's newest.
pub(crate) fn check_fence(tx: &dyn Transaction, grant: GrantId, fence: Fence) -> Result<(), Failed> {
    let bound = params![grant_bytes(grant), signed(fence.get())];
    first(tx, sql::HOLDS_LEASE, bound, |_| Ok(()))?.ok_or_else(|| StoreError::moved().into())
}

/// Frees the row of a lease, unless it is somebody else's by now.
pub(crate) fn free(tx: &dyn Transaction, seat: &Seat, fence: Fence) -> Result<(), Failed> {
    run(tx, of(seat, sql::RELEASE_LEASE, sql::RELEASE_NAME), params![key(seat), signed(fence.get())])?;
    Ok(())
}

/// What names a seat in its table.
pub(crate) fn key(seat: &Seat) -> Value {
    match seat {
        Seat::Grant(id) => Value::Blob(grant_bytes(*id).to_vec()),
        Seat::Name(name) => Value::Text(name.as_str().to_owned()),
    }
}

/// A statement for grants, or its twin for names.
pub(crate) const fn of<'s>(seat: &Seat, of_grant: &'s str, of_name: &'s str) -> &'s str {
    match seat {
        Seat::Grant(_) => of_grant,
        Seat::Name(_) => of_name,
    }
}

pub(crate) fn in_millis(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)
}
