//! What a vault gives to files beside its database: sealing under its keys, and its folder.
//!
//! Enters: bytes, what they are for and whose they are. Leaves: a blob that opens for the same purpose and owner alone (I4). A change of the
//! keys is followed; blobs of before it open as long as the old key is kept.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::folder::Folder;
use crate::key_sources::{self, KeySource, KeySources};
use crate::seal::{Keys, Label};
use crate::sqlite::{Context, SqliteVault};

/// The keys and the folder of a vault that is open.
#[derive(Clone)]
pub struct Beside(Arc<Context>);

impl SqliteVault {
    /// For files beside the database.
    pub fn beside(&self) -> Beside {
        Beside(Arc::clone(&self.context))
    }
}

impl Beside {
    /// Where the vault lies.
    pub fn folder(&self) -> &Folder {
        &self.0.folder
    }

    /// Whether it lies on a disk of this machine, of a kind that is known.
    pub fn is_local(&self) -> bool {
        crate::disk_check::is_local(self.0.folder.vault())
    }

    /// Seals bytes for a purpose and an owner.
    pub fn seal(&self, purpose: &'static str, owner: &[u8], plain: &[u8]) -> Vec<u8> {
        self.0.refresh_keys();
        self.0.sealer.seal(&Label::new(purpose).with(owner), plain)
    }

    /// Opens what was sealed for them; `None` for anything else.
    pub fn open(&self, purpose: &'static str, owner: &[u8], blob: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.refresh_keys();
        self.0.sealer.open(&Label::new(purpose).with(owner), blob).ok()
    }
}

/// The keys of a vault whose database is not opened.
pub struct FolderKeys(Keys);

impl FolderKeys {
    /// Reads them; `None` where they cannot be had, or their file is not private: whoever opens the vault is told why.
    pub fn of(folder: &Folder, sources: &KeySources) -> Option<Self> {
        let unlocked = key_sources::unlock(folder, sources).ok()??;
        let is_private = || std::fs::metadata(folder.key_file()).is_ok_and(|file| key_sources::private(&file));
        (unlocked.source != KeySource::KeyFile || is_private()).then_some(Self(unlocked.keys))
    }

    /// As [`Beside::open`].
    pub fn open(&self, purpose: &'static str, owner: &[u8], blob: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(&Label::new(purpose).with(owner), blob).ok()
    }
}
