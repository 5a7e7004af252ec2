//! Who else could read a file with tokens, or put another one in its place (I4).
//!
//! Enters: a linked file and its terms. Leaves: nothing where it may be written; else why not. A folder on the way to it that others
//! can write lets them exchange the file, so tokens would go where they say: that is refused when a file is linked, and passed over
//! when it is written later, unless a person insisted ([`Terms`](tokenward_core::Terms)).
//!
//! A file that others can read is closed to them, when it is linked and whenever it is written, since most files are made so by
//! habit (an editor, a checkout) and not on purpose; it is said each time. One that cannot be closed, because it is not ours or its
//! file system keeps a mode of its own, is refused. A crash leaves a file that is narrower than before.

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tokenward_vault::trusted::{Distrust, Trust};

use super::error::FileError;
use super::file::{LinkedFile, LockedFile, io};
use super::opened_file::{FileStat, is_link, kind, open, others};

/// What was done about a file that is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Narrowed {
    /// The mode it has now; that of a new file where there is none yet.
    pub(super) mode: u32,
    /// The mode it had, if it was open to others and is not any more.
    pub(super) was: Option<u32>,
}

impl LinkedFile {
    /// Whether tokens in it are safe from other users on its terms, as things stand now. Changes nothing.
    ///
    /// # Errors
    /// [`FileError::SharedFolder`], [`FileError::OpenToOthers`]; the system's no.
    pub fn is_safe(&self) -> Result<(), FileError> {
        let target = self.target()?;
        self.check_way(&target)?;
        match FileStat::at(&target) {
            Ok(Some(FileStat { others: Some(by), mode, .. })) if self.is_for_owner_alone() => {
                Err(FileError::OpenToOthers { path: self.path().to_owned(), by, mode: mode & 0o777 })
            }
            // It is being exchanged; whoever writes it looks again.
            Err(error) if !is_link(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// The same for a file that is about to be linked, which is narrowed if it is ours.
    pub(super) fn may_be_linked(&self) -> Result<(), FileError> {
        match self.is_safe() {
            Err(FileError::OpenToOthers { .. }) if self.is_ours()? => Ok(()),
            judged => judged,
        }
    }

    /// Takes a file of ours from others, unless the terms leave it open, and tells the mode that it has then.
    ///
    /// # Errors
    /// [`FileError::OpenToOthers`] where the file system keeps a mode of its own; the system's no.
    pub(super) fn narrow(&self) -> Result<Narrowed, FileError> {
        let target = self.target()?;
        let file = match open(&target) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Narrowed { mode: NEW, was: None }),
            file => file.map_err(io(&target, "open"))?,
        };
        let found = file.metadata().map_err(io(&target, "look"))?;
        kind(&target, &found)?;
        let mode = found.mode() & 0o777;
        let others = |found| others(&file, found).map_err(io(&target, "ask who can read it"));
        if !self.is_for_owner_alone() || others(&found)?.is_none() {
            return Ok(Narrowed { mode, was: None });
        }
        let narrow = mode & 0o700;
        file.set_permissions(Permissions::from_mode(narrow)).map_err(io(&target, "make it yours alone"))?;
        let found = file.metadata().map_err(io(&target, "look"))?;
        match others(&found)? {
            Some(by) => Err(FileError::OpenToOthers { path: self.path().to_owned(), by, mode: found.mode() & 0o777 }),
            None => Ok(Narrowed { mode: narrow, was: Some(mode) }),
        }
    }

    /// Refuses a way that somebody else could turn elsewhere.
    pub(super) fn check_way(&self, target: &Path) -> Result<(), FileError> {
        if self.terms().is_none_or(|terms| terms.shared_folder) {
            return Ok(());
        }
        let path = std::path::absolute(self.path()).map_err(io(self.path(), "name it from the root on"))?;
        match Trust::effective().way(&path) {
            Ok(end) if end == target => Ok(()),
            Ok(_) => Err(FileError::Restless { path: self.path().to_owned() }),
            Err(Distrust::Io { path, error }) => Err(io(&path, "walk to it")(error)),
            Err(found) => Err(FileError::SharedFolder { path: self.path().to_owned(), found }),
        }
    }

    /// Refuses a new file, made for its owner alone, that others can read or write all the same: there are file systems that keep a
    /// mode of their own.
    pub(super) fn check_readers(&self, file: &File) -> Result<(), FileError> {
        if !self.is_for_owner_alone() {
            return Ok(());
        }
        let look = io(self.path(), "ask who can read it");
        let (mode, others) =
            file.metadata().and_then(|found| Ok((found.mode(), others(file, &found)?))).map_err(look)?;
        match others {
            Some(by) => Err(FileError::OpenToOthers { path: self.path().to_owned(), by, mode: mode & 0o777 }),
            None => Ok(()),
        }
    }

    /// The permission bits that a file may have which takes the place of this one. Where others come to read it that could not when it
    /// was linked, it is closed again: an editor or a checkout makes files so by habit.
    pub(super) fn widest(&self, old: &FileStat) -> u32 {
        let closed = if old.others.is_some() && self.is_for_owner_alone() { 0o700 } else { 0o777 };
        self.terms().and_then(|terms| terms.widest).unwrap_or(0o777) & closed
    }

    fn is_for_owner_alone(&self) -> bool {
        self.terms().is_some_and(|terms| !terms.open_to_others)
    }

    /// Whether the file's mode is ours to change.
    fn is_ours(&self) -> Result<bool, FileError> {
        let target = self.target()?;
        let owner = open(&target).and_then(|file| file.metadata()).map_err(io(&target, "look"))?.uid();
        let user = rustix::process::geteuid().as_raw();
        Ok(user == 0 || owner == user)
    }
}

impl LockedFile {
    /// The mode of the file, if others can read it and its terms do not permit that.
    ///
    /// # Errors
    /// The system's no.
    pub(super) fn open_to_others(&self) -> Result<Option<u32>, FileError> {
        match self.file().is_safe() {
            Err(FileError::OpenToOthers { mode, .. }) => Ok(Some(mode)),
            judged => judged.map(|()| None),
        }
    }
}

/// The mode of a file that is made anew.
const NEW: u32 = 0o600;
