//! Grants: reading them, naming their subject, logging them out, and the sets that were put aside.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokenward_core::ports::{Revocable, VaultError};
use tokenward_core::{
    Event, Fingerprint, Generation, Grant, GrantId, IntentId, Lease, ProfileName, RefreshToken, Standing, Subject,
};

use crate::codec::set_from_bytes;
use crate::handout;

use super::rows::{
    Fault, GrantRow, damaged, grant_bytes, parked_label, signed, time, to_json, unopened, unsigned, uuid,
};
use super::{ParkedSet, SqliteVault, sql};

/// A login that does not read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedLogin {
    /// Its id, if that reads.
    pub id: Option<GrantId>,
    /// Its profile, if it has one and that reads.
    pub profile: Option<ProfileName>,
    /// What is wrong.
    pub reason: String,
}

impl DamagedLogin {
    pub(crate) fn of(row: &SqliteRow, fault: Fault) -> Self {
        let profile = row.try_get::<Option<String>, _>("profile").ok().flatten();
        Self {
            id: uuid(row, "id").ok().map(GrantId::from),
            profile: profile.and_then(|name| name.parse().ok()),
            reason: match fault {
                Fault::Damaged(what) => format!("{what} is damaged"),
                Fault::UnknownKey => "it was sealed with a data key that key.json does not hold".to_owned(),
            },
        }
    }
}

impl SqliteVault {
    pub(super) async fn find_grant(&self, profile: &ProfileName) -> Result<Option<GrantId>, VaultError> {
        let found = self.owner(profile).await?;
        if found.is_none() {
            self.check_no_grant(profile).await?;
        }
        Ok(found)
    }

    /// The grant that a profile points at.
    pub(super) async fn owner(&self, profile: &ProfileName) -> Result<Option<GrantId>, VaultError> {
        let mut connection = self.read().await?;
        let row = sqlx::query(sql::GRANT_OF)
            .bind(profile.as_str())
            .fetch_optional(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        let id = row.map(|row| uuid(&row, 0)).transpose().map_err(|fault| self.fault(fault))?;
        Ok(id.map(GrantId::from))
    }

    pub(super) async fn read_grant(&self, id: GrantId) -> Result<Grant, VaultError> {
        self.refresh_keys();
        let (grant, links) = self.with_links(id).await?;
        self.mend_handout(&grant, links).await?;
        Ok(grant)
    }

    /// Every grant that reads back. Where none does although there are some, that is what is told: a vault whose key is not its own is
    /// not an empty one.
    pub(crate) async fn read_grants(&self) -> Result<Vec<Grant>, VaultError> {
        let (grants, mut damaged) = self.read_each_grant().await?;
        match damaged.pop() {
            Some(DamagedLogin { reason, .. }) if grants.is_empty() => {
                Err(crate::error::damaged_as(&self.folder.database(), &reason))
            }
            _ => Ok(grants),
        }
    }

    /// Every grant that reads back, and what is known of those that do not.
    pub(crate) async fn read_each_grant(&self) -> Result<(Vec<Grant>, Vec<DamagedLogin>), VaultError> {
        self.refresh_keys();
        let mut connection = self.read().await?;
        let (rows, mut damaged) = match sqlx::query(sql::GRANTS).fetch_all(&mut *connection).await {
            Ok(rows) => (rows, Vec::new()),
            // A value that SQLite itself cannot read (JSON in a column) takes all rows with it; asked for one by one it takes its own.
            Err(error) => one_by_one(&mut connection).await.map_err(|_| self.sql(&error))?,
        };
        let mut grants = Vec::new();
        for row in &rows {
            match GrantRow::read(row).and_then(|row| row.grant(&self.sealer)) {
                Ok(grant) => grants.push(grant),
                Err(fault) => damaged.push(DamagedLogin::of(row, fault)),
            }
        }
        Ok((grants, damaged))
    }

    /// The logins that do not read back. They keep nobody from the others.
    pub async fn damaged_logins(&self) -> Result<Vec<DamagedLogin>, VaultError> {
        Ok(self.read_each_grant().await?.1)
    }

    pub(super) async fn grant_row(
        &self,
        connection: &mut SqliteConnection,
        id: GrantId,
    ) -> Result<GrantRow, VaultError> {
        let row = sqlx::query(sql::GRANT)
            .bind(grant_bytes(id))
            .fetch_optional(connection)
            .await
            .map_err(|error| self.sql(&error))?
            .ok_or(VaultError::NoSuchGrant(id))?;
        GrantRow::read(&row).map_err(|fault| self.fault(fault))
    }

    pub(super) async fn store_subject(&self, id: GrantId, subject: &Subject) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        let done = sqlx::query(sql::NAME_SUBJECT)
            .bind(grant_bytes(id))
            .bind(to_json(subject).map_err(|fault| self.fault(fault))?)
            .execute(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        if done.rows_affected() == 0 { Err(VaultError::NoSuchGrant(id)) } else { Ok(()) }
    }

    pub(super) async fn read_revocable(&self, lease: &Lease) -> Result<Revocable, VaultError> {
        self.refresh_keys();
        let mut connection = self.read().await?;
        self.check_fence(&mut connection, lease).await?;
        let row = self.grant_row(&mut connection, lease.grant).await?;
        let tokens = || -> Result<Revocable, Fault> {
            Ok(Revocable {
                refresh: row.refresh(&self.sealer)?,
                access: row.access(&self.sealer)?.map(|access| access.token),
            })
        };
        tokens().map_err(|fault| self.fault(fault))
    }

    pub(super) async fn retire_grant(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        self.check_fence(&mut tx, lease).await?;
        let grant = self.grant_row(&mut tx, lease.grant).await?;
        // Before the wiping is durable, so that a crash between the two leaves a login without a hand-out file and not a
        // hand-out file without a login.
        self.withdraw(&grant)?;
        handout::end(&self.folder, grant.id).map_err(|error| self.io(&error))?;
        let id = grant_bytes(grant.id);
        let standing = to_json(&Standing::Retired { since: at }).map_err(|fault| self.fault(fault))?;
        self.supersede(&mut tx, grant.id, grant.generation, None).await?;
        for query in [
            sqlx::query(sql::RETIRE).bind(id.clone()).bind(standing),
            sqlx::query(sql::WIPE_ANSWERS).bind(id.clone()),
            sqlx::query(sql::FORGET_PARKED).bind(id),
        ] {
            query.execute(&mut *tx).await.map_err(|error| self.sql(&error))?;
        }
        let event = Event::LoggedOut { revoked };
        self.write_entry(&mut tx, grant.id, grant.generation, Some(&lease.holder), &event).await?;
        tx.commit().await.map_err(|error| self.sql(&error))?;
        // Once more: a late commit may have published between the removal and the wiping.
        self.withdraw(&grant)
    }

    /// Remembers a refresh token by its name, for ever.
    pub(super) async fn remember(
        &self,
        tx: &mut SqliteConnection,
        token: &RefreshToken,
        grant: GrantId,
        generation: Generation,
    ) -> Result<(), VaultError> {
        sqlx::query(sql::REMEMBER_FINGERPRINT)
            .bind(self.sealer.keys().fingerprint(token).as_bytes().to_vec())
            .bind(grant_bytes(grant))
            .bind(signed(generation.get()))
            .execute(tx)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    /// The name of a refresh token in this vault.
    pub fn fingerprint(&self, token: &RefreshToken) -> Fingerprint {
        self.sealer.keys().fingerprint(token)
    }

    /// The grant and generation a refresh token belonged to when it was stored, however long ago; `None` for a token this
    /// vault never held.
    pub async fn known(&self, token: &RefreshToken) -> Result<Option<(GrantId, Generation)>, VaultError> {
        let mut connection = self.read().await?;
        self.find_known(&mut connection, token).await
    }

    pub(super) async fn find_known(
        &self,
        connection: &mut SqliteConnection,
        token: &RefreshToken,
    ) -> Result<Option<(GrantId, Generation)>, VaultError> {
        let row = sqlx::query(sql::FIND_FINGERPRINT)
            .bind(self.sealer.keys().fingerprint(token).as_bytes().to_vec())
            .fetch_optional(connection)
            .await
            .map_err(|error| self.sql(&error))?;
        row.map(|row| Ok((GrantId::from(uuid(&row, 0)?), Generation::new(unsigned(&row, 1)?))))
            .transpose()
            .map_err(|fault| self.fault(fault))
    }

    /// The sets of a grant that were issued and put aside, newest first (I3).
    pub async fn parked(&self, id: GrantId) -> Result<Vec<ParkedSet>, VaultError> {
        self.refresh_keys();
        let mut connection = self.read().await?;
        let rows = sqlx::query(sql::PARKED)
            .bind(grant_bytes(id))
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        let parked = |row| -> Result<ParkedSet, Fault> {
            let generation = Generation::new(unsigned(row, "generation")?);
            let blob: &[u8] = sqlx::Row::try_get(row, "tokens")?;
            let plain = self.sealer.open(&parked_label(id, generation), blob).map_err(unopened("a parked set"))?;
            let intent = match Row::try_get::<Option<&[u8]>, _>(row, "intent")? {
                Some(_) => Some(IntentId::from(uuid(row, "intent")?)),
                None => None,
            };
            let set = set_from_bytes(&plain).ok_or_else(|| damaged("a parked set"))?;
            Ok(ParkedSet { intent, generation, at: time(row, "at")?, set })
        };
        rows.iter().map(parked).collect::<Result<_, _>>().map_err(|fault| self.fault(fault))
    }
}

/// The rows of `grants`, each asked for alone.
async fn one_by_one(connection: &mut SqliteConnection) -> Result<(Vec<SqliteRow>, Vec<DamagedLogin>), sqlx::Error> {
    let (mut rows, mut damaged) = (Vec::new(), Vec::new());
    for named in sqlx::query(sql::GRANT_NAMES).fetch_all(&mut *connection).await? {
        let id: Vec<u8> = named.try_get("id")?;
        match sqlx::query(sql::GRANT).bind(id).fetch_optional(&mut *connection).await {
            Ok(row) => rows.extend(row),
            Err(error) => damaged.push(DamagedLogin::of(&named, error.into())),
        }
    }
    Ok((rows, damaged))
}
