//! The demo's folder, which goes when the demo does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokenward_core::Code;

use crate::failure::Failure;

/// A temporary folder. A child that was killed a moment ago may still be writing a file into it, so removing is tried
/// a few times.
pub(super) struct Folder(Option<TempDir>);

impl Folder {
    pub(super) fn new() -> std::io::Result<Self> {
        tempfile::Builder::new().prefix("tokenward-demo-").tempdir().map(|folder| Self(Some(folder)))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// Leaves the folder where it is.
    pub(super) fn keep(mut self) -> PathBuf {
        self.0.take().map(TempDir::keep).unwrap_or_default()
    }

    /// Removes the folder.
    pub(super) fn remove(mut self) -> Result<(), Failure> {
        self.try_remove().map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))
    }

    fn try_remove(&mut self) -> std::io::Result<()> {
        let Some(folder) = self.0.take() else { return Ok(()) };
        let path = folder.keep();
        for _ in 0..ATTEMPTS {
            match std::fs::remove_dir_all(&path) {
                Ok(()) => return Ok(()),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
        std::fs::remove_dir_all(&path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An interrupted demo has told its story already.
        let _ = self.try_remove();
    }
}

const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);
