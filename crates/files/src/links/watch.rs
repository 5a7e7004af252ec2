//! Links kept in step in the foreground, as files and clocks change, until told to stop.
//!
//! Enters: profiles, edits of their files, the passing of time. Leaves: files in step, logins rotated before they are needed,
//! and an event for whatever a person should see. Each profile has a task of its own, so that a slow provider or disk of one
//! holds up no other. Nothing is decided here: a look is [`Links::reconcile`], a rotation is [`Keeper::access`], so a crash leaves
//! what those leave (I5).
//!
//! What is written here is seen here too, once: the next look finds the file as its receipt says and does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::{App, ExitClass, Generation, GrantId, LinkId, ProfileName, Status, TokenWish};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::folder_watch::Folders;
use super::linked_files::{Links, blocking};
use super::report::{FileComparison, LinkOutcome, LinkReport};
use tokenward_keeper::{Error, Keeper, Notice};

/// Keeps the links of some profiles in step.
#[derive(Debug)]
pub struct LinkWatcher {
    keeper: Keeper,
    profiles: Vec<(ProfileName, App)>,
    pause: Duration,
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
    /// A link was looked after, and something was done or is amiss. What stays amiss is told once.
    Link(LinkReport),
    /// A login was rotated.
    Rotated {
        /// Its profile.
        profile: ProfileName,
        /// Its generation now.
        generation: Generation,
        /// When its access token ends.
        expires: Timestamp,
        /// When it is rotated next.
        next: Timestamp,
    },
    /// A rotation failed, or the vault could not be asked.
    Failed {
        /// The profile.
        profile: ProfileName,
        /// Why.
        error: Error,
        /// When it is tried again; `None` when only a person can help: a new login is noticed by itself.
        again: Option<Timestamp>,
    },
    /// Something else a person should know.
    Noticed {
        /// The profile.
        profile: ProfileName,
        /// What.
        notice: Notice,
    },
    /// The system does not tell of edits, so that they are noticed by slow looks only.
    Blind {
        /// Why.
        reason: String,
    },
}

impl LinkWatcher {
    /// How long edits may go unnoticed where the system tells of none.
    pub const PAUSE: Duration = Duration::from_secs(30);

    /// A watch over the logins of these profiles, each with its app, and over their links. A profile without links is rotated in time
    /// too, and its first link is noticed.
    pub fn new(keeper: &Keeper, profiles: Vec<(ProfileName, App)>) -> Self {
        Self { keeper: keeper.clone(), profiles, pause: Self::PAUSE }
    }

    /// The same, with another pause between looks than [`LinkWatcher::PAUSE`].
    #[must_use]
    pub fn pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
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
        self.keeper.parts().vault.links(None).await?;
        let listener: Listener = Arc::new(listener);
        let wakes: Vec<Arc<Notify>> = self.profiles.iter().map(|_| Arc::default()).collect();
        let everyone = wakes.clone();
        let folders = match Folders::new(move || everyone.iter().for_each(|wake| wake.notify_one())) {
            Ok(folders) => Some(folders),
            Err(error) => {
                listener(WatchEvent::Blind { reason: error.to_string() });
                None
            }
        };
        let followed = Arc::new(Mutex::new(Followed { folders, files: BTreeMap::new(), blind: false }));
        let mut tasks = JoinSet::new();
        for ((profile, app), wake) in self.profiles.into_iter().zip(wakes) {
            let watched = Watched {
                links: Links::new(&self.keeper),
                keeper: self.keeper.clone(),
                profile,
                app,
                pause: self.pause,
                listener: Arc::clone(&listener),
                followed: Arc::clone(&followed),
                known: BTreeSet::new(),
                told: BTreeMap::new(),
                failures: 0,
                resting: None,
            };
            tasks.spawn(watched.run(wake));
        }
        stop.await;
        // Whatever they were at is in tasks of its own, or may be repeated by whoever comes next.
        tasks.shutdown().await;
        self.keeper.idle().await;
        Ok(())
    }
}

type Listener = Arc<dyn Fn(WatchEvent) + Send + Sync>;

/// The files of all profiles, watched together.
struct Followed {
    folders: Option<Folders>,
    files: BTreeMap<ProfileName, BTreeSet<PathBuf>>,
    blind: bool,
}

/// One profile that is kept in step.
struct Watched {
    links: Links,
    keeper: Keeper,
    profile: ProfileName,
    app: App,
    pause: Duration,
    listener: Listener,
    followed: Arc<Mutex<Followed>>,
    /// The files that were told of.
    known: BTreeSet<PathBuf>,
    /// What is amiss and was told.
    told: BTreeMap<LinkId, String>,
    /// Failed rotations in a row.
    failures: u32,
    /// No rotation of this generation is tried before this moment; `None`: not at all, since only a person can help.
    resting: Option<((GrantId, Generation), Option<Instant>)>,
}

impl Watched {
    async fn run(mut self, wake: Arc<Notify>) {
        loop {
            let next = match self.look().await {
                Ok(next) => next,
                Err(error) => self.failed(error),
            };
            tokio::select! {
                () = tokio::time::sleep(next.min(self.pause)) => {}
                () = wake.notified() => settle(&wake).await,
            }
        }
    }

    /// Follows what is linked now, brings it into step, and rotates the login if it is due. Gives back how long there is nothing
    /// to do.
    async fn look(&mut self) -> Result<Duration, Error> {
        let vault = &self.keeper.parts().vault;
        let files: BTreeSet<_> =
            vault.links(Some(&self.profile)).await?.into_iter().map(|link| link.target.file).collect();
        self.follow(files.clone()).await?;
        for report in self.links.reconcile(&self.app, &self.profile, false, Links::PATIENCE).await? {
            self.tell(report);
        }
        self.rotate().await
    }

    async fn follow(&mut self, files: BTreeSet<PathBuf>) -> Result<(), Error> {
        for file in files.difference(&self.known) {
            (self.listener)(WatchEvent::Following { profile: self.profile.clone(), file: file.clone() });
        }
        self.known.clone_from(&files);
        let (followed, profile) = (Arc::clone(&self.followed), self.profile.clone());
        let following = blocking(move || {
            let mut followed = followed.lock().unwrap_or_else(PoisonError::into_inner);
            followed.files.insert(profile, files);
            let all = followed.files.values().flatten().cloned().collect();
            let result = followed.folders.as_mut().map_or(Ok(()), |folders| folders.follow(&all));
            let first = result.is_err() && !followed.blind;
            followed.blind = result.is_err();
            result.err().filter(|_| first)
        });
        if let Some(error) = following.await? {
            (self.listener)(WatchEvent::Blind { reason: error.to_string() });
        }
        Ok(())
    }

    /// Rotates the login if it is due. Gives back how long it is not.
    async fn rotate(&mut self) -> Result<Duration, Error> {
        let Some(id) = self.keeper.parts().vault.grant_of(&self.profile).await? else { return Ok(self.pause) };
        let report = self.keeper.status(id).await?;
        let seen = (id, report.grant.generation);
        match self.resting {
            Some((of, None)) if of == seen => return Ok(self.pause),
            Some((of, Some(until))) if of == seen && Instant::now() < until => {
                return Ok(until.saturating_duration_since(Instant::now()));
            }
            _ => {}
        }
        let now = self.keeper.parts().clock.now();
        let early = report.due_at.and_then(|at| Duration::try_from(at.duration_since(now)).ok());
        if let Some(left) = early.filter(|left| !left.is_zero()) {
            self.failures = 0;
            return Ok(left);
        }
        if matches!(report.status, Status::Retired) {
            return Ok(self.pause);
        }
        let handed = match self.keeper.access(&self.app, id, TokenWish::default()).await {
            Ok(handed) => handed,
            Err(error) => return Ok(self.refused(error, seen)),
        };
        let mut next = LOOK_AGAIN;
        if handed.generation > seen.1 {
            let due_at = self.keeper.rules(&report.grant).due_at(id, &handed.access);
            (self.listener)(WatchEvent::Rotated {
                profile: self.profile.clone(),
                generation: handed.generation,
                expires: handed.access.expires,
                next: due_at,
            });
            self.tell_written(id, handed.generation).await;
            (self.failures, self.resting) = (0, None);
            next = Duration::try_from(due_at.duration_since(self.keeper.parts().clock.now())).unwrap_or(LOOK_AGAIN);
        }
        if let Some(error) = handed.failed {
            next = self.refused(error, seen);
        }
        for notice in handed.notices {
            match notice {
                Notice::RotationFailed(_) | Notice::RotatedElsewhere => {}
                notice => (self.listener)(WatchEvent::Noticed { profile: self.profile.clone(), notice }),
            }
        }
        Ok(next.max(LEAST))
    }

    /// Tells which files a rotation has written. It does so with the rotation, so that the next look finds nothing to do; one that it could
    /// not write is told by that look.
    async fn tell_written(&self, grant: GrantId, generation: Generation) {
        for link in self.keeper.parts().vault.links(Some(&self.profile)).await.unwrap_or_default() {
            if link.receipt.is_some_and(|receipt| (receipt.grant, receipt.generation) == (grant, generation)) {
                (self.listener)(WatchEvent::Link(LinkReport {
                    link: link.id,
                    profile: self.profile.clone(),
                    file: link.target.file,
                    outcome: LinkOutcome::Delivered { generation, closed: None },
                    narrowed: None,
                }));
            }
        }
    }

    /// A rotation did not succeed.
    fn refused(&mut self, error: Error, seen: (GrantId, Generation)) -> Duration {
        if error.code().exit() != ExitClass::NeedsConsent {
            let pause = self.failed(error);
            self.resting = Some((seen, Some(Instant::now() + pause)));
            return pause;
        }
        self.resting = Some((seen, None));
        (self.listener)(WatchEvent::Failed { profile: self.profile.clone(), error, again: None });
        self.pause
    }

    /// Pauses that grow from failure to failure, and differ between processes.
    fn failed(&mut self, error: Error) -> Duration {
        let pause = (FIRST_PAUSE * 2_u32.saturating_pow(self.failures.min(16))).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        let [share] = self.keeper.parts().random::<1>();
        let pause = pause.mul_f64(0.75 + f64::from(share) / 510.0);
        let again = self.keeper.parts().clock.now().checked_add(pause).ok();
        (self.listener)(WatchEvent::Failed { profile: self.profile.clone(), error, again });
        pause
    }

    /// Tells what was done or is amiss, once.
    fn tell(&mut self, report: LinkReport) {
        match &report.outcome {
            // Whose the new login is, is asked at each call, and the file is given it as soon as that is known.
            LinkOutcome::InStep | LinkOutcome::Elsewhere | LinkOutcome::Left(FileComparison::Unproven { .. }) => {
                self.told.remove(&report.link);
                return;
            }
            LinkOutcome::Left(_) | LinkOutcome::NotWritten(_) => {
                let words = format!("{:?}", report.outcome);
                if self.told.insert(report.link, words.clone()) == Some(words) {
                    return;
                }
            }
            _ => {
                self.told.remove(&report.link);
            }
        }
        (self.listener)(WatchEvent::Link(report));
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Returns when nothing has happened for a moment: who saves a file does so in several steps.
async fn settle(wake: &Notify) {
    let end = Instant::now() + LONGEST_STORM;
    while tokio::time::timeout_at(end.min(Instant::now() + QUIET), wake.notified()).await.is_ok() {
        if Instant::now() >= end {
            return;
        }
    }
}

/// How long files must rest after an edit before they are looked at.
const QUIET: Duration = Duration::from_millis(100);
/// How long they are waited for when they do not rest.
const LONGEST_STORM: Duration = Duration::from_secs(1);
/// When a rotation is under way elsewhere.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The least pause between two rotations.
const LEAST: Duration = Duration::from_secs(1);
/// The pause after a first failure.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause between failures.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
