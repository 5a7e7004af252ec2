//! Grants as they are copied, and their tokens, remembered by their names.

use rusqlite::params;
use tokenward_core::ports::LoginCopy;
use tokenward_core::{Fingerprint, Generation, GrantId, RefreshToken};

use super::failure::Failed;
use super::lookup::grant_row;
use super::query::{Transaction, run};
use super::rows::{grant_bytes, signed};
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
