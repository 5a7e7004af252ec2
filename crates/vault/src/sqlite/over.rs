//! What ends before its time: an access token that the provider called dead, and a login that was adopted for nothing.
//!
//! Enters: the provider's word. Leaves: a record of it, durable.

use rusqlite::params;
use tokenward_core::ports::StoreError;
use tokenward_core::{Event, Generation, GrantId, Holder, Standing};

use super::grants::grant_row;
use super::journal::prune;
use super::query::run;
use super::rows::{grant_bytes, signed};
use super::{SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn end_access(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), StoreError> {
        let by = by.clone();
        self.write(move |context, tx| {
            let grant = grant_row(tx, id)?;
            let now = context.now();
            if grant.generation != generation || grant.access.blob.is_none() || grant.access_expires <= now {
                return Ok(());
            }
            let bound = params![grant_bytes(id), signed(generation.get()), now.as_millisecond()];
            run(tx, sql::END_ACCESS, bound)?;
            let event = Event::AccessRefused { provider_code };
            context.write_entry(tx, id, generation, Some(&by), &event)?;
            prune(tx, id)
        })
        .await
    }

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
