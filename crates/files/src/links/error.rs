//! Why a file is left as it is, in sentences. None holds a value of the file (I4).

use std::path::PathBuf;

use thiserror::Error;

use tokenward_core::{Code, Format, Place};
use tokenward_vault::trusted::{Distrust, Others};

/// Why a document cannot be read or changed. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It does not follow its format. Lines and columns (in characters) count from one.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Something stands at the place that is no text.
    #[error("line {line}, column {column}: {place} is {found}, not a text")]
    NotText {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// The place.
        place: Place,
        /// What is there.
        found: &'static str,
    },
    /// It is larger than anything that holds a few tokens.
    #[error("it has {size} bytes, and files above {limit} bytes are not edited")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The place is one of another format.
    #[error("{place} is no place in a file of the format {format}")]
    WrongPlace {
        /// The place.
        place: Place,
        /// The format.
        format: Format,
    },
    /// The key is missing, and so is that into which it could be put.
    #[error("{place} is not there and cannot be added: {reason}")]
    NotThere {
        /// The place.
        place: Place,
        /// Why not.
        reason: &'static str,
    },
    /// The text in which the value should stand is no JSON document.
    #[error("the text at {place} is no JSON")]
    NoJson {
        /// Where the text stands.
        place: Place,
    },
    /// Several sections have the key and none was named.
    #[error("{key} is in several sections ({sections}); name one")]
    Ambiguous {
        /// The key.
        key: String,
        /// The sections.
        sections: String,
    },
    /// A key is there more than once, and what readers do not find there is a token that nobody has kept.
    #[error("{place} appears more than once (lines {lines}), with different values")]
    Doubled {
        /// The place.
        place: Place,
        /// The lines of its values.
        lines: String,
    },
    /// The value, or the name, cannot be written so that every reader of the format reads it back.
    #[error("{place} cannot be written: {reason}")]
    Unwritable {
        /// The place.
        place: Place,
        /// Why not.
        reason: &'static str,
    },
}

/// Why a file could not be read or replaced. It is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system's no.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There is no such file.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A link leads nowhere.
    #[error("{} is a link to {}, which does not exist", path.display(), target.display())]
    Dangling {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// It is a folder, a device or a pipe.
    #[error("{} is {what}, not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The file or its folder may not be written.
    #[error("{} may not be written (mode {mode:03o})", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Something is mounted on the file itself, so no other file can take its place.
    #[error("{} is a mount of its own, so it cannot be replaced as a whole; mount the folder it is in instead", path.display())]
    Mount {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else could put another file in its place.
    #[error("another user could replace {}: {found}", path.display())]
    SharedFolder {
        /// The file.
        path: PathBuf,
        /// What is wrong with a folder on the way to it.
        found: Distrust,
    },
    /// Somebody else can read or write it, so no token is put into it.
    #[error("{} is open to {by} (mode {mode:03o})", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// The widest circle of those who can.
        by: Others,
        /// Its mode.
        mode: u32,
    },
    /// Another process of ours holds it for longer than is reasonable.
    #[error("{} is being written by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Other programs changed it each time before the new content could take its place.
    #[error("{} is changed by other programs faster than it can be written", path.display())]
    Restless {
        /// The file.
        path: PathBuf,
    },
    /// Its content cannot be read or changed.
    #[error("{}: {source}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        source: DocumentError,
    },
}

impl FileError {
    /// The stable code of a file that is not written on its terms; `None` for other troubles.
    pub const fn barred(&self) -> Option<Code> {
        match self {
            Self::SharedFolder { .. } => Some(Code::SharedFolder),
            Self::OpenToOthers { .. } => Some(Code::FileOpenToOthers),
            Self::Document { source: DocumentError::Doubled { .. }, .. } => Some(Code::DoubledKey),
            _ => None,
        }
    }
}

pub(super) fn unwritable(place: &Place, reason: &'static str) -> DocumentError {
    DocumentError::Unwritable { place: place.clone(), reason }
}
