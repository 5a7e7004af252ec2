//! The port of grants: reading them, naming their subject. Reads see one moment, and wait for nobody who writes (I7).

use async_trait::async_trait;
use rusqlite::params;
use tokenward_core::ports::{GrantPage, GrantPages, Grants, LoginCopy, StoreError};
use tokenward_core::{AppName, Entry, Grant, GrantId, KnownToken, ProfileName, Recognised, RefreshToken, Subject};
use zeroize::Zeroizing;

use crate::records::find_rows::{by_profile, entry, find_known, grant_row};
use crate::records::rows::{GrantRow, grant_bytes, to_json, uuid};
use crate::records::run_statement::{Row, all, first, run};
use crate::records::statements as sql;

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl Grants for PostgresVault {
    async fn look(&self, profile: &ProfileName) -> Result<Option<Grant>, StoreError> {
        let profile = profile.clone();
        self.read(move |records, tx| Ok(by_profile(tx, &profile)?.map(|row| row.grant(&records.sealer)).transpose()?))
            .await
    }

    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, StoreError> {
        let profile = profile.clone();
        let read =
            move |tx: &_| first(tx, sql::GRANT_OF, params![profile.as_str()], |row| Ok(GrantId::from(uuid(row, 0)?)));
        self.read(move |_, tx| read(tx)).await
    }

    async fn grant(&self, id: GrantId) -> Result<Grant, StoreError> {
        self.read(move |records, tx| Ok(grant_row(tx, id)?.grant(&records.sealer)?)).await
    }

    /// Every grant that reads back. Where none does although there are some, that is what is told.
    async fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        self.read(|records, tx| {
            let read = |row: &Row<'_>| Ok(GrantRow::read(row).and_then(|row| row.grant(&records.sealer)));
            let (mut grants, mut fault) = (Vec::new(), None);
            for one in all(tx, sql::GRANTS, params![], read)? {
                match one {
                    Ok(grant) => grants.push(grant),
                    Err(found) => fault = Some(found),
                }
            }
            match fault {
                Some(fault) if grants.is_empty() => Err(fault.into()),
                _ => Ok(grants),
            }
        })
        .await
    }

    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.read(move |_, tx| {
            grant_row(tx, id)?;
            all(tx, sql::ENTRIES, params![grant_bytes(id), limit], entry)
        })
        .await
    }

    async fn copy(&self, id: GrantId) -> Result<LoginCopy, StoreError> {
        self.read(move |records, tx| records.copy(tx, id)).await
    }

    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, StoreError> {
        let fingerprint = self.context.records.fingerprint(token);
        let known = self.read(move |_, tx| find_known(tx, fingerprint)).await?;
        Ok(Recognised { fingerprint, known })
    }

    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, StoreError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let asked = self.context.records.names_of(texts);
        self.read(move |records, tx| records.known_tokens(tx, &asked)).await
    }

    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), StoreError> {
        let subject = subject.clone();
        self.call(How::Turn, move |_, tx| {
            match run(tx, sql::NAME_SUBJECT, params![grant_bytes(id), to_json(&subject)?])? {
                0 => Err(StoreError::gone(id).into()),
                _ => Ok(()),
            }
        })
        .await
    }
}

#[async_trait]
impl GrantPages for PostgresVault {
    async fn grants_after(
        &self,
        after: Option<GrantId>,
        app: Option<&AppName>,
        limit: u32,
    ) -> Result<GrantPage, StoreError> {
        let app = app.map_or_else(String::new, |app| app.as_str().to_owned());
        self.read(move |records, tx| records.page(tx, after, &app, limit)).await
    }
}
