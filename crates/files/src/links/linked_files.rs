//! The files that are kept in step with logins: the handle, and what its works have in common.

use std::fmt;
use std::time::Duration;

use tokenward_core::{Code, Link};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::error::FileError;
use super::file::LinkedFile;
use super::report::{LinkOutcome, LinkReport};
use tokenward_keeper::{Error, Keeper, KeptState, Parts};

/// The files that are kept in step with logins. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    pub(super) keeper: Keeper,
}

impl Links {
    /// How long a file may keep its readers waiting before it is left for another time.
    pub const PATIENCE: Duration = Duration::from_secs(2);

    /// The links of a keeper's vault.
    pub fn new(keeper: &Keeper) -> Self {
        Self { keeper: keeper.clone() }
    }

    pub(super) fn parts(&self) -> &Parts {
        self.keeper.parts()
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

pub(super) fn report(link: &Link, outcome: LinkOutcome) -> LinkReport {
    let (profile, file) = (link.target.profile.clone(), link.target.file.clone());
    LinkReport { link: link.id, profile, file, outcome, narrowed: None }
}

/// A file that a person wants filled in may be missing.
pub(super) fn linked(link: &Link, asked: bool) -> LinkedFile {
    let file = LinkedFile::new(&link.target.file, link.target.format).on(link.terms);
    if asked { file.or_new() } else { file }
}

/// Work with files, which may block, on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::with_detail(Code::Internal, KeptState::Everything, error.to_string()))
}

/// A task's result, if it comes in time. One that does not goes on by itself.
pub(super) async fn joined<T>(task: JoinHandle<T>, end: Instant) -> Option<T> {
    tokio::time::timeout_at(end + GRACE, task).await.ok()?.ok()
}

/// A file that did not answer.
pub(super) fn silent(link: &Link) -> Error {
    let detail = format!("{} did not answer in time", link.target.file.display());
    Error::with_detail(Code::FileNotWritten, KeptState::NewTokens, detail)
}

/// A file that cannot be read or understood.
pub(super) fn unreadable(error: &FileError) -> Error {
    Error::with_detail(error.barred().unwrap_or(Code::FileUnusable), KeptState::Everything, error.to_string())
}

/// A file that cannot be written. The vault has what it should show.
pub(super) fn unwritten(error: &FileError) -> Error {
    Error::with_detail(error.barred().unwrap_or(Code::FileNotWritten), KeptState::NewTokens, error.to_string())
}

/// How much longer than its file's lock a task is waited for.
const GRACE: Duration = Duration::from_millis(250);
