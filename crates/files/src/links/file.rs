//! A file that other programs read and edit too, replaced as a whole.
//!
//! Enters: a path, and the values that belong into the file. Leaves: the file with them, by temporary file in the same
//! folder, sync, rename, sync of the folder: a reader sees the old file or the new one, and so does whoever comes
//! after a crash (I5). Symbolic links are followed and stay; mode, owner, access list and attributes stay; further hard links
//! of the old file do not pass to the new one. A new file that root makes belongs to the folder's owner. A file that is a mount of its own cannot be replaced, and is refused.
//!
//! Our own processes take turns by a lock file beside the target. A program that takes no lock may save the file at
//! any moment: the content is compared once more right before the rename, what the rename takes out is compared too (`swap`),
//! and the change is made anew on what that program wrote. What is left: a program that opened the file before and writes it in
//! place after the folder was synced writes into a file that is gone.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};
use tempfile::{Builder, NamedTempFile};

use super::compare_and_replace::{Moment, swap};
use super::document::Document;
use super::error::{DocumentError, FileError};
use super::extended_attributes::Marks;
use super::opened_file::{FileStat, is_link, kind};
use super::text_or_number::Value;
use tokenward_core::{Format, Place, Terms};
use tokenward_vault::{hand_over, open_private};

/// A file with values in it that are to be kept true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedFile {
    path: PathBuf,
    format: Format,
    may_be_missing: bool,
    terms: Option<Terms>,
}

impl LinkedFile {
    /// The file at a path. Nothing is touched yet.
    pub fn new(path: impl Into<PathBuf>, format: Format) -> Self {
        Self { path: path.into(), format, may_be_missing: false, terms: None }
    }

    /// The same, but it is written only where nobody else can exchange or read it, or where the terms permit that; and it gets no
    /// permission bit that it did not have when they were set.
    pub fn on(self, terms: Terms) -> Self {
        Self { terms: Some(terms), ..self }
    }

    /// The same, but a file that is not there counts as an empty one, and is created (mode 0600) when it is written.
    pub fn or_new(self) -> Self {
        Self { may_be_missing: true, ..self }
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself, at the end of all symbolic links: two paths of one file have one target.
    ///
    /// # Errors
    /// [`FileError::Missing`], [`FileError::Dangling`], [`FileError::NotAFile`], or the system's no.
    pub fn target(&self) -> Result<PathBuf, FileError> {
        let (folder, name) = self.parts()?;
        match std::fs::canonicalize(&self.path) {
            Ok(target) => {
                let metadata = std::fs::metadata(&target).map_err(io(&target, "look"))?;
                kind(&target, &metadata).map(|()| target)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if let Ok(to) = std::fs::read_link(&self.path) {
                    return Err(FileError::Dangling { path: self.path.clone(), target: to });
                }
                let folder = std::fs::canonicalize(folder).map_err(io(folder, "open the folder"))?;
                let target = folder.join(name);
                if self.may_be_missing { Ok(target) } else { Err(FileError::Missing { path: self.path.clone() }) }
            }
            Err(error) => Err(io(&self.path, "open")(error)),
        }
    }

    /// The content as it is now.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&self) -> Result<Document, FileError> {
        self.read_owned().map(|(document, _)| document)
    }

    /// The same, with the number of the owner of what was read.
    pub(super) fn read_owned(&self) -> Result<(Document, Option<u32>), FileError> {
        self.owned(self.content(&self.target()?)?.as_ref())
    }

    /// Waits for the turn to write, and proves that it can be written: permissions, folder, room. Blocks up to
    /// `patience`.
    ///
    /// # Errors
    /// [`FileError::Busy`] when another process of ours does not let go; [`FileError::ReadOnly`]; the system's no.
    pub fn hold(&self, patience: Duration) -> Result<LockedFile, FileError> {
        let target = self.target()?;
        self.check_way(&target)?;
        let (folder, name) = split(&target).ok_or_else(|| FileError::Missing { path: self.path.clone() })?;
        if let Ok(metadata) = std::fs::metadata(&target) {
            writable(&target, &metadata)?;
            if is_mount(&target) {
                return Err(FileError::Mount { path: self.path.clone() });
            }
        }
        writable(folder, &std::fs::metadata(folder).map_err(io(folder, "open the folder"))?)?;
        let path = folder.join(ours(name, ".lock"));
        let lock = self.lock(&path, patience)?;
        let is_blank = || std::fs::metadata(&target).is_ok_and(|metadata| metadata.len() == 0);
        // A program that writes in place empties the file first; one look again might meet its next writing.
        let was_blank = (0..FILLING).all(|_| {
            let blank = is_blank();
            if blank {
                std::thread::sleep(LOOK);
            }
            blank
        });
        let held = LockedFile { file: self.clone(), target: target.clone(), was_blank, _lock: lock };
        sweep(&held.target);
        held.prove()?;
        Ok(held)
    }

    /// Takes the lock of a file.
    fn lock(&self, path: &Path, patience: Duration) -> Result<File, FileError> {
        let mut waited = Duration::ZERO;
        let mut again = 0;
        loop {
            let lock = open_private(path).map_err(io(path, "open the lock file"))?;
            loop {
                match lock.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) if waited >= patience => {
                        return Err(FileError::Busy { path: self.path.clone() });
                    }
                    Err(TryLockError::WouldBlock) => {
                        std::thread::sleep(LOOK);
                        waited += LOOK;
                    }
                    Err(TryLockError::Error(error)) => return Err(io(path, "lock")(error)),
                }
            }
            // Whoever let the file go has taken the lock file away, and others may hold the next one.
            if is_at(&lock, path) || again == AGAIN {
                return Ok(lock);
            }
            again += 1;
        }
    }

    /// Takes the lock file away, unless somebody holds it. Who waits for it finds that it is gone, and makes another.
    pub(super) fn remove_lock(&self) {
        if let Some((_, path, lock)) = self.free_lock()
            && is_at(&lock, &path)
        {
            let _ = std::fs::remove_file(&path);
        }
    }

    /// Removes what a killed writer left, unless another is writing now: it does so itself. Waits for nobody.
    pub(super) fn tidy(&self) {
        if let Some((target, _, _lock)) = self.free_lock() {
            sweep(&target);
        }
    }

    /// The file behind any link, its lock file and the lock, where there is one that nobody holds: where there is none nobody has ever written.
    fn free_lock(&self) -> Option<(PathBuf, PathBuf, File)> {
        let target = self.target().ok()?;
        let (folder, name) = split(&target)?;
        let path = folder.join(ours(name, ".lock"));
        if std::fs::symlink_metadata(&path).is_err() || self.check_way(&target).is_err() {
            return None;
        }
        let lock = open_private(&path).ok()?;
        lock.try_lock().ok()?;
        Some((target, path, lock))
    }

    /// The terms on which it is written; `None` where nobody set any.
    pub(super) const fn terms(&self) -> Option<Terms> {
        self.terms
    }

    fn parts(&self) -> Result<(&Path, &OsStr), FileError> {
        split(&self.path).ok_or_else(|| FileError::NotAFile { path: self.path.clone(), what: "a folder" })
    }

    /// The target as one descriptor sees it; `None` when it is not there and need not be.
    fn content(&self, target: &Path) -> Result<Option<FileStat>, FileError> {
        match FileStat::at(target)? {
            None if !self.may_be_missing => Err(FileError::Missing { path: self.path.clone() }),
            seen => Ok(seen),
        }
    }

    fn owned(&self, seen: Option<&FileStat>) -> Result<(Document, Option<u32>), FileError> {
        Ok((self.document(self.bytes_of(seen))?, seen.map(|seen| seen.owner.0)))
    }

    fn bytes_of<'a>(&self, seen: Option<&'a FileStat>) -> &'a [u8] {
        seen.map_or(self.blank(), |seen| seen.bytes.as_slice())
    }

    /// What a file that is yet to be made holds: nothing, as far as its format has a word for it.
    const fn blank(&self) -> &'static [u8] {
        match self.format {
            Format::Json => b"{}\n",
            Format::Ini | Format::Dotenv | Format::Properties | Format::Fish | Format::Toml | Format::Yaml => b"",
        }
    }

    fn document(&self, bytes: &[u8]) -> Result<Document, FileError> {
        Document::parse(self.format, bytes).map_err(|error| self.refused(error))
    }

    fn refused(&self, source: DocumentError) -> FileError {
        FileError::Document { path: self.path.clone(), source }
    }
}

/// A file that no other process of ours writes while this exists.
#[derive(Debug)]
#[must_use = "the turn to write ends when this is dropped"]
pub struct LockedFile {
    file: LinkedFile,
    target: PathBuf,
    /// Whether it was empty when it was taken. Emptied since, it is about to be filled by a program that writes in place.
    was_blank: bool,
    _lock: File,
}

impl LockedFile {
    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    pub(super) const fn file(&self) -> &LinkedFile {
        &self.file
    }

    /// The content as it is now.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&self) -> Result<Document, FileError> {
        self.read_owned().map(|(document, _)| document)
    }

    /// The same, with the number of the owner of what was read.
    pub(super) fn read_owned(&self) -> Result<(Document, Option<u32>), FileError> {
        self.file.owned(self.file.content(&self.target)?.as_ref())
    }

    /// Puts values in their places, durably. Whatever another program changed meanwhile stays changed. Gives back
    /// whether anything had to be written.
    ///
    /// # Errors
    /// [`FileError`]; the file is as it was.
    pub fn write(&self, values: &[(Place, &str)]) -> Result<bool, FileError> {
        let values: Vec<_> = values.iter().map(|(place, value)| (place.clone(), Value::text(*value))).collect();
        self.write_values(&values)
    }

    /// The same, with numbers among the values.
    ///
    /// # Errors
    /// [`FileError`]; the file is as it was.
    pub fn write_values(&self, values: &[(Place, Value)]) -> Result<bool, FileError> {
        self.write_watched(values, |_| true, |_| {}).map(|written| written == WriteOutcome::Anew)
    }

    /// The same, as long as `still` holds of the content that the values are put into: what was decided about one content
    /// is not to be done to another, which may show a login that nobody knows, or be half of what a program is writing.
    pub(crate) fn write_while(
        &self,
        values: &[(Place, Value)],
        still: impl Fn(&Document) -> bool,
    ) -> Result<WriteOutcome, FileError> {
        self.write_watched(values, still, |_| {})
    }

    /// The same; `meanwhile` runs at each [`Moment`].
    pub(super) fn write_watched(
        &self,
        values: &[(Place, Value)],
        still: impl Fn(&Document) -> bool,
        mut meanwhile: impl FnMut(Moment),
    ) -> Result<WriteOutcome, FileError> {
        for _ in 0..ATTEMPTS {
            let old = match self.file.content(&self.target) {
                // It is at another place by now, or somebody wants us to look at another file.
                Err(error) if is_link(&error) => continue,
                old => old?,
            };
            if !self.was_blank && old.as_ref().is_some_and(|old| old.bytes.is_empty()) {
                std::thread::sleep(LOOK);
                continue;
            }
            meanwhile(Moment::Read);
            let mut document = self.file.document(self.file.bytes_of(old.as_ref()))?;
            if !still(&document) {
                return Ok(WriteOutcome::Moved);
            }
            for (place, value) in values {
                document.set_value(place, value).map_err(|error| self.file.refused(error))?;
            }
            let new = document.bytes();
            if old.as_ref().is_some_and(|old| old.bytes == new) {
                return Ok(WriteOutcome::Already);
            }
            let temporary = self.temporary(&new, old.as_ref(), &mut meanwhile)?;
            meanwhile(Moment::Prepared);
            // The link may lead elsewhere by now, and the file may be another, or another's, or open to others.
            if self.file.target()? != self.target {
                continue;
            }
            self.file.check_way(&self.target)?;
            let same = match self.file.content(&self.target) {
                Err(error) if is_link(&error) => false,
                now => match (&now?, &old) {
                    (Some(now), Some(old)) => now.is(old),
                    (None, None) => true,
                    _ => false,
                },
            };
            if !same {
                continue;
            }
            meanwhile(Moment::Looked);
            let dress = |new: &File| {
                let done = old.as_ref().map(|old| old.dress(new, self.file.widest(old)));
                if let Some(Err(error)) = done {
                    tracing::warn!(%error, file = %self.target.display(), "its mode could not be kept: it is its owner's alone");
                }
            };
            if swap(temporary, &self.target, old.as_ref(), dress, &mut meanwhile)
                .map_err(io(&self.target, "replace"))?
            {
                return Ok(WriteOutcome::Anew);
            }
        }
        Err(FileError::Restless { path: self.file.path.clone() })
    }

    /// Proves that the file can be replaced: by making the whole replacement, and a little more, and dropping it.
    fn prove(&self) -> Result<(), FileError> {
        let old = match FileStat::at(&self.target) {
            Err(error) if is_link(&error) => return Err(FileError::Restless { path: self.file.path.clone() }),
            old => old?,
        };
        let size = old.as_ref().map_or(0, |old| old.bytes.len());
        self.temporary(&vec![b'#'; size + ROOM], old.as_ref(), &mut |_| {}).map(|_| ())
    }

    /// A synced file beside the target, its owner that of the old one, and for that one alone: it has the old one's mode only once it
    /// stands in its place.
    fn temporary(
        &self,
        bytes: &[u8],
        old: Option<&FileStat>,
        meanwhile: &mut impl FnMut(Moment),
    ) -> Result<NamedTempFile, FileError> {
        let folder = self.folder();
        let name = self.target.file_name().unwrap_or_default();
        let failed = |what| io(&self.target, what);
        let file = Builder::new()
            .prefix(&ours(name, "-"))
            .suffix(TEMPORARY)
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(folder)
            .map_err(io(folder, "create a file in the folder"))?;
        meanwhile(Moment::Made);
        let none = Marks::default();
        let marks = old.map_or(&none, |old| &old.marks);
        marks.give_rest(file.as_file()).map_err(failed("keep the access list"))?;
        // Taking a list off may leave its mask behind as the group's rights.
        file.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(failed("keep the mode"))?;
        self.file.check_readers(file.as_file())?;
        let Some(old) = old else {
            hand_over(file.as_file(), folder).map_err(failed("give it to the owner of the folder"))?;
            return self.filled(file, bytes, meanwhile);
        };
        let new = file.as_file().metadata().map_err(failed("look"))?;
        if old.owner != (new.uid(), new.gid()) {
            fchown(file.as_file(), Some(old.owner.0), Some(old.owner.1)).map_err(failed("keep the owner"))?;
        }
        self.filled(file, bytes, meanwhile)
    }

    /// A new file with its content, synced.
    fn filled(
        &self,
        mut file: NamedTempFile,
        bytes: &[u8],
        meanwhile: &mut impl FnMut(Moment),
    ) -> Result<NamedTempFile, FileError> {
        let failed = |what| io(&self.target, what);
        file.write_all(bytes).map_err(failed("write a new copy"))?;
        meanwhile(Moment::Filled);
        file.as_file().sync_all().map_err(failed("sync a new copy"))?;
        Ok(file)
    }

    fn folder(&self) -> &Path {
        split(&self.target).map_or(Path::new("/"), |(folder, _)| folder)
    }
}

/// Whether an open file is still the one at a path.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Removes what a killed writer left beside a file. Its lock is held, so nobody is writing.
fn sweep(target: &Path) {
    let Some((folder, name)) = split(target) else { return };
    let prefix = ours(name, "-");
    let is_left = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(TEMPORARY.as_bytes())
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_left(&entry.file_name()) {
            // It is in nobody's way; the next writer tries again.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// What came of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// The file was replaced.
    Anew,
    /// Nothing had to be written.
    Already,
    /// The file holds something else by now, about which nothing was decided. It is as it was.
    Moved,
}

/// Folder and name; `None` for a path that ends in none, such as `/` or `..`.
fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    Some((folder?, path.file_name()?))
}

/// The name of a file of ours beside the target.
fn ours(name: &OsStr, end: &str) -> OsString {
    let mut own = OsString::from(".");
    own.push(name);
    own.push(".tokenward");
    own.push(end);
    own
}

/// A rename needs no permission on the file it replaces, but whoever took all write bits from a file meant something;
/// the system is asked as well, since the mode says nothing about read-only disks.
fn writable(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let mode = metadata.mode() & 0o777;
    let refused = match access(path, Access::WRITE_OK) {
        Ok(()) => mode & 0o222 == 0,
        Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM | rustix::io::Errno::ROFS) => true,
        Err(error) => return Err(io(path, "ask whether it may be written")(error.into())),
    };
    if refused { Err(FileError::ReadOnly { path: path.to_owned(), mode }) } else { Ok(()) }
}

/// Whether something is mounted on the file itself, as containers bind a single file: no other can take its place.
#[cfg(target_os = "linux")]
fn is_mount(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    // Kernels before 5.8 do not tell; there the rename tells.
    statx(CWD, path, AtFlags::empty(), StatxFlags::empty())
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount(_: &Path) -> bool {
    false
}

pub(super) fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> FileError + use<> {
    let path = path.to_owned();
    move |source| FileError::Io { path, what, source }
}

/// How often the change is made anew on what another program wrote.
const ATTEMPTS: usize = 16;
/// How often a lock file is opened anew that was taken away meanwhile. Some file systems number their files differently at each look.
const AGAIN: usize = 8;
/// How often a waiting process looks whether the lock is free.
const LOOK: Duration = Duration::from_millis(10);
/// How many looks an empty file is given in which it may be about to be filled.
const FILLING: usize = 6;
/// Room for longer tokens than the present ones, in bytes.
const ROOM: usize = 16 << 10;
const TEMPORARY: &str = ".tmp";

#[cfg(test)]
mod race_tests;
