//! Restoring: another vault takes the present one's place, and the present one is kept.
//!
//! Enters: a backup, or a vault that an earlier restore put aside. Leaves, first, a [`Plan`]: what becomes of each login. A copy holds
//! the refresh tokens of its day, so a login that was refreshed since ends by being restored, and whoever decides should know it. Then,
//! if it is wished, the exchange.
//!
//! The coming vault is put together in a folder of its own, durable to the last file, before anything is moved. Where the file system
//! can exchange two folders it is one step, and a crash leaves either vault in its place. Where it cannot there is a moment without any;
//! a crash in it leaves both under other names, [`Folder::interrupted`] finds them, and whoever opens the vault next finishes the step
//! (I5). Each exchange can be taken back, one that took another back as well: the vault that comes has on record where the other one lies
//! then. Nothing that was a vault is ever removed, unless somebody names it ([`remove_kept`]). An API key that was revoked in the vault that is
//! replaced is revoked in the one that comes (`server_records.rs`).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use rusqlite::ErrorCode;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tokenward_core::ProfileName;
use tokenward_core::ports::{Clock, Entropy};

use crate::backup::{self, BackupError, BackupKey};
use crate::folder::{Folder, holds_something, open_private, sync_folder};
use crate::io_error::from_io;
use crate::key_sources::{self, KeySource, KeySources, VaultId};
use crate::presence;
use crate::restore_record::Restored;
use crate::sqlite::cached_statement::run;
use crate::sqlite::{connect, statements as sql};

use blocking_call::waiting;
use interruption::{finish, lock};
use names::{BEFORE, STAGED, UNDONE, free_number, number};

pub use api_keys_and_audit_trail::{KeyOutcome, RestoredKey, ServerPlan};
pub use previous_vaults::{KeptVault, kept_vaults, remove_kept};
pub use vault_comparison::{Login, LoginState, Plan, Verdict};

mod api_keys_and_audit_trail;
mod blocking_call;
pub(crate) mod interruption;
mod names;
mod previous_vaults;
mod unopened_vault;
mod vault_comparison;

/// A vault that is ready to take the present one's place. Dropped, it leaves everything as it was.
pub struct Restoring {
    folder: Folder,
    coming: Coming,
    plan: Plan,
    record: Restored,
    /// What keeps the key of the coming vault.
    key_source: KeySource,
    /// One restore at a time.
    _lock: File,
}

/// Where the coming vault lies.
enum Coming {
    /// Put together for this restore.
    Made(Folder),
    /// Put aside by an earlier one.
    Earlier(Folder),
}

/// The profiles whose refresh token the present vault has used since the coming one was made.
fn used_by(plan: &Plan) -> Vec<ProfileName> {
    plan.logins
        .iter()
        .filter(|login| login.verdict == Verdict::Ends)
        .filter_map(|login| login.profile.clone())
        .collect()
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Where the vault is that was there before, if there was one.
    pub before: Option<PathBuf>,
    /// What could not be done after the vault was in its place: it may be undone by a loss of power now, and by nothing else.
    pub unsynced: Option<String>,
    /// API keys that were revoked in the vault before alone, and are now in this one too.
    pub revoked: Vec<RestoredKey>,
}

impl Restoring {
    /// Opens a backup and puts its vault together beside the present one, sealed with a new wrapping key from the first source that is
    /// there.
    ///
    /// # Errors
    /// What is wrong with the file or its key, or keeps the folder from being written. Everything is as it was.
    pub async fn of_backup(
        folder: &Folder,
        file: &Path,
        key: &BackupKey,
        sources: &KeySources,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, BackupError> {
        let at = clock.now();
        folder.prepare_home()?;
        let lock = lock(folder)?;
        finish(folder)?;
        clear(folder);
        let number = free_number(folder, at);
        let made = Coming::Made(folder.staged(&format!("{STAGED}{number}")));
        let unpacked = unpack(made.folder(), file, key, sources, entropy).await;
        let mut record = Restored {
            at,
            from: std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
            before: holds_something(folder.vault()).then(|| folder.home().join(format!("{BEFORE}{number}"))),
            used: Vec::new(),
        };
        let key_source = match unpacked {
            Ok(source) => source,
            Err(error) => {
                made.discard();
                return Err(error);
            }
        };
        let plan = Plan::of(folder, made.folder()).await;
        record.used = used_by(&plan);
        if let Err(error) = record.record(made.folder()) {
            let error = from_io(made.folder().vault(), &error);
            made.discard();
            return Err(error.into());
        }
        Ok(Self { folder: folder.clone(), coming: made, plan, record, key_source, _lock: lock })
    }

    /// The way back: the vault that the last restore, or the last way back, put aside takes its place again.
    ///
    /// # Errors
    /// [`BackupError::NothingToUndo`] where no restore is on record or its vault is gone; what keeps that vault from being opened.
    pub async fn back(folder: &Folder, sources: &KeySources, clock: &dyn Clock) -> Result<Self, BackupError> {
        Self::of_earlier(folder, None, sources, clock).await
    }

    /// Opens a vault that was put aside, as [`kept_vaults`] names it.
    ///
    /// # Errors
    /// [`BackupError::NothingToUndo`] where there is no such vault; what keeps it from being opened.
    pub async fn of_kept(
        folder: &Folder,
        kept: &Path,
        sources: &KeySources,
        clock: &dyn Clock,
    ) -> Result<Self, BackupError> {
        Self::of_earlier(folder, Some(kept), sources, clock).await
    }

    async fn of_earlier(
        folder: &Folder,
        named: Option<&Path>,
        sources: &KeySources,
        clock: &dyn Clock,
    ) -> Result<Self, BackupError> {
        let nothing = || BackupError::NothingToUndo(folder.home().to_owned());
        if !folder.home().is_dir() {
            return Err(nothing());
        }
        let lock = lock(folder)?;
        finish(folder)?;
        let last = Restored::last(folder);
        let earlier = match named {
            Some(kept) => previous_vaults::of_ours(folder, kept),
            // A record that was copied along names the folder of another home.
            None => last
                .as_ref()
                .and_then(|last| last.before.as_deref())
                .and_then(|kept| previous_vaults::of_ours(folder, kept)),
        };
        let earlier = earlier.filter(|earlier| earlier.wrapped_key().exists()).ok_or_else(nothing)?;
        // A vault that does not open is not put in the place of one that does.
        let unlocked = key_sources::unlock(&earlier, sources)?.ok_or_else(nothing)?;
        // Of several that were to come the latest is the one, whatever the clock did.
        let after = |last: Restored| last.at.checked_add(SignedDuration::from_millis(1)).unwrap_or(last.at);
        let at = last.map_or(clock.now(), |last| clock.now().max(after(last)));
        let present = holds_something(folder.vault());
        let plan = Plan::of(folder, &earlier).await;
        let record = Restored {
            at,
            from: earlier.vault().to_owned(),
            before: present.then(|| earlier.vault().to_owned()),
            used: used_by(&plan),
        };
        let (coming, key_source) = (Coming::Earlier(earlier), unlocked.source);
        Ok(Self { folder: folder.clone(), coming, plan, record, key_source, _lock: lock })
    }

    /// What keeps the key of the vault that is to come.
    pub const fn key_source(&self) -> KeySource {
        self.key_source
    }

    /// What would become of each login.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Puts the vault in its place.
    ///
    /// # Errors
    /// [`BackupError::InUse`] while another process has the present one open; what kept it from being moved; the present vault is in its place then.
    pub fn put_in_place(self) -> Result<Replaced, BackupError> {
        let (folder, coming) = (&self.folder, self.coming.folder().vault());
        let io = |error: io::Error| BackupError::from(from_io(folder.vault(), &error));
        let Some(before) = self.record.before.clone() else {
            // What is there is nothing but empty folders, if anything.
            for empty in [&folder.vault().join("locks"), &folder.vault().join("handout"), folder.vault()] {
                drop(std::fs::remove_dir(empty));
            }
            std::fs::rename(coming, folder.vault()).map_err(io)?;
            return Ok(Replaced { before: None, unsynced: synced(folder), revoked: Vec::new() });
        };
        let in_use = || BackupError::InUse(folder.vault().to_owned());
        let _alone = presence::alone(folder.vault())?.ok_or_else(in_use)?;
        // Nobody revokes anything here from now on.
        let revoked = api_keys_and_audit_trail::carry_over(folder, self.coming.folder(), &self.plan.server)?;
        let earlier = match &self.coming {
            Coming::Made(_) => {
                // Under this name the present vault will be found from the very moment of the exchange on.
                std::fs::rename(coming, &before).map_err(io)?;
                let exchanged = exchange(&before, folder.vault());
                if !matches!(exchanged, Ok(true)) {
                    std::fs::rename(&before, coming).map_err(io)?;
                }
                if exchanged.map_err(io)? {
                    return Ok(Replaced { before: Some(before), unsynced: synced(folder), revoked });
                }
                None
            }
            Coming::Earlier(earlier) => {
                // The other one will lie where this one lay.
                self.record.record(earlier).map_err(io)?;
                if exchange(coming, folder.vault()).map_err(io)? {
                    return Ok(Replaced { before: Some(before), unsynced: synced(folder), revoked });
                }
                Some(earlier)
            }
        };
        let before = match earlier {
            None => before,
            Some(earlier) => {
                let before = folder.home().join(format!("{UNDONE}{}", free_number(folder, self.record.at)));
                let record = Restored { before: Some(before.clone()), ..self.record.clone() };
                record.record(earlier).map_err(io)?;
                before
            }
        };
        std::fs::rename(folder.vault(), &before).map_err(io)?;
        if let Err(error) = std::fs::rename(coming, folder.vault()) {
            // Back, unless even that fails; then the next opening finishes what was begun.
            drop(std::fs::rename(&before, folder.vault()));
            return Err(io(error));
        }
        Ok(Replaced { before: Some(before), unsynced: synced(folder), revoked })
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        self.coming.discard();
    }
}

impl Coming {
    fn folder(&self) -> &Folder {
        match self {
            Self::Made(folder) | Self::Earlier(folder) => folder,
        }
    }

    /// Removes what was put together and not used. Under its first name it is never anything else.
    fn discard(&self) {
        if let Self::Made(folder) = self
            && let Err(error) = std::fs::remove_dir_all(folder.vault())
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %folder.vault().display(), %error, "a copy that was not used is left");
        }
    }
}

/// Puts the vault of a backup in place at once. With `replace` a vault that is there already is moved aside; its new path is returned.
pub async fn restore(
    folder: &Folder,
    file: &Path,
    key: &BackupKey,
    sources: &KeySources,
    replace: bool,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Option<PathBuf>, BackupError> {
    let present = folder.wrapped_key().exists() || folder.database().exists() || folder.interrupted().is_some();
    if present && !replace {
        return Err(BackupError::VaultExists(folder.vault().to_owned()));
    }
    let ready = Restoring::of_backup(folder, file, key, sources, clock, entropy).await?;
    Ok(ready.put_in_place()?.before)
}

/// Copies that were put together and not used, since their process was killed. Under the lock nobody else is at work on one.
fn clear(folder: &Folder) {
    let Ok(entries) = std::fs::read_dir(folder.home()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(STAGED) && number(name).is_some()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

/// Exchanges two folders in one step; `false` where the file system cannot.
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes the exchange durable. It has happened: a failure is told beside it and undoes nothing.
fn synced(folder: &Folder) -> Option<String> {
    sync_folder(folder.home()).err().map(|error| error.to_string())
}

async fn unpack(
    staged: &Folder,
    file: &Path,
    key: &BackupKey,
    sources: &KeySources,
    entropy: &dyn Entropy,
) -> Result<KeySource, BackupError> {
    staged.prepare()?;
    let path = staged.database();
    let keys = {
        let mut database = open_private(&path).map_err(|error| from_io(&path, &error))?;
        let keys = backup::open(file, key, (&mut database, &path))?;
        database.sync_all().map_err(|error| from_io(&path, &error))?;
        keys
    };
    // A vault of its own: an entry of the keyring, or an explicit key, is never shared with the vault it was copied from.
    let vault = VaultId::draw(entropy);
    let backup = file.to_owned();
    waiting(&path.clone(), move || made_its_own(&path, vault, &backup)).await??;
    let source = key_sources::choose(staged, sources, vault, entropy)?;
    key_sources::store(staged, sources, source, vault, &keys, entropy)?;
    Ok(source)
}

/// Makes a copy of a database the database of a vault. Its files are closed when this returns: the folder is removed or moved next.
fn made_its_own(database: &Path, vault: VaultId, backup: &Path) -> Result<(), BackupError> {
    let sql = |error: rusqlite::Error| match error.sqlite_error_code() {
        // What it was made of is damaged: the copy has just been written.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            BackupError::DoesNotOpen { path: backup.to_owned(), reason: format!("its database is damaged: {error}") }
        }
        _ => BackupError::from(crate::sqlite::transaction_error::from_sql(database, &error)),
    };
    let connection = connect::connect(database, connect::Role::Writing).map_err(sql)?;
    let found = connect::header(&connection).map_err(sql)?;
    if found.schema > connect::SCHEMA {
        return Err(BackupError::Newer(backup.to_owned()));
    }
    connection.execute_batch(sql::WAL).map_err(sql)?;
    connect::migrate(&connection, vault).map_err(sql)?;
    // Whoever held a lease when the copy was made holds none here.
    for free in [sql::FREE_LEASES, sql::FREE_NAMES] {
        run(&connection, free, []).map_err(sql)?;
    }
    Ok(connect::settle(connection, database)?)
}
