//! Why a backup was not made, or not put in a vault's place.

use std::path::PathBuf;

use tokenward_core::ports::StoreError;

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
        reason: String,
    },
    /// A newer version wrote it.
    #[error("{} was written by a newer version of Tokenward", .0.display())]
    Newer(PathBuf),
    /// The key is too weak to protect a file that may be copied anywhere.
    #[error(
        "the key of a backup needs at least 16 characters that are no spaces and no dashes, and more than a few different ones; make one with: openssl rand -base64 32"
    )]
    WeakKey,
    /// There is no vault to be taken back: none was put aside by a restore, or it is gone.
    #[error("there is no vault from before a restore at {}", .0.display())]
    NothingToUndo(PathBuf),
    /// Another process has the vault open, and would go on with the one that is put aside.
    #[error("another program has the vault at {} open", .0.display())]
    InUse(PathBuf),
    /// The file of the backup could not be written. There is none then.
    #[error("{reason}")]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The vault could not be read.
    #[error(transparent)]
    Vault(#[from] StoreError),
}
