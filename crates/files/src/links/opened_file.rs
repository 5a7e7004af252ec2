//! A file as one descriptor sees it: kind, size, mode, owner, access list and content of one and the same file.
//!
//! Enters: a path without symbolic links. Leaves: everything that is asked of the file there, by one opening. Whoever can write the
//! folder may put another file in its place between two looks by name; what one look says of the mode is then not true of what
//! another read (I4). So there is one look, and whatever is done afterwards is done only if the same file still stands.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use tokenward_vault::trusted::{Others, Trust};
use zeroize::Zeroizing;

use super::document::Document;
use super::error::{DocumentError, FileError};
use super::extended_attributes::Marks;

/// What was seen of a file.
#[derive(Debug)]
pub(super) struct FileStat {
    /// Device and inode.
    pub(super) identity: (u64, u64),
    /// The permission bits, the special ones too.
    pub(super) mode: u32,
    /// Whose it is, user and group.
    pub(super) owner: (u32, u32),
    /// Who else can read or write it.
    pub(super) others: Option<Others>,
    pub(super) marks: Marks,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl FileStat {
    /// Opens what stands at a path, follows no symbolic link, waits for no pipe, and reads it. `None` when nothing is there.
    ///
    /// # Errors
    /// [`FileError::NotAFile`]; too large; the system's no.
    pub(super) fn at(path: &Path) -> Result<Option<Self>, FileError> {
        let io = |what| {
            let path = path.to_owned();
            move |source| FileError::Io { path, what, source }
        };
        let mut file = match open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // A socket cannot be opened.
            Err(error) => {
                if let Ok(found) = std::fs::symlink_metadata(path)
                    && !found.file_type().is_symlink()
                {
                    kind(path, &found)?;
                }
                return Err(io("open")(error));
            }
        };
        let found = file.metadata().map_err(io("look"))?;
        kind(path, &found)?;
        let limit = Document::LIMIT as u64;
        if found.len() > limit {
            let source = DocumentError::TooLarge { size: found.len(), limit };
            return Err(FileError::Document { path: path.to_owned(), source });
        }
        let mut bytes = Zeroizing::new(Vec::new());
        file.by_ref().take(limit + 1).read_to_end(&mut bytes).map_err(io("read"))?;
        if bytes.len() as u64 > limit {
            let source = DocumentError::TooLarge { size: bytes.len() as u64, limit };
            return Err(FileError::Document { path: path.to_owned(), source });
        }
        let others = others(&file, &found).map_err(io("ask who can read it"))?;
        Ok(Some(Self {
            identity: (found.dev(), found.ino()),
            mode: found.mode() & 0o7777,
            owner: (found.uid(), found.gid()),
            others,
            marks: Marks::of(&file),
            bytes,
        }))
    }

    /// Whether it is the same file with the same content, as open to others as before.
    pub(super) fn is(&self, other: &Self) -> bool {
        (self.identity, self.mode, self.owner, &self.marks) == (other.identity, other.mode, other.owner, &other.marks)
            && self.bytes == other.bytes
    }

    /// Gives a file that has taken this one's place its access list and mode, no wider than `widest`. It stays its owner's alone
    /// where that fails.
    pub(super) fn dress(&self, new: &File, widest: u32) -> io::Result<()> {
        let mode = self.mode & (widest | 0o7000);
        // A list lets in whom the mode's group bits let in at most.
        if mode & 0o070 != 0 {
            self.marks.give_list(new)?;
        }
        new.set_permissions(Permissions::from_mode(mode))
    }
}

/// Opens a file for reading, if it is no symbolic link. Nothing happens to a device or a pipe by being opened so.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Whether a file could not be opened because a symbolic link has taken its place.
pub(super) fn is_link(error: &FileError) -> bool {
    let code = |error: &io::Error| error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    matches!(error, FileError::Io { source, .. } if code(source))
}

/// Refuses whatever is no file.
pub(super) fn kind(path: &Path, metadata: &std::fs::Metadata) -> Result<(), FileError> {
    let kind = metadata.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(FileError::NotAFile { path: path.to_owned(), what })
}

/// Who else can read or write an open file.
pub(super) fn others(file: &File, found: &Metadata) -> std::io::Result<Option<Others>> {
    let rights = Trust::effective().rights(file, found)?;
    Ok(rights.readers.or(rights.writers))
}
