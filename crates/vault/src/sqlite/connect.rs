//! The connections to `vault.db`: how one is opened, and what is found wrong then.
//!
//! * *reading*: never waits for a writer (WAL), so a reader of a valid token does not either (I7);
//! * *writing*: everything else; which of its commits are synced is [`super::connected`]'s story.
//!
//! **Checkpoints.** The log is carried over into the database at a commit of a lease or a cache that finds more than 256 pages in it; so
//! its syncs fall on a lease or a release and not between *begin* and *commit* of a rotation, where it would be done only at four times that
//! size. A vault that is dropped leaves its connections to the end of the process instead of closing them: the last connection to close
//! would carry the log over and remove it, two syncs for every short-lived command and a third for the next one that creates it anew.
//! [`Connections::close`](super::connection_threads::Connections::close) closes them properly, for processes that outlive their vault.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokenward_core::ports::{StoreError, StoreFault};

use super::database_files::{remove, whole};
use super::transaction_error::from_sql;
use super::{incomplete_creation, statements as sql};
use crate::folder::{Folder, open_private, sync_folder};
use crate::key_sources::VaultId;
use crate::presence::Presence;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Reading,
    Writing,
}

/// Opens connections to the database of one vault.
pub(crate) struct Opener {
    folder: Folder,
    database: PathBuf,
    vault: VaultId,
    /// A bit per role, set when a connection may have been opened to a file that has changed since: one that was
    /// read-only stays so for the connection that found it so.
    suspect: AtomicU8,
    /// How many commits have waited for the disk.
    synced: AtomicU64,
    /// Held while there are connections.
    presence: Presence,
}

impl Opener {
    pub(crate) fn new(folder: &Folder, vault: VaultId) -> Self {
        Self {
            folder: folder.clone(),
            database: folder.database(),
            vault,
            suspect: AtomicU8::new(0),
            synced: AtomicU64::new(0),
            presence: Presence::default(),
        }
    }

    /// Translates a database error.
    pub(crate) fn error(&self, error: &rusqlite::Error) -> StoreError {
        let error = from_sql(&self.database, error);
        if matches!(error, StoreError { kind: StoreFault::ReadOnly | StoreFault::Unreadable, .. }) {
            self.suspect.store(u8::MAX, Ordering::Relaxed);
        }
        error
    }

    /// A commit has waited for the disk.
    pub(super) fn note_sync(&self) {
        self.synced.fetch_add(1, Ordering::Relaxed);
    }

    /// How many commits have waited for the disk since the vault was opened.
    pub(crate) fn syncs(&self) -> u64 {
        self.synced.load(Ordering::Relaxed)
    }

    pub(super) fn unreadable(&self, reason: &str) -> StoreError {
        StoreError::unreadable(self.database.display(), reason.to_owned())
    }

    /// Whether the connection of a role is to be opened anew. Said once.
    pub(super) fn was_suspect(&self, role: Role) -> bool {
        let bit = 1 << role as u8;
        self.suspect.fetch_and(!bit, Ordering::Relaxed) & bit != 0
    }

    /// Whether it will be.
    pub(super) fn is_suspect(&self, role: Role) -> bool {
        self.suspect.load(Ordering::Relaxed) & (1 << role as u8) != 0
    }

    /// That no other vault was put in the place of the one that is open.
    pub(super) fn check_place(&self) -> Result<(), StoreError> {
        self.presence.check(self.folder.vault())
    }

    /// No connection is used any more.
    pub(super) fn leave(&self) {
        self.presence.leave();
    }

    /// Opens the connection of a role. Waits for whoever creates, migrates or restores.
    pub(super) fn open(&self, role: Role) -> Result<Connection, StoreError> {
        self.presence.enter(self.folder.vault())?;
        if !self.database.exists() {
            return Err(self.unreadable(
                "it is missing although vault/key.json is there; restore a backup (tokenward vault restore), or move the \
                 folder away to begin anew",
            ));
        }
        let empty = "it is empty although vault/key.json is there; restore a backup (tokenward vault restore)";
        if incomplete_creation::is_stillborn(&self.folder) {
            let _lock = self.folder_lock()?;
            if incomplete_creation::is_stillborn(&self.folder) {
                incomplete_creation::set_aside(&self.folder)?;
                create(&self.folder, self.vault)?;
            }
        }
        // Looked at before SQLite opens it: beside an empty database SQLite removes the log, and every rotation in it.
        if std::fs::metadata(&self.database).is_ok_and(|file| file.len() == 0) {
            return Err(self.unreadable(empty));
        }
        let connection = connect(&self.database, role).map_err(|error| self.error(&error))?;
        let found = header(&connection).map_err(|error| self.error(&error))?;
        if found.schema > SCHEMA {
            return Err(StoreError::newer(self.database.display(), found.schema, SCHEMA));
        }
        if found.schema == 0 {
            return Err(self.unreadable(empty));
        }
        if found.application != self.vault.application_id() {
            return Err(StoreError::key(
                self.database.display(),
                self.folder.wrapped_key().display().to_string(),
                "the key belongs to another vault; put the vault.db and key.json of one vault together",
            ));
        }
        if found.schema < SCHEMA {
            let _lock = self.folder_lock()?;
            // By a connection of its own: a reading one may not write.
            let migrated = connect(&self.database, Role::Writing).and_then(|writing| {
                migrate(&writing, self.vault)?;
                writing.close().map_err(|(_, error)| error)
            });
            migrated.map_err(|error| self.error(&error))?;
            // Anew: this one has read the schema of before, in which a row has fewer columns.
            let anew = connect(&self.database, role).map_err(|error| self.error(&error))?;
            connection.close().map_err(|(_, error)| self.error(&error))?;
            return Ok(anew);
        }
        Ok(connection)
    }

    fn folder_lock(&self) -> Result<std::fs::File, StoreError> {
        let path = self.folder.folder_lock();
        crate::locks::lock(&path).map_err(|error| crate::io_error::from_io(&path, &error))
    }
}

/// Creates the database, or what is missing of it. Under the folder's lock.
pub(crate) fn create(folder: &Folder, vault: VaultId) -> Result<(), StoreError> {
    // Made under another name, so that a crash never leaves a database of which nobody can tell whether it lost something
    // or never held anything.
    let draft = folder.draft_database();
    let at = |error: rusqlite::Error| from_sql(&draft, &error);
    let at_file = |error: std::io::Error| crate::io_error::from_io(&draft, &error);
    remove(&draft)?;
    // SQLite would create it with the process's umask; the log and its index take over the database's mode.
    drop(open_private(&draft).map_err(at_file)?);
    let connection = connect(&draft, Role::Writing).map_err(at)?;
    connection.execute_batch(sql::WAL).map_err(at)?;
    migrate(&connection, vault).map_err(at)?;
    settle(connection, &draft)?;
    std::fs::rename(&draft, folder.database()).map_err(at_file)?;
    sync_folder(folder.vault()).map_err(at_file)
}

/// Moves the log into the file, synced: the file alone is the database then. Closing would do it too, and would not say that it failed.
pub(crate) fn settle(connection: Connection, database: &Path) -> Result<(), StoreError> {
    let at = |error: rusqlite::Error| from_sql(database, &error);
    let unfinished = |reason: &str| StoreError::unreadable(database.display(), reason.to_owned());
    let busy: Result<i64, _> = connection.query_row(sql::CHECKPOINT, [], |row| row.get(0));
    // Closed in any case: whoever is told that it failed removes the file, and its log with it.
    let closed = connection.close().map_err(|(_, error)| error);
    if busy.map_err(at)? != 0 {
        return Err(unfinished("its log was not carried over"));
    }
    closed.map_err(at)?;
    if !whole(database) {
        crate::disk_check::check(database.parent().unwrap_or(database))?;
        return Err(unfinished("it was not written to the end"));
    }
    Ok(())
}

/// Whether a database holds nothing; `false` when that cannot be told.
pub(crate) fn is_empty(folder: &Folder) -> bool {
    let Ok(connection) = connect(&folder.database(), Role::Reading) else { return false };
    let empty = match header(&connection) {
        Ok(Header { schema: 0, .. }) => std::fs::metadata(folder.database()).is_ok_and(|file| file.len() == 0),
        Ok(_) => connection.query_row(sql::IS_EMPTY, [], |row| row.get(0)).unwrap_or(false),
        Err(_) => false,
    };
    // Another database takes its place next. A connection that is still open would remove that one's log.
    connection.close().is_ok() && empty
}

pub(crate) struct Header {
    pub(crate) schema: i64,
    pub(crate) application: i32,
}

pub(crate) fn header(connection: &Connection) -> Result<Header, rusqlite::Error> {
    connection.query_row(sql::HEADER, [], |row| Ok(Header { schema: row.get(0)?, application: row.get(1)? }))
}

pub(crate) fn migrate(connection: &Connection, vault: VaultId) -> Result<(), rusqlite::Error> {
    // Dropped before its end, it is undone.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = header(connection)?;
    for (number, script) in (1..).zip(MIGRATIONS) {
        if number > found.schema {
            connection.execute_batch(script)?;
        }
    }
    // Numbers only: a pragma takes no bound values.
    let stamp = format!("PRAGMA user_version = {SCHEMA}; PRAGMA application_id = {};", vault.application_id());
    connection.execute_batch(&stamp)?;
    transaction.commit()
}

/// A database of the newest schema that no file holds.
#[cfg(test)]
pub(super) fn memory() -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_in_memory()?;
    MIGRATIONS.iter().try_for_each(|script| connection.execute_batch(script))?;
    Ok(connection)
}

/// Opens a database that is there.
pub(crate) fn connect(database: &Path, role: Role) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // A plan that may depend on what is bound is made anew each time that something is (<https://www.sqlite.org/qpsg.html>).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(sql::CONNECTION)?;
    connection.execute_batch(match role {
        Role::Reading => sql::ONLY_READS,
        Role::Writing => sql::FIRST_SYNCED,
    })?;
    Ok(connection)
}

/// Numbered, forward-only.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_links.sql"),
    include_str!("../../migrations/0003_names.sql"),
    include_str!("../../migrations/0004_brought.sql"),
    include_str!("../../migrations/0005_terms.sql"),
    include_str!("../../migrations/0006_former.sql"),
    include_str!("../../migrations/0007_rows.sql"),
    include_str!("../../migrations/0008_server.sql"),
    include_str!("../../migrations/0009_due.sql"),
    include_str!("../../migrations/0010_web_logins.sql"),
    include_str!("../../migrations/0011_events.sql"),
    include_str!("../../migrations/0012_outlook.sql"),
    include_str!("../../migrations/0013_deliveries.sql"),
];
/// The newest schema this version knows.
pub(crate) const SCHEMA: i64 = 13;
const _: () = assert!(MIGRATIONS.len() as u64 == SCHEMA.unsigned_abs());
/// How long a write waits for another one: a transaction takes milliseconds, and 64 processes may queue.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// More than there are.
const STATEMENTS: usize = 128;
