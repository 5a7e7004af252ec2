//! Backup and restore: the whole vault in one file, sealed with a key that is kept elsewhere.
//!
//! Enters: an open vault and a [`BackupKey`]. Leaves: a file with a consistent copy of the database and of the data keys. Restoring
//! puts a new vault together beside the present one and exchanges the two in one step; the old one is kept. A crash leaves
//! either vault, and a half-written one beside it that nobody uses.
//!
//! A backup is as old as it is: refresh tokens that were turned since are spent, and such a login has to be made again.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use sqlx::{ConnectOptions, Connection};
use tokenward_core::SecretBytes;
use tokenward_core::ports::{Clock, Entropy, VaultError};

use crate::error::from_io;
use crate::folder::{Folder, open_private, sync_folder};
use crate::hex;
use crate::key::{self, KeySources, VaultId};
use crate::restored::Restored;
use crate::seal::{KeyBytes, Keys, Label, OVERHEAD, draw, mac, open_with, seal_with};
use crate::sqlite::{SqliteVault, connect, statements as sql};

/// The key of a backup.
pub struct BackupKey(SecretBytes);

impl BackupKey {
    /// A fresh key, to be written down by the person ([`BackupKey::expose`]).
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        let digits = hex::encode(&*draw(entropy)).into_bytes();
        let groups: Vec<_> = digits.chunks(8).map(<[u8]>::to_vec).collect();
        Self(SecretBytes::new(groups.join(&b'-')))
    }

    /// A key from a file or from what was written down. White space, and the dashes of a fresh key, do not count.
    ///
    /// # Errors
    /// [`BackupError::WeakKey`] when it is shorter than an explicit key may be.
    pub fn from_material(material: &SecretBytes) -> Result<Self, BackupError> {
        let bytes: Vec<u8> = material.expose().trim_ascii().to_vec();
        if bytes.len() < crate::ExplicitKey::LEAST {
            return Err(BackupError::WeakKey);
        }
        Ok(Self(SecretBytes::new(bytes)))
    }

    /// The key in words, to be shown once (I4: greppable).
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    fn derive(&self, salt: &[u8]) -> KeyBytes {
        let significant: Vec<u8> =
            self.0.expose().iter().copied().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-').collect();
        mac(SecretBytes::new(significant).expose(), &[b"tokenward backup", salt])
    }
}

/// Why a backup or a restore did not happen; the vault is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is a vault already, and replacing it was not asked for.
    #[error("there is a vault at {} already; restoring over it keeps the old one beside it, if that is asked for", .0.display())]
    VaultExists(PathBuf),
    /// The file is no backup, is damaged, or belongs to another key.
    #[error("{} does not open: {reason}", path.display())]
    DoesNotOpen {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// A newer version wrote it.
    #[error("{} was written by a newer version of Tokenward", .0.display())]
    Newer(PathBuf),
    /// The key is too short to protect a file that may be copied anywhere.
    #[error("the key of a backup needs at least 16 bytes; make one with: openssl rand -base64 32")]
    WeakKey,
    /// The vault, or the place of the backup, could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl SqliteVault {
    /// Writes a backup to `file`, in place of an older one.
    pub async fn backup(&self, file: &Path, key: &BackupKey) -> Result<(), BackupError> {
        for grant in self.read_grants().await? {
            // Brings what lies in rescue slots into the journal.
            tokenward_core::ports::Vault::open_intents(self, grant.id).await?;
        }
        let at = |error: &io::Error| from_io(file, error);
        let copy = tempfile::Builder::new()
            .prefix(".copy-")
            .tempfile_in(self.folder.vault())
            .map_err(|error| self.io(&error))?;
        {
            let mut connection = self.journalling().await?;
            let path = copy.path().to_str().ok_or_else(|| self.io(&io::ErrorKind::InvalidFilename.into()))?;
            sqlx::query(sql::COPY).bind(path).execute(&mut *connection).await.map_err(|error| self.sql(&error))?;
        }
        let entropy = &*self.sealer.entropy;
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        let sealed_by = key.derive(&salt);
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut out = tempfile::Builder::new().prefix(".new-").tempfile_in(folder).map_err(|error| at(&error))?;
        let mut write = || -> io::Result<()> {
            out.write_all(MAGIC)?;
            out.write_all(&[VERSION])?;
            out.write_all(&salt)?;
            let mut number = 0;
            let mut chunk = |out: &mut dyn Write, plain: &[u8], last: bool| -> io::Result<()> {
                let blob = seal_with(&sealed_by, 0, entropy, &label(number, last), plain);
                number += 1;
                out.write_all(&u32::try_from(blob.len()).unwrap_or(u32::MAX).to_le_bytes())?;
                out.write_all(&blob)
            };
            chunk(&mut out, &self.sealer.keys().to_bytes(), false)?;
            let mut database = File::open(copy.path())?;
            let mut buffer = Vec::with_capacity(CHUNK);
            loop {
                buffer.clear();
                (&mut database).take(CHUNK as u64).read_to_end(&mut buffer)?;
                let last = buffer.len() < CHUNK;
                chunk(&mut out, &buffer, last)?;
                if last {
                    break;
                }
            }
            out.as_file().sync_all()
        };
        write().map_err(|error| at(&error))?;
        out.persist(file).map_err(|error| at(&error.error))?;
        sync_folder(folder).map_err(|error| at(&error))?;
        Ok(())
    }
}

/// Puts the vault of a backup in place, sealed with a new wrapping key from the first source that is there. With `replace` a
/// vault that is there already is moved aside; its new path is returned. No other process may be using it.
pub async fn restore(
    folder: &Folder,
    file: &Path,
    key: &BackupKey,
    sources: &KeySources,
    replace: bool,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Option<PathBuf>, BackupError> {
    let present = folder.wrapped_key().exists() || folder.database().exists();
    if present && !replace {
        return Err(BackupError::VaultExists(folder.vault().to_owned()));
    }
    folder.prepare()?;
    let millis = clock.now().as_millisecond();
    let staged = folder.staged(&format!("vault.restored-{millis}"));
    staged.prepare()?;
    let result = unpack(&staged, file, key, sources, entropy).await;
    let io = |error: io::Error| BackupError::from(from_io(folder.vault(), &error));
    if let Err(error) = result {
        std::fs::remove_dir_all(staged.vault()).map_err(io)?;
        return Err(error);
    }
    let aside = folder.home().join(format!("vault.before-{millis}"));
    let from = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let restored = Restored { at: clock.now(), from, before: present.then(|| aside.clone()) };
    restored.record(&staged).map_err(io)?;
    if renameat_with(CWD, staged.vault(), CWD, folder.vault(), RenameFlags::EXCHANGE).is_ok() {
        std::fs::rename(staged.vault(), &aside).map_err(io)?;
    } else {
        // Where two folders cannot change places in one step there is a moment without either, and a crash in it leaves
        // both under their other names.
        std::fs::rename(folder.vault(), &aside).map_err(io)?;
        std::fs::rename(staged.vault(), folder.vault()).map_err(io)?;
    }
    sync_folder(folder.home()).map_err(io)?;
    if present {
        return Ok(Some(aside));
    }
    std::fs::remove_dir_all(&aside).map_err(io)?;
    Ok(None)
}

async fn unpack(
    staged: &Folder,
    file: &Path,
    key: &BackupKey,
    sources: &KeySources,
    entropy: &dyn Entropy,
) -> Result<(), BackupError> {
    let path = staged.database();
    let keys = {
        let mut database = open_private(&path).map_err(|error| from_io(&path, &error))?;
        let keys = open(file, key, &mut database)?;
        database.sync_all().map_err(|error| from_io(&path, &error))?;
        keys
    };
    // A vault of its own: an entry of the keyring, or an explicit key, is never shared with the vault it was copied from.
    let vault = VaultId::draw(entropy);
    let sql = |error: sqlx::Error| BackupError::from(crate::error::from_sql(&path, &error));
    let mut connection = connect::options(staged, connect::Role::Journalling).connect().await.map_err(sql)?;
    let found = connect::header(&mut connection).await.map_err(sql)?;
    if found.schema > connect::SCHEMA {
        return Err(BackupError::Newer(file.to_owned()));
    }
    sqlx::query(sql::WAL).execute(&mut connection).await.map_err(sql)?;
    connect::migrate(&mut connection, vault).await.map_err(sql)?;
    // Whoever held a lease when the copy was made holds none here.
    sqlx::query(sql::FREE_LEASES).execute(&mut connection).await.map_err(sql)?;
    connection.close().await.map_err(sql)?;
    let source = key::choose(staged, sources, vault, entropy)?;
    key::store(staged, sources, source, vault, &keys, entropy)?;
    Ok(())
}

/// Opens a backup: the database goes to `out`, the keys are returned.
fn open(file: &Path, key: &BackupKey, out: &mut File) -> Result<Keys, BackupError> {
    let at = |error: io::Error| BackupError::from(from_io(file, &error));
    let refuse = |reason| BackupError::DoesNotOpen { path: file.to_owned(), reason };
    let mut input = io::BufReader::new(File::open(file).map_err(at)?);
    let mut head = [0; MAGIC.len() + 1 + SALT];
    input.read_exact(&mut head).map_err(|_| refuse("it is not a backup of Tokenward"))?;
    let (magic, rest) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(refuse("it is not a backup of Tokenward"));
    }
    let (version, salt) = rest.split_at(1);
    if version != [VERSION] {
        return Err(BackupError::Newer(file.to_owned()));
    }
    let sealed_by = key.derive(salt);
    let mut keys = None;
    for number in 0.. {
        let mut length = [0; 4];
        input.read_exact(&mut length).map_err(|_| refuse("it is cut off"))?;
        let length = u32::from_le_bytes(length) as usize;
        if length > CHUNK + OVERHEAD {
            return Err(refuse("it is damaged"));
        }
        let mut blob = vec![0; length];
        input.read_exact(&mut blob).map_err(|_| refuse("it is cut off"))?;
        let (plain, last) = match open_with(&sealed_by, &label(number, false), &blob) {
            Some(plain) => (plain, false),
            None => match open_with(&sealed_by, &label(number, true), &blob) {
                Some(plain) => (plain, true),
                None if number == 0 => return Err(refuse("it belongs to another key, or is damaged")),
                None => return Err(refuse("it is damaged")),
            },
        };
        if keys.is_none() {
            keys = Some(Keys::from_bytes(&plain).ok_or_else(|| refuse("it is damaged"))?);
        } else {
            out.write_all(&plain).map_err(at)?;
        }
        if last {
            break;
        }
    }
    keys.ok_or_else(|| refuse("it is damaged"))
}

/// Chunks cannot be exchanged, left out or cut off unseen: each is bound to its number, and the last says that it is.
fn label(number: u64, last: bool) -> Label {
    Label::new("backup").number(number).number(u64::from(last))
}

const MAGIC: &[u8; 8] = b"TWBACKUP";
const VERSION: u8 = 1;
const SALT: usize = 16;
const CHUNK: usize = 1 << 20;
