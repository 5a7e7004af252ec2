//! Rows found by what names them: a grant by its id, its profile or one of its tokens, an intent by its id.

use rusqlite::params;
use tokenward_core::ports::StoreError;
use tokenward_core::{Entry, Fingerprint, Generation, GrantId, IntentId, ProfileName};

use super::rows::{GrantRow, IntentRow, grant_bytes, intent_bytes, json, optional_json, time, unsigned, uuid};
use super::run_statement::{Row, Transaction, all, first};
use super::statements as sql;
use super::transaction_error::{Failed, Fault};

/// A grant by its id.
pub(crate) fn grant_row(tx: &dyn Transaction, id: GrantId) -> Result<GrantRow, Failed> {
    let found = first(tx, sql::GRANT, params![grant_bytes(id)], GrantRow::read)?;
    found.ok_or_else(|| StoreError::gone(id).into())
}

/// The grant that a profile points at.
pub(crate) fn by_profile(tx: &dyn Transaction, profile: &ProfileName) -> Result<Option<GrantRow>, Failed> {
    first(tx, sql::GRANT_BY_PROFILE, params![profile.as_str()], GrantRow::read)
}

/// The grant and generation of a refresh token that was stored once.
pub(crate) fn find_known(
    tx: &dyn Transaction,
    fingerprint: Fingerprint,
) -> Result<Option<(GrantId, Generation)>, Failed> {
    first(tx, sql::FIND_FINGERPRINT, params![fingerprint.as_bytes()], |row| {
        Ok((GrantId::from(uuid(row, 0)?), Generation::new(unsigned(row, 1)?)))
    })
}

/// The open intents of a grant.
pub(crate) fn open_rows(tx: &dyn Transaction, grant: GrantId) -> Result<Vec<IntentRow>, Failed> {
    all(tx, sql::OPEN_INTENTS, params![grant_bytes(grant)], IntentRow::read)
}

/// An intent by its id.
pub(crate) fn find_intent(tx: &dyn Transaction, id: IntentId) -> Result<Option<IntentRow>, Failed> {
    first(tx, sql::INTENT, params![intent_bytes(id)], IntentRow::read)
}

/// An intent that has to be there.
pub(crate) fn intent_row(tx: &dyn Transaction, id: IntentId) -> Result<IntentRow, Failed> {
    find_intent(tx, id)?.ok_or_else(|| unknown_intent(id))
}

pub(crate) fn unknown_intent(id: IntentId) -> Failed {
    Failed::Stored(Fault::Damaged(format!("the journal holds no intent {id}; it")))
}

/// A row of the journal.
pub(crate) fn entry(row: &Row<'_>) -> Result<Entry, Fault> {
    Ok(Entry {
        at: time(row, "at")?,
        generation: Generation::new(unsigned(row, "generation")?),
        by: optional_json(row, "by")?,
        event: json(row, "event")?,
    })
}
