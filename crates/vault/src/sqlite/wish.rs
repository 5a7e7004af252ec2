//! A wish for one certain set: somebody adopts a refresh token whose set the vault has put aside.
//!
//! Enters: the token. Leaves: its set as the present one of its grant, on trial as an adoption is, and what gives way put aside in its
//! turn (I3). One of which nobody has said whose it is goes into a grant of its own. One transaction: a crash leaves the grant as it was,
//! or as it was wished (I5). A set that was ended, by a refusal or by a person's own login, does not come back.

use sqlx::sqlite::SqliteConnection;
use tokenward_core::ports::{VaultError, Wished};
use tokenward_core::{Event, Fingerprint, Generation, GrantId, Holder, RefreshToken};

use super::adopt::lives;
use super::rows::{Fault, grant_bytes, parked_label, unopened, unsigned};
use super::{SqliteVault, sql};
use crate::codec::set_from_bytes;

impl SqliteVault {
    pub(super) async fn wish_back(
        &self,
        token: &RefreshToken,
        source: &str,
        by: &Holder,
    ) -> Result<Wished, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let Some((id, _)) = self.find_known(&mut tx, token).await? else { return Ok(Wished::NotAside) };
        let mut grant = self.grant_row(&mut tx, id).await?;
        let fingerprint = self.fingerprint(token);
        // A provider may give one refresh token again and again: it stands in both sets then, and is present.
        let is_present = |present: RefreshToken| self.fingerprint(&present) == fingerprint;
        if grant.retired() || grant.refresh(&self.sealer).is_ok_and(|present| present.is_some_and(is_present)) {
            return Ok(Wished::NotAside);
        }
        let mut sets = self.put_aside_sets(&mut tx, id).await?.into_iter();
        let Some(wished) = sets.find(|set| set.is_of(self, fingerprint)) else {
            return Ok(if self.is_ended(&mut tx, id, fingerprint).await? { Wished::Over } else { Wished::NotAside });
        };
        if !lives(&wished.aside.standing) {
            return Ok(Wished::Over);
        }
        if let Some(unproven) = grant.unproven.clone().filter(|_| grant.can_part()) {
            let aside = (self.fresh_id(), None);
            self.move_out(&mut tx, &mut grant, unproven, aside, Some(wished), by).await?;
        } else {
            let mut aside = self.interrupt(&mut tx, &grant, None).await?;
            aside.own.clone_from(&grant.unproven);
            let awaits = lives(&aside.standing).then_some(grant.generation.next());
            let is_kept = self.put_aside(&mut tx, &grant, Some(&aside), awaits).await?;
            let replaced = is_kept.then_some(grant.generation);
            let event = Event::Adopted { source: source.to_owned(), fingerprint, replaced };
            self.put_back(&mut tx, &mut grant, wished, &event, by).await?;
        }
        tx.commit().await.map_err(|error| self.sql(&error))?;
        drop(connection);
        self.publish(id).await;
        Ok(Wished::Back(grant.generation))
    }

    /// Whether the token is of a set that gave way for good. One that came too late was ended by nobody.
    async fn is_ended(
        &self,
        tx: &mut SqliteConnection,
        id: GrantId,
        fingerprint: Fingerprint,
    ) -> Result<bool, VaultError> {
        let rows = sqlx::query(sql::ENDED_SETS).bind(grant_bytes(id)).fetch_all(tx).await;
        let is_of = |row: &sqlx::sqlite::SqliteRow| -> Result<bool, Fault> {
            let generation = Generation::new(unsigned(row, "generation")?);
            let blob: &[u8] = sqlx::Row::try_get(row, "tokens")?;
            let plain = self.sealer.open(&parked_label(id, generation), blob).map_err(unopened("a parked set"))?;
            let refresh = set_from_bytes(&plain).and_then(|set| set.refresh);
            Ok(refresh.is_some_and(|token| self.fingerprint(&token) == fingerprint))
        };
        // One that is damaged is not the reason why nothing is told of the others.
        Ok(rows.map_err(|error| self.sql(&error))?.iter().any(|row| is_of(row).unwrap_or(false)))
    }
}
