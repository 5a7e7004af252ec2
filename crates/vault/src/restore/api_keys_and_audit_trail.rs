//! API keys and the audit trail when another vault takes the present one's place.
//!
//! A copy knows nothing of what was revoked or made after it. Enters: both vaults, neither of them open. Leaves, first, a [`ServerPlan`]; then,
//! before the exchange, the coming vault with every revocation of the present one: a key that was revoked stays so, whichever way a restore
//! goes (I6). A crash in between leaves a vault that was put aside with more keys revoked, and nothing else. Entries of the trail are
//! not carried over, since two trails that have parted cannot be made one: they are counted, and stay in the vault that is put aside. No key
//! of a vault is needed, and no API key is told (I4).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, params};
use tokenward_core::ports::StoreError;
use tokenward_core::{ApiKey, ApiKeyId};

use super::unopened_vault;
use crate::folder::Folder;
use crate::records::api_keys;
use crate::records::transaction_error::{Failed, Fault};
use crate::sqlite::cached_statement::run;
use crate::sqlite::transaction_error::from_sql;
use crate::sqlite::{connect, statements as sql};

/// What becomes of the API keys and the audit trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerPlan {
    /// Every key of either vault, in the order of their birth.
    pub keys: Vec<RestoredKey>,
    /// How many entries the trail of the present vault has.
    pub entries_here: u64,
    /// How many that of the coming one has.
    pub entries_coming: u64,
    /// How many entries of the present vault the coming one does not have.
    pub entries_only_here: u64,
    /// Why the present vault could not be read, where there is one: what was revoked in it is not known.
    pub unread: Option<String>,
}

/// An API key, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredKey {
    /// As it will be; as it is, where it goes.
    pub key: ApiKey,
    /// What becomes of it.
    pub outcome: KeyOutcome,
}

/// What becomes of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOutcome {
    /// Nothing.
    Same,
    /// It was revoked in the present vault alone, and stays revoked.
    StaysRevoked,
    /// Only the coming vault has it.
    Comes,
    /// Only the present vault has it: nobody will know it.
    Leaves,
}

impl ServerPlan {
    /// Whether a server was ever used with either vault.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.entries_here == 0 && self.entries_coming == 0
    }

    /// How many keys the coming vault has, and the present one.
    pub fn key_counts(&self) -> (usize, usize) {
        let without = |outcome| self.keys.iter().filter(|key| key.outcome != outcome).count();
        (without(KeyOutcome::Leaves), without(KeyOutcome::Comes))
    }

    /// Reads both vaults. One that cannot be read is said to be so, and holds nothing up.
    pub(super) fn of(present: &Folder, coming: &Folder) -> Self {
        let (here, unread) = match Opened::of(present) {
            Ok(found) => (found, None),
            Err(error) => (Opened::default(), Some(error.to_string())),
        };
        // It was put together a moment ago, or opened; should it not read now, nothing of it can be told.
        let there = Opened::of(coming).unwrap_or_default();
        let (entries_only_here, unread) = match here.entries_beyond(&there) {
            Ok(beyond) => (beyond, unread),
            Err(failed) => (here.entries, Some(told(present, failed).to_string())),
        };
        Self {
            keys: compared(&here.keys, &there.keys),
            entries_here: here.entries,
            entries_coming: there.entries,
            entries_only_here,
            unread,
        }
    }
}

/// Revokes in the coming vault what is revoked in the present one. Returns those keys. `planned` is what was found before, for a present vault
/// that does not read any more.
pub(super) fn carry_over(
    present: &Folder,
    coming: &Folder,
    planned: &ServerPlan,
) -> Result<Vec<RestoredKey>, StoreError> {
    let now = ServerPlan::of(present, coming);
    let plan = if now.unread.is_some() { planned } else { &now };
    let stays = |key: &&RestoredKey| key.outcome == KeyOutcome::StaysRevoked;
    let revoked: Vec<RestoredKey> = plan.keys.iter().filter(stays).cloned().collect();
    if revoked.is_empty() {
        return Ok(revoked);
    }
    let database = coming.database();
    let at = |error: rusqlite::Error| from_sql(&database, &error);
    let connection = connect::connect(&database, connect::Role::Writing).map_err(at)?;
    connection.execute_batch(sql::BEGIN_WRITING).map_err(at)?;
    for RestoredKey { key, .. } in &revoked {
        if let Some(moment) = key.revoked {
            api_keys::revoke(&connection, key.id, moment).map_err(|failed| told(coming, failed))?;
        }
    }
    run(&connection, sql::COMMIT, []).map_err(at)?;
    connection.flush_prepared_statement_cache();
    connect::settle(connection, &database)?;
    Ok(revoked)
}

/// What one vault has of a server's. Its connection is closed when this is dropped.
#[derive(Default)]
struct Opened {
    keys: BTreeMap<ApiKeyId, ApiKey>,
    entries: u64,
    connection: Option<Connection>,
}

impl Opened {
    fn of(folder: &Folder) -> Result<Self, StoreError> {
        let database = folder.database();
        let Some(connection) = unopened_vault::reading(folder)? else { return Ok(Self::default()) };
        let at = |error: rusqlite::Error| from_sql(&database, &error);
        let found = connect::header(&connection).map_err(at)?;
        if found.schema > connect::SCHEMA {
            return Err(StoreError::newer(database.display(), found.schema, connect::SCHEMA));
        }
        // A vault that an older version put aside may have none of it.
        let has_any: bool = connection.query_row(sql::HAS_SERVER_RECORDS, [], |row| row.get(0)).map_err(at)?;
        if !has_any {
            return Ok(Self::default());
        }
        let keys = api_keys::list(&connection).map_err(|failed| told(folder, failed))?;
        let entries: i64 = connection.query_row(sql::AUDIT_COUNT, [], |row| row.get(0)).map_err(at)?;
        let keys = keys.into_iter().map(|key| (key.id, key)).collect();
        Ok(Self { keys, entries: entries.unsigned_abs(), connection: Some(connection) })
    }

    /// How many entries of this trail another one does not have.
    fn entries_beyond(&self, other: &Self) -> Result<u64, Failed> {
        let (Some(here), Some(there)) = (&self.connection, &other.connection) else { return Ok(self.entries) };
        let hash = |connection: &Connection, chain: &[u8], number: u64| -> Result<Option<Vec<u8>>, rusqlite::Error> {
            let mut found = connection.prepare_cached(sql::AUDIT_HASH)?;
            found.query_row(params![chain, number.cast_signed()], |row| row.get(0)).optional()
        };
        let is_shared = |chain: &[u8], number: u64| -> Result<bool, rusqlite::Error> {
            let ours = hash(here, chain, number)?;
            Ok(ours.is_some() && ours == hash(there, chain, number)?)
        };
        let mut prepared = here.prepare(sql::AUDIT_ENDS)?;
        let mut ends = prepared.query([])?;
        let mut beyond = 0;
        while let Some(row) = ends.next()? {
            let (chain, end): (Vec<u8>, i64) = (row.get(0)?, row.get(1)?);
            let end = end.unsigned_abs();
            let own =
                there.prepare_cached(sql::AUDIT_END)?.query_row([&chain], |row| row.get::<_, i64>(0)).optional()?;
            // A hash binds every entry before it: what two trails share is a beginning, and its end is looked for between two numbers.
            // Most often it is all that the other one has.
            let own = own.unwrap_or_default().unsigned_abs().min(end);
            let (mut shared, mut parted) = if is_shared(&chain, own)? { (own, own + 1) } else { (0, own.max(1)) };
            while shared + 1 < parted {
                let middle = u64::midpoint(shared, parted);
                if is_shared(&chain, middle)? {
                    shared = middle;
                } else {
                    parted = middle;
                }
            }
            beyond += end - shared;
        }
        Ok(beyond)
    }
}

/// Pairs the keys of two vaults by their ids.
fn compared(here: &BTreeMap<ApiKeyId, ApiKey>, coming: &BTreeMap<ApiKeyId, ApiKey>) -> Vec<RestoredKey> {
    let ids: BTreeSet<&ApiKeyId> = here.keys().chain(coming.keys()).collect();
    ids.into_iter()
        .filter_map(|id| match (here.get(id), coming.get(id)) {
            (Some(ours), Some(theirs)) if ours.revoked.is_some() && theirs.revoked.is_none() => {
                Some(RestoredKey { key: ours.clone(), outcome: KeyOutcome::StaysRevoked })
            }
            (Some(_), Some(theirs)) => Some(RestoredKey { key: theirs.clone(), outcome: KeyOutcome::Same }),
            (None, Some(theirs)) => Some(RestoredKey { key: theirs.clone(), outcome: KeyOutcome::Comes }),
            (Some(ours), None) => Some(RestoredKey { key: ours.clone(), outcome: KeyOutcome::Leaves }),
            (None, None) => None,
        })
        .collect()
}

fn told(folder: &Folder, failed: Failed) -> StoreError {
    let unreadable = |reason: String| StoreError::unreadable(folder.database().display(), reason);
    match failed {
        Failed::Told(error) => error,
        Failed::Sql(error) => from_sql(&folder.database(), &error),
        Failed::Stored(Fault::Damaged(reason)) => unreadable(reason),
        // What is read here is not sealed, and lies in a file.
        Failed::Stored(Fault::UnknownKey) => unreadable("a sealed value".to_owned()),
        #[cfg(feature = "postgres")]
        Failed::Postgres(error) => unreadable(error.to_string()),
    }
}
