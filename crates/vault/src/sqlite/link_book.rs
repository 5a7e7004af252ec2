//! The book of links: which files show a profile's login, what was delivered to each, and why one could not be.
//!
//! A link belongs to a profile's name and outlives its grants. Making and ending one is durable, and so are
//! the terms on which its file is written; receipts and troubles are not, since a lost one costs one more look.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rusqlite::{Connection, params};
use tokenward_core::ports::{LinkBook, StoreError};
use tokenward_core::{Event, Generation, GrantId, Holder, Link, LinkId, NewLink, ProfileName, Receipt, Terms, Trouble};

use super::{Context, SqliteVault, sql};
use crate::records::find_rows::by_profile;
use crate::records::rows::{
    bytes, grant_bytes, json, optional_json, optional_time, signed, text, time, to_json, unsigned, uuid,
};
use crate::records::run_statement::{Row, all, first, run};
use crate::records::transaction_error::{Failed, Fault, damaged};

#[async_trait]
impl LinkBook for SqliteVault {
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, StoreError> {
        let by = by.clone();
        self.write(move |context, tx| context.link(tx, &link, &by)).await
    }

    async fn set_terms(&self, id: LinkId, terms: Terms) -> Result<(), StoreError> {
        self.write(move |_, tx| {
            run(tx, sql::SET_TERMS, params![id.0, to_json(&terms)?])?;
            Ok(())
        })
        .await
    }

    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, StoreError> {
        let by = by.clone();
        let ended = self.write(move |context, tx| {
            let Some(ended) = first(tx, sql::END_LINK, params![id.0], read_link)? else { return Ok(false) };
            let event = Event::Unlinked { file: shown(&ended.target.file) };
            context.tell_owner(tx, &ended.target.profile, &by, &event)?;
            Ok(true)
        });
        ended.await
    }

    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, StoreError> {
        let profile = profile.cloned();
        self.read(move |_, tx| links_of(tx, profile.as_ref())).await
    }

    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), StoreError> {
        self.write_unsynced(move |context, tx| context.receipt(tx, id, receipt, healed)).await
    }

    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), StoreError> {
        self.write_unsynced(move |_, tx| {
            run(tx, sql::TELL_TROUBLE, params![id.0, to_json(&trouble)?])?;
            Ok(())
        })
        .await
    }
}

impl Context {
    /// Makes a link, or finds the same one.
    fn link(&self, tx: &Connection, link: &NewLink, by: &Holder) -> Result<Link, Failed> {
        let (profile, file, places) = (link.profile.as_str(), link.file.as_os_str().as_bytes(), to_json(&link.places)?);
        let bound = params![profile, file, to_json(&link.format)?, places, self.now().as_millisecond()];
        if let Some(made) = first(tx, sql::MAKE_LINK, bound, read_link)? {
            self.tell_owner(tx, &link.profile, by, &Event::Linked { file: shown(&link.file) })?;
            return Ok(made);
        }
        let same = first(tx, sql::SAME_LINK, params![profile, file, places], read_link)?;
        same.ok_or_else(|| damaged("a link").into())
    }

    /// Stores a receipt.
    fn receipt(&self, tx: &Connection, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), Failed> {
        let Some(link) = link_row(tx, id)? else { return Ok(()) };
        let same = link.receipt.is_some_and(|known| Receipt { at: receipt.at, ..known } == receipt);
        if same && link.trouble.is_none() && healed.is_none() {
            return Ok(());
        }
        let bound = params![
            id.0,
            grant_bytes(receipt.grant),
            signed(receipt.generation.get()),
            receipt.at.as_millisecond(),
            to_json(&receipt.stamp)?,
        ];
        run(tx, sql::GIVE_RECEIPT, bound)?;
        if let Some(held) = healed {
            let event = Event::Healed { file: shown(&link.target.file), held };
            self.write_entry(tx, receipt.grant, receipt.generation, None, &event)?;
        }
        Ok(())
    }

    /// Writes an entry for the grant that a profile points at, if there is one.
    fn tell_owner(&self, tx: &Connection, profile: &ProfileName, by: &Holder, event: &Event) -> Result<(), Failed> {
        match by_profile(tx, profile)? {
            Some(grant) => self.write_entry(tx, grant.id, grant.generation, Some(by), event),
            None => Ok(()),
        }
    }
}

fn links_of(tx: &Connection, profile: Option<&ProfileName>) -> Result<Vec<Link>, Failed> {
    match profile {
        Some(profile) => all(tx, sql::LINKS_OF, params![profile.as_str()], read_link),
        None => all(tx, sql::LINKS, params![], read_link),
    }
}

fn link_row(tx: &Connection, id: LinkId) -> Result<Option<Link>, Failed> {
    first(tx, sql::LINK, params![id.0], read_link)
}

fn read_link(row: &Row<'_>) -> Result<Link, Fault> {
    let receipt = match row.get_ref("receipt_grant")?.as_bytes_or_null()? {
        Some(_) => Some(Receipt {
            grant: GrantId::from(uuid(row, "receipt_grant")?),
            generation: Generation::new(unsigned(row, "receipt_generation")?),
            at: optional_time(row, "receipt_at")?.ok_or_else(|| damaged("a link's receipt"))?,
            stamp: json(row, "receipt_stamp")?,
        }),
        None => None,
    };
    Ok(Link {
        id: LinkId(row.get("id")?),
        target: NewLink {
            profile: text(row, "profile")?,
            file: PathBuf::from(OsStr::from_bytes(bytes(row, "file")?)),
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
