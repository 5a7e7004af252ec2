//! Names: the question for a new set of tokens, and sets that came too late.
//!
//! A question is recorded before it is sent where its answer may end the set that is there, so that nobody hands out a token
//! which dies while it is handed out. A crash between question and answer leaves the record: the next caller turns the grant
//! or asks again.

use tokenward_core::ports::{LoginAnswerId, VaultError};
use tokenward_core::{Generation, GrantId, NameLease, ProfileName, TokenSet};

use sqlx::sqlite::SqliteConnection;

use crate::codec::set_to_bytes;

use super::rows::{grant_bytes, parked_label, signed};
use super::{SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn record_question(&self, lease: &NameLease) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let done = sqlx::query(sql::ASK)
            .bind(lease.name.as_str())
            .bind(signed(lease.fence.get()))
            .bind(self.now().as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        if done.rows_affected() == 0 {
            return Err(VaultError::Moved);
        }
        // As before a spend that ends the old access token: nobody may serve it from here on.
        let _withheld = self.withhold(&lease.name).await?;
        tx.commit().await.map_err(|error| self.sql(&error))
    }

    pub(super) async fn withdraw_question(&self, lease: &NameLease) -> Result<(), VaultError> {
        {
            let mut connection = self.journalling().await?;
            sqlx::query(sql::ASK_IN_VAIN)
                .bind(lease.name.as_str())
                .bind(signed(lease.fence.get()))
                .execute(&mut *connection)
                .await
                .map_err(|error| self.sql(&error))?;
        }
        self.publish_name(&lease.name).await;
        Ok(())
    }

    /// A set is there that was asked for under the name, or one that makes the question void.
    pub(super) async fn answered(&self, tx: &mut SqliteConnection, name: &ProfileName) -> Result<(), VaultError> {
        let done = sqlx::query(sql::ASKED).bind(name.as_str()).execute(tx).await;
        done.map(drop).map_err(|error| self.sql(&error))
    }

    pub(super) async fn park_login(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        if !self.drop_answer(&mut tx, answer).await? {
            return Ok(());
        }
        let grant = self.grant_row(&mut tx, id).await?;
        // Older than the present generation, so that no file that shows it is taken for one in step.
        let before = Generation::new(grant.generation.get().saturating_sub(1));
        sqlx::query(sql::PARK)
            .bind(grant_bytes(id))
            .bind(None::<Vec<u8>>)
            .bind(signed(before.get()))
            .bind(self.now().as_millisecond())
            .bind(self.sealer.seal(&parked_label(id, before), &set_to_bytes(&set)))
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        if let Some(token) = &set.refresh {
            self.remember(&mut tx, token, id, before).await?;
        }
        self.prune(&mut tx, id).await?;
        tx.commit().await.map_err(|error| self.sql(&error))
    }
}
