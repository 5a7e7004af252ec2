//! Links kept in step in the foreground, as files and clocks change, until told to stop.

use std::future::Future;
use std::path::PathBuf;

use jiff::Timestamp;
use tokenward_core::{App, Generation, ProfileName};

use super::report::LinkReport;
use crate::{Error, Keeper, Notice};

/// Keeps the links of some profiles in step.
#[derive(Debug)]
pub struct Watch {
    keeper: Keeper,
    profiles: Vec<(ProfileName, App)>,
}

/// Something that a watcher should hear of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum WatchEvent {
    /// A file is followed from now on. Told again when a link is added.
    Following {
        /// Its profile.
        profile: ProfileName,
        /// The file.
        file: PathBuf,
    },
    /// A link was looked after, and something was done or is amiss. One that stays amiss is told once.
    Link(LinkReport),
    /// A login was turned.
    Turned {
        /// Its profile.
        profile: ProfileName,
        /// Its generation now.
        generation: Generation,
        /// When its access token ends.
        expires: Timestamp,
        /// When it is turned next.
        next: Timestamp,
    },
    /// A turn failed.
    Failed {
        /// The profile.
        profile: ProfileName,
        /// Why.
        error: Error,
        /// When it is tried again; `None` when only a person can help: a new login is noticed at once.
        again: Option<Timestamp>,
    },
    /// Something else a person should know.
    Noticed {
        /// The profile.
        profile: ProfileName,
        /// What.
        notice: Notice,
    },
}

impl Watch {
    /// A watch over the links of these profiles, each with its app.
    pub fn new(keeper: &Keeper, profiles: Vec<(ProfileName, App)>) -> Self {
        Self { keeper: keeper.clone(), profiles }
    }

    /// Keeps the links in step until `stop` is done; then waits for a spend under way.
    ///
    /// # Errors
    /// The vault's, when it cannot even be read at the beginning.
    pub async fn run(
        self,
        listener: impl Fn(WatchEvent) + Send + Sync + 'static,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        todo!()
    }
}
