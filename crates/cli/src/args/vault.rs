//! The arguments of `vault`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `vault …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Show where the vault is, what opens it and what it holds
    Info,
    /// Write a sealed copy of the vault into a file; prints the copy's key once, unless one is given
    Backup {
        /// The file to write; must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        key: BackupKeyFrom,
    },
    /// Bring a sealed copy back, after showing what becomes of each login
    Restore(RestoreWish),
    /// Show the vaults that restores put aside, or remove some of them
    Kept(KeptVaults),
    /// Seal the vault anew: a new data key, and a new key file where the vault has its own
    Rekey {
        /// Open it with the key in this file from now on (TOKENWARD_KEY_FILE)
        #[arg(long, value_name = "FILE", conflicts_with = "own_key")]
        new_key_file: Option<PathBuf>,
        /// Open it with a key file of its own from now on
        #[arg(long)]
        own_key: bool,
    },
}

/// `vault restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreWish {
    /// The file that `vault backup` wrote, or a vault that `vault kept` shows
    #[arg(value_name = "FILE", required_unless_present = "undo")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) key: BackupKeyFrom,
    /// Put back the vault that was there before the last restore; once more takes that back
    #[arg(long, conflicts_with_all = ["file", "key_file", "key_stdin"])]
    pub(crate) undo: bool,
    /// Show what would become of each login, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do not ask, even if a vault is there already (it is kept beside the new one)
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `vault kept`.
#[derive(Debug, Args)]
pub(crate) struct KeptVaults {
    /// Remove this one for good, and the logins that are in no other; repeatable
    #[arg(long, value_name = "VAULT")]
    pub(crate) remove: Vec<PathBuf>,
    /// Remove all of them for good
    #[arg(long, conflicts_with = "remove")]
    pub(crate) remove_all: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Where the key of a backup comes from.
#[derive(Debug, Args)]
pub(crate) struct BackupKeyFrom {
    /// Read the copy's key from a file
    #[arg(long, value_name = "FILE", conflicts_with = "key_stdin")]
    pub(crate) key_file: Option<PathBuf>,
    /// Read the copy's key from stdin
    #[arg(long)]
    pub(crate) key_stdin: bool,
}
