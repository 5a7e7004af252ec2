//! Grants as they are copied, and their tokens, remembered by their names.

use rusqlite::{ToSql, params};
use tokenward_core::ports::{GrantPage, LoginCopy};
use tokenward_core::{Fingerprint, Generation, GrantId, RefreshToken};

use super::find_rows::grant_row;
use super::rows::{GrantRow, grant_bytes, signed, uuid};
use super::run_statement::{Transaction, all, run};
use super::transaction_error::Failed;
use super::{Records, sql};

impl Records {
    /// The present set of a grant, with what gave way to it.
    pub(crate) fn copy(&self, tx: &dyn Transaction, id: GrantId) -> Result<LoginCopy, Failed> {
        let row = grant_row(tx, id)?;
        // What gave way and does not read back serves nobody.
        let gave_way = if row.on_trial { self.gave_way(tx, &row).unwrap_or_default() } else { None };
        let own = if row.unproven.is_some() { self.own(tx, &row).unwrap_or_default() } else { None };
        let (grant, refresh) = (row.grant(&self.sealer)?, row.refresh(&self.sealer)?);
        Ok(LoginCopy { grant, refresh, gave_way, own })
    }

    /// A page of logins: those that read back of so many rows.
    pub(crate) fn page(
        &self,
        tx: &dyn Transaction,
        after: Option<GrantId>,
        app: &str,
        limit: u32,
    ) -> Result<GrantPage, Failed> {
        let after = after.map_or([0; 16], grant_bytes);
        self.page_of(tx, sql::GRANTS_AFTER, params![after, app, limit], limit)
    }

    /// Those rows of a statement that read back.
    pub(crate) fn page_of(
        &self,
        tx: &dyn Transaction,
        statement: &'static str,
        bound: &[&dyn ToSql],
        limit: u32,
    ) -> Result<GrantPage, Failed> {
        let rows = all(tx, statement, bound, |row| {
            let id = GrantId::from(uuid(row, 0)?);
            Ok((id, GrantRow::read(row).and_then(|row| row.grant(&self.sealer))))
        })?;
        let next =
            rows.last().map(|(id, _)| *id).filter(|_| rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(GrantPage { grants: rows.into_iter().filter_map(|(_, grant)| grant.ok()).collect(), next })
    }

    /// Remembers a refresh token by its name, for ever.
    pub(crate) fn remember(
        &self,
        tx: &dyn Transaction,
        token: &RefreshToken,
        grant: GrantId,
        generation: Generation,
    ) -> Result<(), Failed> {
        let name = self.fingerprint(token);
        run(tx, sql::REMEMBER_FINGERPRINT, params![name.as_bytes(), grant_bytes(grant), signed(generation.get())])?;
        Ok(())
    }

    pub(crate) fn fingerprint(&self, token: &RefreshToken) -> Fingerprint {
        self.sealer.keys().fingerprint(token)
    }
}
