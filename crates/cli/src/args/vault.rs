//! The arguments of `vault`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `vault …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Show the vault's location, key source and content
    Info,
    /// Write an encrypted backup of the vault to a file; prints the backup's key once, unless a key is given
    Backup {
        /// The file to write; must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        key: BackupKeyFrom,
    },
    /// Restore an encrypted backup, after showing what happens to each login
    Restore(RestoreWish),
    /// List the vaults that earlier restores replaced, or delete some of them
    Kept(KeptVaults),
    /// Encrypt the vault with a new data key, and a new key file if the vault has its own
    Rekey {
        /// Use the key in this file from now on (TOKENWARD_KEY_FILE)
        #[arg(long, value_name = "FILE", conflicts_with = "own_key")]
        new_key_file: Option<PathBuf>,
        /// Use the vault's own key file from now on
        #[arg(long)]
        own_key: bool,
    },
}

/// `vault restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreWish {
    /// File written by `vault backup`, or a vault listed by `vault kept` (--key-file: the key it opened with)
    #[arg(value_name = "FILE", required_unless_present = "undo")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) key: BackupKeyFrom,
    /// Undo the last restore; run again to redo it
    #[arg(long, conflicts_with = "file")]
    pub(crate) undo: bool,
    /// Show what would happen to each login, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do not ask for confirmation, even if a vault exists (it is kept as an archive)
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `vault kept`.
#[derive(Debug, Args)]
pub(crate) struct KeptVaults {
    /// Delete this vault permanently, including logins that no other vault holds; repeatable
    #[arg(long, value_name = "VAULT")]
    pub(crate) remove: Vec<PathBuf>,
    /// Delete all of them permanently
    #[arg(long, conflicts_with = "remove")]
    pub(crate) remove_all: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Where the key of a backup comes from.
#[derive(Debug, Args)]
pub(crate) struct BackupKeyFrom {
    /// Read the backup's key from a file
    #[arg(long, value_name = "FILE", conflicts_with = "key_stdin")]
    pub(crate) key_file: Option<PathBuf>,
    /// Read the backup's key from stdin
    #[arg(long)]
    pub(crate) key_stdin: bool,
}
