//! The embedded engine: one folder, one `SQLite` database, for as many processes of one machine as there are.
//!
//! Enters and leaves: the calls of [`tokenward_core::ports::Vault`]. `begin`, `keep_answer`, `commit`, `close`, `asked`, `log_in`,
//! `adopt`, `take_back`, `link`, `unlink` and `retire` are each one transaction and one sync. A crash inside one leaves the state before it; a crash after one, the state
//! after it.
//!
//! Each port is implemented in the file that has its name: [`grants`], [`leases`], [`journal`], [`logins`], [`login_answers`],
//! [`app_data`], [`link_book`]. A transaction that is too long for the port's file is a function of the [`Context`] in the file of its
//! subject, under the port's own verb. What they have in common lies below them: [`failure`], [`query`], [`rows`], [`lookup`],
//! [`incoming_set`], [`trials`], [`unproven`].
//!
//! A call is a trip to a thread that owns a connection, or is run at once ([`worker`]); it is a plain function of a transaction and the
//! [`Context`]. What waits for files (locks, rescue slots) stays with the caller.

mod api_keys;
mod audit_trail;
mod browser_sessions;
pub(crate) mod cached_statement;
pub(crate) mod connect;
mod connection_threads;
mod database_files;
mod deliveries;
mod due_grants;
mod grants;
mod health;
mod incomplete_creation;
mod journal;
mod leases;
mod link_book;
mod login_events;
mod login_token_responses;
mod logins;
mod oauth_app_data;
mod outlooks;
pub(crate) mod statements;
pub(crate) mod transaction_error;
mod transactions;
mod web_logins;
mod worker;

use std::collections::HashMap;
use std::fs::File;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::Connection;
use tokenward_core::ports::{Clock, Entropy, StoreError};
use tokenward_core::{Fence, Generation, IntentId, TokenSet};

use crate::disk_check;
use crate::folder::{Folder, Repair};
use crate::io_error::{damaged, from_io};
use crate::key_sources::{self, KeySource, KeySources, Unlocked, VaultId};
use crate::locks::Waiters;
use crate::pending_answers::{Slots, ToJournal};
use crate::records::Records;
use crate::records::sealer::Sealer;
use crate::records::transaction_error::{Failed, Fault};
use crate::rescue::{Rescue, Slotted};
use crate::seal::Keys;

use connect::Opener;
use connection_threads::Connections;
use statements as sql;
use transactions::How;

pub use grants::DamagedLogin;
pub use health::{Health, WaitingAnswer};

/// What a vault needs from outside.
pub struct VaultOptions {
    /// Where it lies.
    pub folder: Folder,
    /// Who may keep its key.
    pub keys: KeySources,
    /// The time of day; leases lapse by it, and entries are dated by it.
    pub clock: Arc<dyn Clock>,
    /// Randomness for keys, nonces and ids.
    pub entropy: Arc<dyn Entropy>,
}

/// What is worth telling about an open vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The database engine with its version.
    pub engine: String,
    /// The schema of the database.
    pub schema: i64,
    /// The kind of source that keeps the key.
    pub key_source: KeySource,
    /// The source of the key, in words.
    pub key: String,
    /// `TOKENWARD_HOME`.
    pub folder: PathBuf,
    /// What was open to others and has been repaired by this opening.
    pub repairs: Vec<Repair>,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// A set that was issued and is not the present generation of its grant (I3).
#[derive(Debug)]
pub struct ParkedSet {
    /// The spend that brought it; `None` when a login took its place.
    pub intent: Option<IntentId>,
    /// The generation it would have been, or was.
    pub generation: Generation,
    /// When it was parked.
    pub at: Timestamp,
    /// The tokens.
    pub set: TokenSet,
}

/// The vault of one folder.
pub struct SqliteVault {
    pub(crate) context: Arc<Context>,
    key_source: KeySource,
    repairs: Vec<Repair>,
    connections: Connections,
    pub(crate) slots: Slots,
    /// The lock files, by their paths, of leases held by this object; dropping one wakes the waiters.
    held: Mutex<HashMap<PathBuf, (Fence, Option<File>)>>,
    waiters: Waiters,
    /// Since when a lock was found taken while its row was free.
    rowless: Mutex<HashMap<PathBuf, tokio::time::Instant>>,
}

/// What a transaction needs beside its connection; it belongs to the vault, and to each call that is on its way.
pub(crate) struct Context {
    pub(crate) folder: Folder,
    pub(crate) sources: KeySources,
    pub(crate) records: Records,
    key_words: String,
    opener: Arc<Opener>,
    key_file: Mutex<SeenKeyFile>,
}

/// The `key.json` that was read last, and why it could not be followed where it could not.
struct SeenKeyFile {
    stamp: Option<key_sources::Stamp>,
    fault: Option<StoreError>,
}

impl SqliteVault {
    /// Opens the vault of a folder, or creates it where there is none.
    ///
    /// Only the key is read; the database is opened by the first call that needs it.
    ///
    /// # Errors
    /// [`StoreFault::Key`](tokenward_core::ports::StoreFault::Key) when the key is missing or does not fit; [`StoreFault::NotPrivate`](tokenward_core::ports::StoreFault::NotPrivate) when the folder is not
    /// ours alone; what the system says when it cannot be created. An unreadable vault is never taken for a missing one.
    pub async fn open(options: VaultOptions) -> Result<Self, StoreError> {
        let VaultOptions { folder, keys: sources, clock, entropy } = options;
        crate::restore::interruption::finish_interrupted(&folder)?;
        let repairs = folder.prepare()?;
        let stamp = key_sources::stamp(&folder);
        let unlocked = match key_sources::unlock(&folder, &sources)? {
            Some(unlocked) => unlocked,
            None => create(&folder, &sources, &entropy).await?,
        };
        let Unlocked { keys, vault, source, words } = unlocked;
        let opener = Arc::new(Opener::new(&folder, vault));
        Ok(Self {
            connections: Connections::new(&opener),
            slots: Slots::new(&folder),
            key_source: source,
            held: Mutex::default(),
            waiters: Waiters::default(),
            rowless: Mutex::default(),
            repairs,
            context: Arc::new(Context {
                records: Records { clock, sealer: Sealer::new(keys, entropy), traces: Some(folder.clone()) },
                key_words: words,
                opener,
                key_file: Mutex::new(SeenKeyFile { stamp, fault: None }),
                folder,
                sources,
            }),
        })
    }

    /// What is worth telling about it. Opens the database, and so finds what is wrong with it.
    pub async fn info(&self) -> Result<Info, StoreError> {
        let (header, version) = self
            .read(|_, tx| {
                let version: String = tx.query_row(sql::VERSION, [], |row| row.get(0))?;
                Ok((connect::header(tx)?, version))
            })
            .await?;
        let Context { sources, key_words, folder, .. } = &*self.context;
        let mut notes = Vec::new();
        if let (Some(explicit), true) = (&sources.explicit, self.key_source != KeySource::Explicit) {
            notes.push(format!(
                "{} is given, but this vault was encrypted with {}; to encrypt it with that key: tokenward vault rekey --new-key-file FILE",
                explicit.words(),
                key_words
            ));
        }
        Ok(Info {
            engine: format!("SQLite {version}"),
            schema: header.schema,
            key_source: self.key_source,
            key: key_words.clone(),
            folder: folder.home().to_owned(),
            repairs: self.repairs.clone(),
            notes,
        })
    }

    /// How many commits have waited for the disk since this vault was opened.
    pub fn syncs(&self) -> u64 {
        self.context.opener.syncs()
    }

    /// What was open to others and has been repaired by this opening.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Closes the vault's connections properly. For a process that goes on living without its vault; one that ends need not.
    /// A call that follows opens them again.
    pub async fn close_connections(&self) -> Result<(), StoreError> {
        let closed = self.connections.close().await;
        self.context.opener.leave();
        closed
    }

    /// Whether the key that this process was given still opens the vault. Where another process has changed it, this one goes on with the keys
    /// it has, and cannot read what is sealed with newer ones.
    ///
    /// # Errors
    /// [`StoreFault::Key`](tokenward_core::ports::StoreFault::Key), and what keeps `key.json` from being read.
    pub fn check_key(&self) -> Result<(), StoreError> {
        self.context.refresh_keys();
        self.context.key_fault().map_or(Ok(()), Err)
    }

    /// A transaction that only reads, and no more than some rows.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Context, &Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(How::Reading, act).await
    }

    /// A transaction that reads through tables.
    pub(crate) async fn read_all<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Context, &Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(How::ReadingAll, act).await
    }

    /// A transaction that is synced (I2).
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Context, &Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(How::Synced, act).await
    }

    /// A transaction that may be lost with the power: of leases and caches.
    async fn write_unsynced<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Context, &Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(How::Unsynced, act).await
    }

    async fn call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Context, &Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.context.refresh_keys();
        self.call_with_keys(how, act).await
    }

    /// The same where it was looked a moment ago whether another process has changed the keys.
    async fn call_with_keys<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Context, &Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        let context = Arc::clone(&self.context);
        self.connections.call(how, move |tx| act(&context, tx).map_err(|failed| context.error(failed))).await
    }

    /// Asks the kernel whether the vault is in its place, can be written and has room, and whether an answer that the journal cannot take has a place. That it
    /// can be written indeed is shown by the intent itself, which comes before the spend.
    fn check_room(&self) -> Result<(), StoreError> {
        self.context.opener.check_place()?;
        disk_check::check(self.context.folder.vault())?;
        disk_check::writable(&self.context.folder.database())?;
        self.slots.rescue.ready()
    }

    /// What cannot be in a transaction, by the connection that writes.
    pub(crate) async fn bare<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Context, &Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(How::Bare, act).await
    }
}

impl Drop for SqliteVault {
    fn drop(&mut self) {
        self.context.opener.leave();
    }
}

impl ToJournal for SqliteVault {
    async fn move_answer(&self, slotted: &Slotted) -> bool {
        let intent = slotted.intent;
        let answer = match self.context.unslotted(slotted) {
            Ok(answer) => answer,
            Err(fault) => {
                let error = self.context.fault(fault);
                tracing::warn!(%intent, %error, "an answer stays in its slot");
                return false;
            }
        };
        self.write(move |context, tx| context.unslot(tx, intent, &answer)).await.unwrap_or_else(|error| {
            tracing::warn!(%intent, %error, "an answer stays in its slot");
            false
        })
    }
}

impl Deref for Context {
    type Target = Records;

    fn deref(&self) -> &Records {
        &self.records
    }
}

impl Context {
    /// What a caller is told of why its transaction was undone.
    fn error(&self, failed: Failed) -> StoreError {
        match failed {
            Failed::Told(error) => error,
            Failed::Sql(error) => self.opener.error(&error),
            #[cfg(feature = "postgres")]
            Failed::Postgres(error) => self.opener.unreadable(&error.to_string()),
            Failed::Stored(fault) => self.fault(fault),
        }
    }

    pub(crate) fn io(&self, error: &std::io::Error) -> StoreError {
        from_io(self.folder.vault(), error)
    }

    pub(crate) fn fault(&self, fault: Fault) -> StoreError {
        let database = self.folder.database();
        match fault {
            Fault::Damaged(what) => damaged(&database, &what),
            Fault::UnknownKey => StoreError::key(
                database.display(),
                self.key_words.clone(),
                "something in it was encrypted with a data key that key.json does not hold; restore a backup",
            ),
        }
    }

    /// Reads the keys anew when another process has changed them. A change that this process cannot follow (it was
    /// started without the new wrapping key) leaves it the keys it has, and those open and seal as before.
    pub(crate) fn refresh_keys(&self) {
        let path = self.folder.wrapped_key();
        let stamp = key_sources::stamp(&self.folder);
        let mut known = self.key_file.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp == known.stamp {
            return;
        }
        match key_sources::unlock(&self.folder, &self.sources) {
            Ok(Some(unlocked)) => {
                self.sealer.replace(unlocked.keys);
                *known = SeenKeyFile { stamp, fault: None };
            }
            Ok(None) => {
                tracing::warn!(path = %path.display(), "the wrapped key is gone");
                known.fault = Some(StoreError::unreadable(path.display(), "it is missing or empty"));
            }
            Err(error) => {
                tracing::warn!(%error, "the vault's key was changed by another process");
                *known = SeenKeyFile { stamp, fault: Some(error) };
            }
        }
    }

    /// Why the key that this process was given would not open the vault any more.
    fn key_fault(&self) -> Option<StoreError> {
        self.key_file.lock().unwrap_or_else(PoisonError::into_inner).fault.clone()
    }
}

/// Creates a vault under the folder's lock: key, database, and at last `key.json`, whose presence says that it is
/// whole. A creation that a crash cut short is begun again. On a thread that may wait: for the one of many processes that
/// creates, and for the disk.
async fn create(folder: &Folder, sources: &KeySources, entropy: &Arc<dyn Entropy>) -> Result<Unlocked, StoreError> {
    let (path, folder, sources, entropy) = (folder.folder_lock(), folder.clone(), sources.clone(), Arc::clone(entropy));
    tokio::task::spawn_blocking(move || create_now(&folder, &sources, &*entropy))
        .await
        .unwrap_or_else(|error| Err(StoreError::unreadable(path.display(), error.to_string())))
}

fn create_now(folder: &Folder, sources: &KeySources, entropy: &dyn Entropy) -> Result<Unlocked, StoreError> {
    let path = folder.folder_lock();
    let _lock = crate::locks::lock(&path).map_err(|error| from_io(&path, &error))?;
    if let Some(unlocked) = key_sources::unlock(folder, sources)? {
        return Ok(unlocked);
    }
    let database = folder.database();
    if incomplete_creation::is_stillborn(folder) {
        incomplete_creation::set_aside(folder)?;
    }
    if database.exists() {
        if !connect::is_empty(folder) {
            return Err(StoreError::key(
                folder.vault().display(),
                folder.wrapped_key().display().to_string(),
                "the file is missing and the vault is not empty; put it back, or restore a backup",
            ));
        }
        database_files::remove(&database)?;
    }
    let vault = VaultId::draw(entropy);
    let source = key_sources::choose(folder, sources, vault, entropy)?;
    connect::create(folder, vault)?;
    Rescue::new(folder.rescue()).ready()?;
    key_sources::store(folder, sources, source, vault, &Keys::fresh(entropy), entropy)?;
    // The folders themselves are new too, perhaps.
    for new in [Some(folder.home()), folder.home().parent().filter(|path| !path.as_os_str().is_empty())] {
        let synced = new.map_or(Ok(()), crate::folder::sync_folder);
        // A parent that may be passed through and not read cannot be synced; it was not made by us then.
        if let Err(error) = synced {
            tracing::debug!(%error, "a parent folder was not synced");
        }
    }
    key_sources::unlock(folder, sources)?
        .ok_or_else(|| StoreError::unreadable(folder.wrapped_key().display(), "it was written but is missing"))
}
