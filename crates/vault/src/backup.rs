//! Backups: the whole vault in one file, sealed with a key that is kept elsewhere.
//!
//! Enters: an open vault and a [`BackupKey`]. Leaves: a file with a consistent copy of the database and of the data keys; or, read
//! back, the two. It is written beside its name and takes it whole. What a file says of itself is bound to every part of it, and nothing
//! may follow its last one. A crash leaves no file of that name, or the one before.
//!
//! A backup is as old as it is: refresh tokens that were sent since are used up, and such a login has to be made again.

mod error;
mod key;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use tokenward_core::ports::{StoreError, StoreFault};

use crate::folder::sync_folder;
use crate::io_error::from_io;
use crate::seal::{Keys, Label, OVERHEAD, open_with, seal_with};
use crate::sqlite::cached_statement::run;
use crate::sqlite::{DamagedLogin, SqliteVault, statements as sql};

pub use error::BackupError;
pub use key::{BackupKey, Stretch};

use key::STRETCH;

/// What went into a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// Logins that are damaged. They are in the backup as they are, and no better there.
    pub damaged: Vec<DamagedLogin>,
}

impl SqliteVault {
    /// Writes a backup to `file`, in place of an older one. A damaged login keeps no other out of it.
    ///
    /// # Errors
    /// [`BackupError::WeakKey`] before anything is done; what keeps the vault from being read or the file from being written. There is
    /// no new file then.
    pub async fn backup(&self, file: &Path, key: &BackupKey) -> Result<BackedUp, BackupError> {
        key.check()?;
        let (grants, mut damaged) = self.read_each_grant().await?;
        for grant in grants {
            // Brings what lies in rescue slots into the journal.
            match tokenward_core::ports::Journal::open_intents(self, grant.id).await {
                Ok(_) => {}
                Err(StoreError { kind: StoreFault::Unreadable | StoreFault::Key { .. }, reason, .. }) => {
                    damaged.push(DamagedLogin { id: Some(grant.id), profile: grant.profile, reason });
                }
                Err(error) => return Err(error.into()),
            }
        }
        let at = |error: &io::Error| {
            // Without the name of the file that was to become it.
            let reason = error.raw_os_error().map_or_else(|| error.kind().to_string(), |_| error.to_string());
            BackupError::NotWritten { path: file.to_owned(), reason }
        };
        let context = &self.context;
        let copy = tempfile::Builder::new()
            .prefix(".copy-")
            .tempfile_in(context.folder.vault())
            .map_err(|error| context.io(&error))?;
        let path = copy.path().to_str().ok_or_else(|| context.io(&io::ErrorKind::InvalidFilename.into()))?.to_owned();
        self.bare(move |_, connection| Ok(run(connection, sql::COPY, [path])?)).await?;
        let entropy = &*context.sealer.entropy;
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        let head = [&MAGIC[..], &[VERSION], &salt, &Stretch::to_bytes(key.stretch())].concat();
        let sealed_by = key.derive(&salt, key.stretch()).ok_or_else(|| at(&io::ErrorKind::OutOfMemory.into()))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut out = tempfile::Builder::new().prefix(".new-").tempfile_in(folder).map_err(|error| at(&error))?;
        let mut write = || -> io::Result<()> {
            out.write_all(&head)?;
            let mut number = 0;
            let mut chunk = |out: &mut dyn Write, plain: &[u8], last: bool| -> io::Result<()> {
                let blob = seal_with(&sealed_by, 0, entropy, &label(&head, number, last), plain);
                number += 1;
                out.write_all(&u32::try_from(blob.len()).unwrap_or(u32::MAX).to_le_bytes())?;
                out.write_all(&blob)
            };
            chunk(&mut out, &context.sealer.keys().to_bytes(), false)?;
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
        if let Err(error) = sync_folder(folder) {
            // Whoever is told that there is none must not find one whose key was never shown.
            drop(std::fs::remove_file(file));
            return Err(at(&error));
        }
        Ok(BackedUp { damaged })
    }
}

/// Opens a backup: the database goes to `out`, which lies at `place`; the keys are returned.
pub(crate) fn open(file: &Path, key: &BackupKey, (out, place): (&mut File, &Path)) -> Result<Keys, BackupError> {
    let refuse = |reason: &str| BackupError::DoesNotOpen { path: file.to_owned(), reason: reason.to_owned() };
    let unread = |error: io::Error| refuse(&error.to_string());
    let read = |error: io::Error, otherwise: &str| match error.kind() {
        io::ErrorKind::UnexpectedEof => refuse(otherwise),
        _ => refuse(&error.to_string()),
    };
    let mut input = io::BufReader::new(File::open(file).map_err(unread)?);
    let mut head = [0; MAGIC.len() + 1 + SALT + STRETCH];
    let (first, stretch) = head.split_at_mut(MAGIC.len() + 1 + SALT);
    input.read_exact(first).map_err(|error| read(error, "it is not a backup of Tokenward"))?;
    if !first.starts_with(MAGIC) {
        return Err(refuse("it is not a backup of Tokenward"));
    }
    let salt = &first[MAGIC.len() + 1..];
    let (sealed_by, bound) = match first[MAGIC.len()] {
        // The first form: no stretching, and nothing to say about it.
        1 => (key.derive_first(salt), &[][..]),
        VERSION => {
            input.read_exact(stretch).map_err(|error| read(error, "it is cut off"))?;
            let asked = <&[u8; STRETCH]>::try_from(&*stretch).ok().and_then(Stretch::from_bytes);
            let asked = asked.ok_or_else(|| refuse("it asks for more memory or time than a backup needs"))?;
            let derived = key.derive(salt, asked);
            (derived.ok_or_else(|| refuse("there is not enough memory to try the key"))?, &head[..])
        }
        _ => return Err(BackupError::Newer(file.to_owned())),
    };
    let mut keys = None;
    for number in 0.. {
        let mut length = [0; 4];
        input.read_exact(&mut length).map_err(|error| read(error, "it is cut off"))?;
        let length = u32::from_le_bytes(length) as usize;
        if length > CHUNK + OVERHEAD {
            return Err(refuse("it is damaged"));
        }
        let mut blob = vec![0; length];
        input.read_exact(&mut blob).map_err(|error| read(error, "it is cut off"))?;
        let (plain, last) = match open_with(&sealed_by, &label(bound, number, false), &blob) {
            Some(plain) => (plain, false),
            None => match open_with(&sealed_by, &label(bound, number, true), &blob) {
                Some(plain) => (plain, true),
                None if number == 0 => return Err(refuse("it belongs to another key, or is damaged")),
                None => return Err(refuse("it is damaged")),
            },
        };
        if keys.is_none() {
            keys = Some(Keys::from_bytes(&plain).ok_or_else(|| refuse("it is damaged"))?);
        } else {
            out.write_all(&plain).map_err(|error| from_io(place, &error))?;
        }
        if last {
            break;
        }
    }
    if input.read(&mut [0]).map_err(unread)? != 0 {
        return Err(refuse("something follows its end, which is not part of it"));
    }
    keys.ok_or_else(|| refuse("it is damaged"))
}

/// Chunks cannot be exchanged, left out or cut off unseen: each is bound to its number and to what the file says of itself, and the last
/// says that it is.
fn label(head: &[u8], number: u64, last: bool) -> Label {
    let label = Label::new("backup");
    let label = if head.is_empty() { label } else { label.with(head) };
    label.number(number).number(u64::from(last))
}

const MAGIC: &[u8; 8] = b"TWBACKUP";
/// The form that is written. The first is still read.
const VERSION: u8 = 2;
const SALT: usize = 16;
const CHUNK: usize = 1 << 20;
