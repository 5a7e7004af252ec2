//! What ends before its time: an access token that the provider called dead, and a login that was adopted for nothing.
//!
//! Enters: the provider's word. Leaves: a record of it, durable.

use rusqlite::{Connection, params};
use tokenward_core::ports::StoreError;
use tokenward_core::{Event, Generation, GrantId, Holder, Standing};

use super::grants::grant_row;
use super::journal::prune;
use super::query::{Failed, run};
use super::rows::{grant_bytes, signed};
use super::{Context, SqliteVault, sql};

impl Context {
    /// Ends the access token of a generation that is present still.
    pub(super) fn access_refused(
        &self,
        tx: &Connection,
        (id, generation): (GrantId, Generation),
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), Failed> {
        let grant = grant_row(tx, id)?;
        let now = self.now();
        if grant.generation != generation || grant.access.blob.is_none() || grant.access_expires <= now {
            return Ok(());
        }
        run(tx, sql::END_ACCESS, params![grant_bytes(id), signed(generation.get()), now.as_millisecond()])?;
        self.write_entry(tx, id, generation, Some(by), &Event::AccessRefused { provider_code })?;
        prune(tx, id)
    }
}

impl SqliteVault {
    pub(super) async fn forget_grant(&self, id: GrantId) -> Result<bool, StoreError> {
        self.write(move |_, tx| {
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
        })
        .await
    }
}
