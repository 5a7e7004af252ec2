//! What ends before its time: an access token that the provider called dead, and a login that was adopted for nothing.
//!
//! Enters: the provider's word. Leaves: a record of it, durable, and no hand-out file that says otherwise. The file goes first: a
//! crash between the two leaves a login that is looked at the long way.

use tokenward_core::ports::VaultError;
use tokenward_core::{Event, Generation, GrantId, Holder, Standing};

use super::rows::{grant_bytes, signed};
use super::{SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn end_access(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let grant = self.grant_row(&mut tx, id).await?;
        let now = self.now();
        if grant.generation != generation || grant.access.blob.is_none() || grant.access_expires <= now {
            return Ok(());
        }
        self.withdraw(&grant)?;
        sqlx::query(sql::END_ACCESS)
            .bind(grant_bytes(id))
            .bind(signed(generation.get()))
            .bind(now.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        let event = Event::AccessRefused { provider_code };
        self.write_entry(&mut tx, id, generation, Some(by), &event).await?;
        self.prune(&mut tx, id).await?;
        tx.commit().await.map_err(|error| self.sql(&error))
    }

    pub(super) async fn forget_grant(&self, id: GrantId) -> Result<bool, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let grant = self.grant_row(&mut tx, id).await?;
        let refused = matches!(grant.standing, Standing::NeedsConsent { .. });
        let untouched = grant.access.blob.is_none() && !grant.intent_open && !grant.linked && grant.fence.is_none();
        if grant.generation != Generation::FIRST || !refused || !untouched {
            return Ok(false);
        }
        self.withdraw(&grant)?;
        sqlx::query(sql::FORGET_GRANT)
            .bind(grant_bytes(id))
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        tx.commit().await.map_err(|error| self.sql(&error))?;
        Ok(true)
    }

    /// Takes the hand-out file of a login away that is over from now on, so that nobody is handed its token without being told. One
    /// that cannot be removed is no reason to forget that the login is over.
    pub(super) async fn withdraw_of_one_that_is_over(
        &self,
        tx: &mut sqlx::sqlite::SqliteConnection,
        id: GrantId,
    ) -> Result<(), VaultError> {
        let grant = self.grant_row(tx, id).await?;
        if let Err(error) = self.withdraw(&grant) {
            tracing::warn!(%error, grant = %id, "the hand-out file of a login that is over could not be removed");
        }
        Ok(())
    }
}
