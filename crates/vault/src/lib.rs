//! Tokenward remembers: leases, journal, sealed tokens.
//!
//! What enters: the calls of [`tokenward_core::ports::Vault`], and at opening a [`Folder`], the [`KeySources`] and the
//! outside world as values ([`VaultOptions`]). What leaves: grants, the one right to spend a refresh token
//! ([`tokenward_core::Spend`]), and for files beside the database a seal under its keys ([`Beside`]).
//!
//! Promises kept here: one open spend a grant, by the journal and by the schema itself (I1); durable before visible (I2);
//! raw answers in the journal or the rescue slot, late sets parked (I3); everything secret sealed, files closed to
//! others (I4); every call is one transaction that may be repeated (I5); readers never wait for writers (I7).
//!
//! A crash at any point leaves the state before or after the call, the kernel wakes those who waited, and the next
//! process finds an open intent to recover from.

mod answer_slot;
mod backup;
mod codec;
mod disk_check;
mod file_metadata;
mod file_seal;
mod folder;
mod io_error;
mod key_sources;
mod keyring;
mod locks;
mod pending_answers;
#[cfg(feature = "postgres")]
mod postgres;
mod presence;
mod records;
mod rekey;
mod rescue;
mod restore;
mod restore_record;
mod seal;
mod sqlite;
#[cfg(feature = "suite")]
#[expect(clippy::missing_panics_doc, reason = "a case panics when the promise it tests is broken")]
pub mod suite;
pub mod trusted;

pub use backup::{BackedUp, BackupError, BackupKey, Stretch};
pub use file_metadata::stamp;
pub use file_seal::{Beside, FolderKeys};
pub use folder::{Folder, Repair, hand_over, open_private, sync_folder, write_private};
pub use io_error::from_io;
pub use key_sources::{ExplicitKey, KeySource, KeySources};
#[cfg(feature = "keyring")]
pub use keyring::DesktopKeyring;
pub use keyring::{Keyring, KeyringFault};
pub use locks::{Tried, try_lock};
#[cfg(feature = "postgres")]
pub use postgres::{DatabaseClock, PostgresOptions, PostgresVault};
pub use rekey::{Resealed, rewrap};
pub use restore::{
    KeptVault, KeyOutcome, Login as RestoredLogin, LoginState as SeenLogin, Plan as RestorePlan, Replaced, RestoredKey,
    Restoring, ServerPlan, Verdict, kept_vaults, remove_kept, restore,
};
pub use restore_record::Restored;
pub use sqlite::{DamagedLogin, Health, Info, ParkedSet, SqliteVault, VaultOptions, WaitingAnswer};
