//! That a vault was put in the place of another, and where the other one is: whoever wonders about a refused token can be told.
//!
//! A small file in the vault's folder, written with it before it takes its place. It holds no secret; one that does not read is as good
//! as none.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokenward_core::ProfileName;

use crate::folder::{Folder, write_whole};

/// That a vault was brought back from a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When.
    pub at: Timestamp,
    /// The copy.
    pub from: PathBuf,
    /// The vault that was there before, if there was one.
    pub before: Option<PathBuf>,
    /// Of these profiles the copy's refresh token had been used by the vault before.
    #[serde(default)]
    pub used: Vec<ProfileName>,
}

impl Restored {
    /// What is on record of the vault in this folder.
    pub fn last(folder: &Folder) -> Option<Self> {
        let bytes = std::fs::read(folder.restored()).ok()?;
        let found: Self = serde_json::from_slice(&bytes).ok()?;
        Some(Self { before: found.before.filter(|before| before.is_dir()), ..found })
    }

    /// Puts it on record, in the folder of the vault that is about to take the other's place.
    pub(crate) fn record(&self, staged: &Folder) -> io::Result<()> {
        write_whole(&staged.restored(), &serde_json::to_vec(self)?, true)
    }
}
