//! What ends: an access token that the provider called dead, a login that was adopted for nothing, and one that a person logs out.
//!
//! Enters: the provider's word, or a person's. Leaves: a record of it, durable; of a login that never was of use, nothing.

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::ports::Revocable;
use tokenward_core::{Event, Fence, Generation, GrantId, Holder, Standing, TokenSet};

use crate::codec::set_to_bytes;

use super::adopt::PutAside;
use super::find_rows::grant_row;
use super::journal::prune;
use super::leases::check_fence;
use super::rows::{grant_bytes, parked_label, signed, to_json};
use super::run_statement::{Transaction, run};
use super::transaction_error::Failed;
use super::{Records, sql};

impl Records {
    /// Ends the access token of a generation that is present still, or that was put aside: it is handed out for the present one, while that
    /// is on trial, or while nobody says whose it is.
    pub(crate) fn access_refused(
        &self,
        tx: &dyn Transaction,
        (id, generation): (GrantId, Generation),
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), Failed> {
        let grant = grant_row(tx, id)?;
        let now = self.now();
        if grant.generation != generation {
            let is_meant = |set: &PutAside| {
                set.generation == generation && set.set.access.as_ref().is_some_and(|access| access.expires > now)
            };
            let Some(found) = self.put_aside_sets(tx, id)?.into_iter().find(is_meant) else { return Ok(()) };
            let plain = set_to_bytes(&TokenSet { access: None, ..found.set });
            run(tx, sql::END_ACCESS_ASIDE, params![found.id, self.sealer.seal(&parked_label(id, generation), &plain)])?;
        } else if grant.access.blob.is_none() || grant.access_expires <= now {
            return Ok(());
        } else {
            run(tx, sql::END_ACCESS, params![grant_bytes(id), signed(generation.get()), now.as_millisecond()])?;
        }
        self.write_entry(tx, id, generation, Some(by), &Event::AccessRefused { provider_code })?;
        prune(tx, id)
    }

    /// What can be revoked of a login, by its lease alone.
    pub(crate) fn revocable(&self, tx: &dyn Transaction, (id, fence): (GrantId, Fence)) -> Result<Revocable, Failed> {
        check_fence(tx, id, fence)?;
        let row = grant_row(tx, id)?;
        Ok(Revocable {
            refresh: row.refresh(&self.sealer)?,
            access: row.access(&self.sealer)?.map(|access| access.token),
        })
    }

    /// Ends a login at a person's wish, by its lease alone. Its record stays (I6).
    pub(crate) fn retire(
        &self,
        tx: &dyn Transaction,
        (id, fence): (GrantId, Fence),
        by: &Holder,
        at: Timestamp,
        revoked: bool,
    ) -> Result<(), Failed> {
        check_fence(tx, id, fence)?;
        let grant = grant_row(tx, id)?;
        let id = grant_bytes(grant.id);
        self.supersede(tx, grant.id, grant.generation, None)?;
        run(tx, sql::RETIRE, params![id, to_json(&Standing::Retired { since: at })?])?;
        run(tx, sql::WIPE_ANSWERS, params![id])?;
        run(tx, sql::FORGET_PARKED, params![id])?;
        self.write_entry(tx, grant.id, grant.generation, Some(by), &Event::LoggedOut { revoked })
    }
}

/// Takes a login out whole that was adopted for nothing. `false`: it may be of use, and stays.
pub(crate) fn forget_refused(tx: &dyn Transaction, id: GrantId) -> Result<bool, Failed> {
    let grant = grant_row(tx, id)?;
    let told = matches!(grant.standing, Standing::NeedsConsent { .. } | Standing::Live);
    let untouched = grant.access.blob.is_none() && !grant.intent_open && !grant.linked && grant.fence.is_none();
    if grant.generation != Generation::FIRST || !told || !untouched {
        return Ok(false);
    }
    for statement in sql::FORGET_GRANT {
        run(tx, statement, params![grant_bytes(id)])?;
    }
    Ok(true)
}
