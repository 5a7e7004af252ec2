//! The connections to `vault.db`, by role, opened when first needed.
//!
//! * *reading*: never waits for a writer (WAL), so a reader of a valid token does not either (I7);
//! * *leasing*: `synchronous=NORMAL`, which in WAL mode means no sync at a commit: leases and caches;
//! * *journalling*: `synchronous=FULL`, one sync a commit: everything that must survive a loss of power (I2).
//!
//! **Checkpoints.** The log is carried over into the database by the leasing connection, at a commit that finds more
//! than [`CHECKPOINT_AT`] pages in it; so its syncs fall on a lease or a release and not between *begin* and
//! *commit*. The journalling connection would do it only at four times that size. A vault that is dropped leaves its
//! connections to the end of the process instead of closing them: the last connection to close would carry
//! the log over and remove it, two syncs for every short-lived command and a third for the next one that creates it anew.
//! [`Connections::close`] closes them properly, for processes that outlive their vault.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row};
use tokenward_core::ports::VaultError;
use tokio::sync::{Mutex, MutexGuard};

use super::{statements as sql, stillborn};
use crate::error::from_sql;
use crate::folder::{Folder, open_private, sync_folder};
use crate::key::VaultId;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Reading,
    Leasing,
    Journalling,
}

pub(crate) struct Connections {
    folder: Folder,
    database: PathBuf,
    vault: VaultId,
    reading: Mutex<Option<SqliteConnection>>,
    leasing: Mutex<Option<SqliteConnection>>,
    journalling: Mutex<Option<SqliteConnection>>,
    /// A bit per role, set when a connection may have been opened to a file that has changed since: one that was
    /// read-only stays so for the connection that found it so.
    suspect: AtomicU8,
}

/// An open connection, held by one task.
pub(crate) struct Held<'a>(MutexGuard<'a, Option<SqliteConnection>>);

impl std::ops::Deref for Held<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.0.as_ref().expect("`Connections::get` fills it before it hands it out")
    }
}

impl std::ops::DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().expect("`Connections::get` fills it before it hands it out")
    }
}

impl Connections {
    pub(crate) fn new(folder: &Folder, vault: VaultId) -> Self {
        Self {
            folder: folder.clone(),
            database: folder.database(),
            vault,
            reading: Mutex::new(None),
            leasing: Mutex::new(None),
            journalling: Mutex::new(None),
            suspect: AtomicU8::new(0),
        }
    }

    /// The connection of a role.
    pub(crate) async fn get(&self, role: Role) -> Result<Held<'_>, VaultError> {
        let slot = match role {
            Role::Reading => &self.reading,
            Role::Leasing => &self.leasing,
            Role::Journalling => &self.journalling,
        };
        let mut slot = slot.lock().await;
        let bit = 1 << role as u8;
        if self.suspect.load(Ordering::Relaxed) & bit != 0 {
            self.suspect.fetch_and(!bit, Ordering::Relaxed);
            *slot = None;
        }
        if let Some(connection) = slot.as_mut()
            && connection.is_in_transaction()
        {
            // Its last user failed or went away in the middle. The rollback is on its way, or has failed too (a full
            // disk ends a transaction without telling sqlx): then the connection is given up.
            let answers = connection.ping().await.is_ok();
            if !answers || connection.is_in_transaction() {
                *slot = None;
            }
        }
        if slot.is_none() {
            *slot = Some(self.open(role).await?);
        }
        Ok(Held(slot))
    }

    /// Translates a database error.
    pub(crate) fn error(&self, error: &sqlx::Error) -> VaultError {
        let error = from_sql(&self.database, error);
        if matches!(error, VaultError::ReadOnly { .. } | VaultError::Unreadable { .. }) {
            self.suspect.store(u8::MAX, Ordering::Relaxed);
        }
        error
    }

    /// Closes the connections, each of them whatever becomes of another; the last process to do so carries the log over. Their files are
    /// closed when it returns.
    pub(crate) async fn close(&self) -> Result<(), VaultError> {
        let mut closed = Ok(());
        for slot in [&self.reading, &self.leasing, &self.journalling] {
            if let Some(connection) = slot.lock().await.take() {
                closed = closed.and(connection.close().await.map_err(|error| self.error(&error)));
            }
        }
        closed
    }

    async fn open(&self, role: Role) -> Result<SqliteConnection, VaultError> {
        let unreadable =
            |reason: &str| VaultError::Unreadable { path: self.database.clone(), reason: reason.to_owned() };
        if !self.database.exists() {
            return Err(unreadable(
                "it is missing although vault/key.json is there; restore a backup (tokenward vault restore), or move the \
                 folder away to begin anew",
            ));
        }
        let empty = "it is empty although vault/key.json is there; restore a backup (tokenward vault restore)";
        if stillborn::is_stillborn(&self.folder) {
            let _lock = self.folder_lock().await?;
            if stillborn::is_stillborn(&self.folder) {
                stillborn::set_aside(&self.folder)?;
                create(&self.folder, self.vault).await?;
            }
        }
        // Looked at before SQLite opens it: beside an empty database SQLite removes the log, and every turn in it.
        if std::fs::metadata(&self.database).is_ok_and(|file| file.len() == 0) {
            return Err(unreadable(empty));
        }
        let mut connection = options(&self.folder, role).connect().await.map_err(|error| self.error(&error))?;
        let found = header(&mut connection).await.map_err(|error| self.error(&error))?;
        if found.schema > SCHEMA {
            return Err(VaultError::Newer { path: self.database.clone(), found: found.schema, known: SCHEMA });
        }
        if found.schema == 0 {
            return Err(unreadable(empty));
        }
        if found.application != self.vault.application_id() {
            return Err(VaultError::Key {
                path: self.database.clone(),
                key: self.folder.wrapped_key().display().to_string(),
                reason: "the key belongs to another vault; put the vault.db and key.json of one vault together"
                    .to_owned(),
            });
        }
        if found.schema < SCHEMA {
            let _lock = self.folder_lock().await?;
            // By a connection of its own: a reading one may not write.
            let writing = options(&self.folder, Role::Journalling).connect().await;
            let mut writing = writing.map_err(|error| self.error(&error))?;
            migrate(&mut writing, self.vault).await.map_err(|error| self.error(&error))?;
            writing.close().await.map_err(|error| self.error(&error))?;
            // Anew: this one has read the schema of before, in which a row has fewer columns.
            let anew = options(&self.folder, role).connect().await.map_err(|error| self.error(&error))?;
            connection.close().await.map_err(|error| self.error(&error))?;
            return Ok(anew);
        }
        Ok(connection)
    }

    async fn folder_lock(&self) -> Result<std::fs::File, VaultError> {
        let path = self.folder.folder_lock();
        let blocking = path.clone();
        // Another task of this process may have it, and needs this thread to let go of it.
        tokio::task::spawn_blocking(move || crate::locks::lock(&blocking))
            .await
            .map_err(|error| VaultError::Unreadable { path: self.database.clone(), reason: error.to_string() })?
            .map_err(|error| crate::error::from_io(&path, &error))
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        for slot in [&mut self.reading, &mut self.leasing, &mut self.journalling] {
            // See the module's note on checkpoints.
            std::mem::forget(slot.get_mut().take());
        }
    }
}

/// Creates the database, or what is missing of it. Under the folder's lock.
pub(crate) async fn create(folder: &Folder, vault: VaultId) -> Result<(), VaultError> {
    // Made under another name, so that a crash never leaves a database of which nobody can tell whether it lost something
    // or never held anything.
    let draft = folder.draft_database();
    let at = |error: sqlx::Error| from_sql(&draft, &error);
    let at_file = |error: std::io::Error| crate::error::from_io(&draft, &error);
    remove(&draft)?;
    // SQLite would create it with the process's umask; the log and its index take over the database's mode.
    drop(open_private(&draft).map_err(at_file)?);
    let mut connection = options(folder, Role::Journalling).filename(&draft).connect().await.map_err(at)?;
    sqlx::query(sql::WAL).execute(&mut connection).await.map_err(at)?;
    migrate(&mut connection, vault).await.map_err(at)?;
    settle(connection, &draft).await?;
    std::fs::rename(&draft, folder.database()).map_err(at_file)?;
    sync_folder(folder.vault()).map_err(at_file)
}

/// Moves the log into the file, synced: the file alone is the database then. Closing would do it too, and would not say that it failed.
pub(crate) async fn settle(mut connection: SqliteConnection, database: &Path) -> Result<(), VaultError> {
    let at = |error: sqlx::Error| from_sql(database, &error);
    let unfinished = |reason: &str| VaultError::Unreadable { path: database.to_owned(), reason: reason.to_owned() };
    let busy: Result<i64, _> = sqlx::query_scalar(sql::CHECKPOINT).fetch_one(&mut connection).await;
    // Closed in any case: whoever is told that it failed removes the file, and its log with it.
    let closed = connection.close().await;
    if busy.map_err(at)? != 0 {
        return Err(unfinished("its log was not carried over"));
    }
    closed.map_err(at)?;
    if !whole(database) {
        crate::room::check(database.parent().unwrap_or(database))?;
        return Err(unfinished("it was not written to the end"));
    }
    Ok(())
}

/// Whether a file alone is a database: its head says of how many pages, and they are there, and no log is left beside it
/// (<https://www.sqlite.org/fileformat2.html#the_database_header>).
pub(super) fn whole(database: &Path) -> bool {
    use std::os::unix::fs::FileExt;

    let log = beside(database, "-wal");
    let mut head = [0; 32];
    let Ok(file) = std::fs::File::open(database) else { return false };
    if file.read_exact_at(&mut head, 0).is_err() || !head.starts_with(b"SQLite format 3\0") {
        return false;
    }
    let size = match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65_536,
        size => size,
    };
    let pages = u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]]));
    let length = file.metadata().map_or(0, |file| file.len());
    pages > 0 && length == size * pages && std::fs::metadata(log).map_or(0, |log| log.len()) == 0
}

/// Removes a database with its log and the log's index.
pub(crate) fn remove(database: &Path) -> Result<(), VaultError> {
    for suffix in ["", "-wal", "-shm"] {
        let path = beside(database, suffix);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(crate::error::from_io(&path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The file beside another whose name is longer by a suffix.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether a database holds nothing; `false` when that cannot be told.
pub(crate) async fn is_empty(folder: &Folder) -> bool {
    let Ok(mut connection) = options(folder, Role::Reading).connect().await else { return false };
    let empty = match header(&mut connection).await {
        Ok(Header { schema: 0, .. }) => std::fs::metadata(folder.database()).is_ok_and(|file| file.len() == 0),
        Ok(_) => sqlx::query_scalar(sql::IS_EMPTY).fetch_one(&mut connection).await.unwrap_or(false),
        Err(_) => false,
    };
    // Another database takes its place next. A connection that is still closing would remove that one's log.
    connection.close().await.is_ok() && empty
}

pub(crate) struct Header {
    pub(crate) schema: i64,
    pub(crate) application: i32,
}

pub(crate) async fn header(connection: &mut SqliteConnection) -> Result<Header, sqlx::Error> {
    let row = sqlx::query(sql::HEADER).fetch_one(connection).await?;
    Ok(Header { schema: row.try_get(0)?, application: row.try_get(1)? })
}

pub(crate) async fn migrate(connection: &mut SqliteConnection, vault: VaultId) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found = header(&mut transaction).await?;
    for (number, script) in (1..).zip(MIGRATIONS) {
        if number > found.schema {
            sqlx::raw_sql(*script).execute(&mut *transaction).await?;
        }
    }
    // Numbers only: a pragma takes no bound values.
    let stamp = format!("PRAGMA user_version = {SCHEMA}; PRAGMA application_id = {};", vault.application_id());
    sqlx::raw_sql(sqlx::AssertSqlSafe(stamp)).execute(&mut *transaction).await?;
    transaction.commit().await
}

pub(crate) fn options(folder: &Folder, role: Role) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(folder.database())
        .create_if_missing(false)
        .busy_timeout(PATIENCE)
        .foreign_keys(false)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    match role {
        Role::Reading => options.pragma("query_only", "ON"),
        Role::Leasing => {
            options.synchronous(SqliteSynchronous::Normal).pragma("wal_autocheckpoint", CHECKPOINT_AT.to_string())
        }
        Role::Journalling => {
            options.synchronous(SqliteSynchronous::Full).pragma("wal_autocheckpoint", (4 * CHECKPOINT_AT).to_string())
        }
    }
}

/// Numbered, forward-only.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_links.sql"),
    include_str!("../../migrations/0003_names.sql"),
    include_str!("../../migrations/0004_brought.sql"),
    include_str!("../../migrations/0005_terms.sql"),
    include_str!("../../migrations/0006_former.sql"),
];
/// The newest schema this version knows.
pub(crate) const SCHEMA: i64 = 6;
const _: () = assert!(MIGRATIONS.len() as u64 == SCHEMA.unsigned_abs());
/// How long a write waits for another one: a transaction takes milliseconds, and 64 processes may queue.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pages of 4 KiB in the log before it is carried over: about a dozen rotations, and a log that a lone command reads
/// through in a millisecond when it opens the vault.
const CHECKPOINT_AT: u32 = 256;
