//! The port of grants: reading them, naming their subject; and beside it the sets that were put aside, and what does not read back.

use async_trait::async_trait;
use rusqlite::{Connection, params};
use tokenward_core::ports::{GrantPage, GrantPages, Grants, LoginCopy, StoreError};
use tokenward_core::{
    AppName, Entry, Fingerprint, Generation, Grant, GrantId, IntentId, KnownToken, ProfileName, Recognised,
    RefreshToken, Subject,
};
use zeroize::Zeroizing;

use super::{ParkedSet, SqliteVault, sql};
use crate::codec::set_from_bytes;
use crate::records::find_rows::{entry, find_known, grant_row};
use crate::records::rows::{GrantRow, bytes, grant_bytes, parked_label, time, to_json, unsigned, uuid};
use crate::records::run_statement::{Row, all, first, run};
use crate::records::transaction_error::{Failed, Fault, damaged, unopened};

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
    pub(crate) fn of(row: &Row<'_>, fault: Fault) -> Self {
        let profile = row.get::<Option<String>>("profile").ok().flatten();
        let (id, profile) = (uuid(row, "id").ok().map(GrantId::from), profile.and_then(|name| name.parse().ok()));
        Self { id, profile, reason: String::new() }.because(fault)
    }

    fn because(self, fault: Fault) -> Self {
        let reason = match fault {
            Fault::Damaged(what) => format!("{what} is damaged"),
            Fault::UnknownKey => "it was encrypted with a data key that key.json does not hold".to_owned(),
        };
        Self { reason, ..self }
    }
}

#[async_trait]
impl Grants for SqliteVault {
    async fn look(&self, profile: &ProfileName) -> Result<Option<Grant>, StoreError> {
        let profile = profile.clone();
        self.read(move |context, tx| {
            let found = first(tx, sql::GRANT_BY_PROFILE, params![profile.as_str()], GrantRow::read)?;
            Ok(found.map(|row| row.grant(&context.sealer)).transpose()?)
        })
        .await
    }

    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, StoreError> {
        let profile = profile.clone();
        let id = |row: &Row<'_>| Ok(GrantId::from(uuid(row, 0)?));
        self.read(move |_, tx| first(tx, sql::GRANT_OF, params![profile.as_str()], id)).await
    }

    async fn grant(&self, id: GrantId) -> Result<Grant, StoreError> {
        self.read(move |context, tx| Ok(grant_row(tx, id)?.grant(&context.sealer)?)).await
    }

    /// Every grant that reads back. Where none does although there are some, that is what is told: a vault whose key is not its own is
    /// not an empty one.
    async fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        let (grants, mut damaged) = self.read_each_grant().await?;
        match damaged.pop() {
            Some(DamagedLogin { reason, .. }) if grants.is_empty() => {
                Err(crate::io_error::damaged_as(&self.context.folder.database(), &reason))
            }
            _ => Ok(grants),
        }
    }

    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.read(move |_, tx| {
            grant_row(tx, id)?;
            all(tx, sql::ENTRIES, params![grant_bytes(id), limit], entry)
        })
        .await
    }

    async fn copy(&self, id: GrantId) -> Result<LoginCopy, StoreError> {
        self.read(move |context, tx| context.copy(tx, id)).await
    }

    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, StoreError> {
        Ok(Recognised { fingerprint: self.fingerprint(token), known: self.known(token).await? })
    }

    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, StoreError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        self.context.refresh_keys();
        let asked = self.context.names_of(texts);
        self.read(move |context, tx| context.known_tokens(tx, &asked)).await
    }

    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), StoreError> {
        let subject = subject.clone();
        self.write(move |_, tx| match run(tx, sql::NAME_SUBJECT, params![grant_bytes(id), to_json(&subject)?])? {
            0 => Err(StoreError::gone(id).into()),
            _ => Ok(()),
        })
        .await
    }
}

impl SqliteVault {
    /// Every grant that reads back, and what is known of those that do not.
    pub(crate) async fn read_each_grant(&self) -> Result<(Vec<Grant>, Vec<DamagedLogin>), StoreError> {
        self.read_all(|context, tx| {
            let read = |row: &Row<'_>| {
                let grant = GrantRow::read(row).and_then(|row| row.grant(&context.sealer));
                Ok(grant.map_err(|fault| DamagedLogin::of(row, fault)))
            };
            let found = match all(tx, sql::GRANTS, params![], read) {
                Ok(found) => found,
                // A value that SQLite itself cannot read (JSON in a column) takes all rows with it; asked for one by one it takes its own.
                Err(failed) => one_by_one(tx, read).map_err(|_| failed)?,
            };
            let (mut grants, mut damaged) = (Vec::new(), Vec::new());
            for one in found {
                match one {
                    Ok(grant) => grants.push(grant),
                    Err(login) => damaged.push(login),
                }
            }
            Ok((grants, damaged))
        })
        .await
    }

    /// The logins that do not read back. They keep nobody from the others.
    pub async fn damaged_logins(&self) -> Result<Vec<DamagedLogin>, StoreError> {
        Ok(self.read_each_grant().await?.1)
    }

    /// The name of a refresh token in this vault.
    pub fn fingerprint(&self, token: &RefreshToken) -> Fingerprint {
        self.context.fingerprint(token)
    }

    /// The grant and generation a refresh token belonged to when it was stored, however long ago; `None` for a token this
    /// vault never held.
    pub async fn known(&self, token: &RefreshToken) -> Result<Option<(GrantId, Generation)>, StoreError> {
        let fingerprint = self.fingerprint(token);
        self.read(move |_, tx| find_known(tx, fingerprint)).await
    }

    /// The sets of a grant that were issued and put aside, newest first (I3).
    pub async fn parked(&self, id: GrantId) -> Result<Vec<ParkedSet>, StoreError> {
        self.read(move |context, tx| {
            all(tx, sql::PARKED, params![grant_bytes(id)], |row| {
                let generation = Generation::new(unsigned(row, "generation")?);
                let label = parked_label(id, generation);
                let plain = context.sealer.open(&label, bytes(row, "tokens")?).map_err(unopened("a parked set"))?;
                let intent = match row.get_ref("intent")?.as_bytes_or_null()? {
                    Some(_) => Some(IntentId::from(uuid(row, "intent")?)),
                    None => None,
                };
                let set = set_from_bytes(&plain).ok_or_else(|| damaged("a parked set"))?;
                Ok(ParkedSet { intent, generation, at: time(row, "at")?, set })
            })
        })
        .await
    }
}

/// The rows of `grants`, each asked for alone.
fn one_by_one(
    tx: &Connection,
    mut read: impl FnMut(&Row<'_>) -> Result<Result<Grant, DamagedLogin>, Fault>,
) -> Result<Vec<Result<Grant, DamagedLogin>>, Failed> {
    let named = |row: &Row<'_>| {
        let id: Vec<u8> = row.get("id")?;
        Ok((id, DamagedLogin::of(row, damaged("its row"))))
    };
    let mut found = Vec::new();
    for (id, login) in all(tx, sql::GRANT_NAMES, params![], named)? {
        match first(tx, sql::GRANT, params![id], &mut read) {
            Ok(one) => found.extend(one),
            Err(Failed::Sql(error)) => found.push(Err(login.because(error.into()))),
            Err(failed) => return Err(failed),
        }
    }
    Ok(found)
}

#[async_trait]
impl GrantPages for SqliteVault {
    async fn grants_after(
        &self,
        after: Option<GrantId>,
        app: Option<&AppName>,
        limit: u32,
    ) -> Result<GrantPage, StoreError> {
        let app = app.map_or_else(String::new, |app| app.as_str().to_owned());
        self.read_all(move |context, tx| context.page(tx, after, &app, limit)).await
    }
}
