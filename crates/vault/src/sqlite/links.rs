//! Links: which files show a profile's login, what was delivered to each, and why one could not be.
//!
//! A link belongs to a profile's name and outlives its grants. Making and ending one is durable, and so are
//! the terms on which its file is written; receipts and troubles are not, since a lost one costs one more look. Each of them is followed by the profile's hand-out file, which tells the
//! fast path how the files have to look.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokenward_core::ports::VaultError;
use tokenward_core::{
    Event, Generation, Grant, GrantId, Holder, Link, LinkId, NewLink, ProfileName, Receipt, Terms, Trouble,
};

use crate::handout::{Linked, Looks};

use super::rows::{
    Fault, grant_bytes, json, optional_json, optional_time, signed, text, time, to_json, unsigned, uuid,
};
use super::{SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn make_link(&self, link: NewLink, by: &Holder) -> Result<Link, VaultError> {
        let places = to_json(&link.places).map_err(|fault| self.fault(fault))?;
        let made = {
            let mut connection = self.journalling().await?;
            let mut tx = self.begin_write(&mut connection).await?;
            let made = sqlx::query(sql::MAKE_LINK)
                .bind(link.profile.as_str())
                .bind(link.file.as_os_str().as_bytes())
                .bind(to_json(&link.format).map_err(|fault| self.fault(fault))?)
                .bind(&places)
                .bind(self.now().as_millisecond())
                .fetch_optional(&mut *tx)
                .await
                .map_err(|error| self.sql(&error))?;
            let Some(made) = made else {
                let same = sqlx::query(sql::SAME_LINK)
                    .bind(link.profile.as_str())
                    .bind(link.file.as_os_str().as_bytes())
                    .bind(&places)
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(|error| self.sql(&error))?;
                return read_link(&same).map_err(|fault| self.fault(fault));
            };
            let made = read_link(&made).map_err(|fault| self.fault(fault))?;
            let event = Event::Linked { file: shown(&link.file) };
            self.tell_owner(&mut tx, &link.profile, by, &event).await?;
            tx.commit().await.map_err(|error| self.sql(&error))?;
            made
        };
        self.publish_name(&link.profile).await;
        Ok(made)
    }

    pub(super) async fn end_link(&self, id: LinkId, by: &Holder) -> Result<bool, VaultError> {
        let profile = {
            let mut connection = self.journalling().await?;
            let mut tx = self.begin_write(&mut connection).await?;
            let ended = sqlx::query(sql::END_LINK)
                .bind(id.0)
                .fetch_optional(&mut *tx)
                .await
                .map_err(|error| self.sql(&error))?;
            let Some(ended) = ended else { return Ok(false) };
            let ended = read_link(&ended).map_err(|fault| self.fault(fault))?.target;
            let event = Event::Unlinked { file: shown(&ended.file) };
            self.tell_owner(&mut tx, &ended.profile, by, &event).await?;
            tx.commit().await.map_err(|error| self.sql(&error))?;
            ended.profile
        };
        self.publish_name(&profile).await;
        Ok(true)
    }

    pub(super) async fn store_terms(&self, id: LinkId, terms: Terms) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        sqlx::query(sql::SET_TERMS)
            .bind(id.0)
            .bind(to_json(&terms).map_err(|fault| self.fault(fault))?)
            .execute(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    pub(super) async fn read_links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, VaultError> {
        let mut connection = self.read().await?;
        self.links_with(&mut connection, profile).await
    }

    pub(super) async fn store_receipt(
        &self,
        id: LinkId,
        receipt: Receipt,
        healed: Option<Generation>,
    ) -> Result<(), VaultError> {
        let profile = {
            let mut connection = self.leasing().await?;
            let Some(link) = self.link_with(&mut connection, id).await? else { return Ok(()) };
            let same = link.receipt.is_some_and(|known| Receipt { at: receipt.at, ..known } == receipt);
            if same && link.trouble.is_none() && healed.is_none() {
                return Ok(());
            }
            let mut tx = self.begin_write(&mut connection).await?;
            sqlx::query(sql::GIVE_RECEIPT)
                .bind(id.0)
                .bind(grant_bytes(receipt.grant))
                .bind(signed(receipt.generation.get()))
                .bind(receipt.at.as_millisecond())
                .bind(to_json(&receipt.stamp).map_err(|fault| self.fault(fault))?)
                .execute(&mut *tx)
                .await
                .map_err(|error| self.sql(&error))?;
            if let Some(held) = healed {
                let event = Event::Healed { file: shown(&link.target.file), held };
                self.write_entry(&mut tx, receipt.grant, receipt.generation, None, &event).await?;
            }
            tx.commit().await.map_err(|error| self.sql(&error))?;
            link.target.profile
        };
        self.publish_name(&profile).await;
        Ok(())
    }

    pub(super) async fn store_trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), VaultError> {
        let profile = {
            let mut connection = self.leasing().await?;
            let Some(link) = self.link_with(&mut connection, id).await? else { return Ok(()) };
            sqlx::query(sql::TELL_TROUBLE)
                .bind(id.0)
                .bind(to_json(&trouble).map_err(|fault| self.fault(fault))?)
                .execute(&mut *connection)
                .await
                .map_err(|error| self.sql(&error))?;
            link.target.profile
        };
        self.publish_name(&profile).await;
        Ok(())
    }

    /// How the linked files of a grant's profile have to look for its token to be served without a look into them.
    pub(super) async fn linked(
        &self,
        connection: &mut SqliteConnection,
        grant: &Grant,
    ) -> Result<Vec<Linked>, VaultError> {
        let Some(profile) = &grant.profile else { return Ok(Vec::new()) };
        let links = self.links_with(connection, Some(profile)).await?;
        let looks = |link: &Link| match (&link.trouble, &link.receipt) {
            (Some(trouble), _) => Looks::Unusable { stamp: trouble.stamp, since: trouble.at },
            (None, Some(receipt)) if receipt.grant == grant.id && receipt.generation == grant.generation => {
                Looks::InStep(receipt.stamp)
            }
            (None, _) => Looks::Unknown,
        };
        Ok(links.into_iter().map(|link| Linked { looks: looks(&link), file: link.target.file }).collect())
    }

    async fn links_with(
        &self,
        connection: &mut SqliteConnection,
        profile: Option<&ProfileName>,
    ) -> Result<Vec<Link>, VaultError> {
        let query = match profile {
            Some(profile) => sqlx::query(sql::LINKS_OF).bind(profile.as_str()),
            None => sqlx::query(sql::LINKS),
        };
        let rows = query.fetch_all(connection).await.map_err(|error| self.sql(&error))?;
        rows.iter().map(read_link).collect::<Result<_, _>>().map_err(|fault| self.fault(fault))
    }

    async fn link_with(&self, connection: &mut SqliteConnection, id: LinkId) -> Result<Option<Link>, VaultError> {
        let row =
            sqlx::query(sql::LINK).bind(id.0).fetch_optional(connection).await.map_err(|error| self.sql(&error))?;
        row.as_ref().map(read_link).transpose().map_err(|fault| self.fault(fault))
    }

    /// Writes an entry for the grant that a profile points at, if there is one.
    async fn tell_owner(
        &self,
        tx: &mut SqliteConnection,
        profile: &ProfileName,
        by: &Holder,
        event: &Event,
    ) -> Result<(), VaultError> {
        match self.by_profile(tx, profile).await? {
            Some(grant) => self.write_entry(tx, grant.id, grant.generation, Some(by), event).await,
            None => Ok(()),
        }
    }
}

fn read_link(row: &SqliteRow) -> Result<Link, Fault> {
    let receipt = match row.try_get::<Option<&[u8]>, _>("receipt_grant")? {
        Some(_) => Some(Receipt {
            grant: GrantId::from(uuid(row, "receipt_grant")?),
            generation: Generation::new(unsigned(row, "receipt_generation")?),
            at: optional_time(row, "receipt_at")?.ok_or_else(|| super::rows::damaged("a link's receipt"))?,
            stamp: json(row, "receipt_stamp")?,
        }),
        None => None,
    };
    Ok(Link {
        id: LinkId(row.try_get("id")?),
        target: NewLink {
            profile: text(row, "profile")?,
            file: PathBuf::from(OsStr::from_bytes(row.try_get("file")?)),
            format: json(row, "format")?,
            places: json(row, "places")?,
        },
        made: time(row, "made")?,
        terms: optional_json(row, "terms")?.unwrap_or_default(),
        receipt,
        trouble: optional_json(row, "trouble")?,
    })
}

/// A path for people to read.
fn shown(file: &Path) -> String {
    file.display().to_string()
}
