//! Why a store could not do as asked.

use std::path::PathBuf;

use thiserror::Error;

use crate::{Code, GrantId, IntentId};

/// Why the vault could not do as asked; variants by what the caller can do.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// It cannot be written. Nothing was changed.
    #[error("the vault at {} cannot be written: {reason}", path.display())]
    ReadOnly {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// There is no room. Nothing was changed.
    #[error("there is no room for the vault at {}: {reason}", path.display())]
    Full {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// Someone else holds its write lock for longer than is reasonable.
    #[error("the vault at {} is busy", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// It cannot be read or understood. It is never treated as empty.
    #[error("the vault at {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Its key is not there, or does not fit.
    #[error("the vault at {} cannot be opened with the key from {key}: {reason}", path.display())]
    Key {
        /// Where.
        path: PathBuf,
        /// The source of the key, in words.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// A newer version of Tokenward wrote it.
    #[error("the vault at {} has schema {found}, this version knows {known}", path.display())]
    Newer {
        /// Where.
        path: PathBuf,
        /// The schema found.
        found: i64,
        /// The newest schema known.
        known: i64,
    },
    /// Others may read or write it, and that could not be mended.
    #[error("{} is open to other users (mode {mode:o})", path.display())]
    OpenToOthers {
        /// Which file or folder.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// The home folder is somebody else's, who could put another vault in the place of this one.
    #[error("{} belongs to user {owner}, and neither to user {user} nor to root", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// To whom it belongs.
        owner: u32,
        /// To whom it would have to.
        user: u32,
    },
    /// There is no such grant.
    #[error("there is no grant {0}")]
    NoSuchGrant(GrantId),
    /// The lease has lapsed and someone else took it, or the generation has moved on.
    #[error("the grant has moved on")]
    Moved,
    /// Another intent is open and was not named as replayed (I1).
    #[error("a spend of this grant is open")]
    IntentOpen(IntentId),
    /// There is no refresh token to spend.
    #[error("the grant holds no refresh token")]
    NoRefreshToken,
}

impl VaultError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::ReadOnly { .. } => Code::VaultReadOnly,
            Self::Full { .. } => Code::VaultFull,
            Self::Busy { .. } => Code::VaultBusy,
            Self::Unreadable { .. } => Code::VaultUnreadable,
            Self::Key { .. } => Code::VaultKey,
            Self::Newer { .. } => Code::VaultNewer,
            Self::OpenToOthers { .. } | Self::NotOurs { .. } => Code::VaultOpenToOthers,
            Self::NoSuchGrant(_) => Code::NotLoggedIn,
            Self::Moved => Code::StillTurning,
            Self::IntentOpen(_) => Code::OutcomeUnknown,
            Self::NoRefreshToken => Code::NoRefreshToken,
        }
    }
}
