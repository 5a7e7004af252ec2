//! The keeper: what the engine is made of, and what stands around it.
//!
//! Enters: ports, and whoever looks on. Leaves: a [`Keeper`], which every file of the engine adds its part to: a token is handed out in
//! `access.rs`, what a rotation does is in [`crate::rotation`], and what it may do is decided in `tokenward_core::rotation`. What is looked at here
//! spends nothing (I8). The engine knows nothing of what its [`Surroundings`] do: whatever is wrong there fails no rotation and no reader (I7),
//! and a crash in it costs nothing of the store's; whoever looks next finds the same (I5).

mod access_token;
mod app_secrets;
pub(crate) mod ended_login_access;
mod owner_verification;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{Clock, Entropy, Liveness, Provider, Vault};
use tokenward_core::{App, AppName, Code, Entry, Generation, Grant, GrantId, Intent, ProfileName, Rules, Status};
use tokio::sync::watch;

use crate::non_interactive_grants::Shows;
use crate::rotation::{RotationReport, Wish};
use crate::single_flight::Flights;
use crate::tally::{ExchangeKind, Tally};
use crate::{Error, KeptState, NoObserver, Notice, Observer, RotationStep};

pub use app_secrets::{AppKept, Registrations};
pub(crate) use owner_verification::names_no_user;
pub use owner_verification::{LoginWithoutProfile, another_user};

/// Everything a keeper is made of. Unstable as the ports are: it grows with the engine.
#[derive(Clone)]
#[non_exhaustive]
pub struct Parts {
    /// The store.
    pub vault: Arc<dyn Vault>,
    /// The provider.
    pub provider: Arc<dyn Provider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Who we are, and what became of others.
    pub witness: Arc<dyn Liveness>,
    /// Told of each step.
    pub observer: Arc<dyn Observer>,
    /// Told before a login is used, and after something newer of it is stored.
    pub surroundings: Arc<dyn Surroundings>,
}

impl Parts {
    /// With nobody who looks on, and nothing around it.
    pub fn new(
        vault: Arc<dyn Vault>,
        provider: Arc<dyn Provider>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        witness: Arc<dyn Liveness>,
    ) -> Self {
        let (observer, surroundings) = (Arc::new(NoObserver), Arc::new(NoSurroundings));
        Self { vault, provider, clock, entropy, witness, observer, surroundings }
    }

    /// So many random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

/// How long callers wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeeperOptions {
    /// How long a caller who already has a usable token waits for a fresher one that is being fetched.
    pub ahead_patience: Duration,
    /// How long a caller with nothing to use waits for someone else's rotation.
    pub refresh_patience: Duration,
}

impl Default for KeeperOptions {
    fn default() -> Self {
        Self { ahead_patience: Duration::from_secs(10), refresh_patience: Duration::from_mins(1) }
    }
}

impl KeeperOptions {
    /// With another wait for a fresher token by those who have a usable one.
    pub fn ahead_patience(self, ahead_patience: Duration) -> Self {
        Self { ahead_patience, ..self }
    }

    /// With another wait for someone else's rotation.
    pub fn refresh_patience(self, refresh_patience: Duration) -> Self {
        Self { refresh_patience, ..self }
    }
}

/// How a grant stands, for people.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The grant.
    pub grant: Grant,
    /// How it stands now.
    pub status: Status,
    /// When its access token is due to be rotated.
    pub due_at: Option<Timestamp>,
    /// Spends that nobody closed.
    pub intents: Vec<Intent>,
}

/// How thoroughly is looked before a login is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Looking {
    /// At what is out of step with the store.
    OutOfStep,
    /// At everything: the login needs a person, and somebody may have brought what keeps it alive.
    Everywhere,
}

/// Told before a login is used and after something newer of it is stored: whoever keeps files, or anything else outside the store, in step
/// with logins. The keeper is handed in, so that nobody holds it in a circle.
#[async_trait]
pub trait Surroundings: Send + Sync {
    /// Looks at what may have brought another login for a profile, and takes it over. Not for longer than `patience`. `app` is the
    /// profile's, `present` its login as it was read a moment ago. `None`: there was nothing to look at, so that it is still what it was.
    async fn before(
        &self,
        keeper: &Keeper,
        app: &App,
        profile: &ProfileName,
        present: Option<&Grant>,
        looking: Looking,
        patience: Duration,
    ) -> Option<Vec<Notice>>;

    /// A newer set of a grant is durable: what shows the login is given it. `stored` is the grant as it was stored, where that is known.
    /// `None`: there was nothing to give it to.
    async fn after(&self, keeper: &Keeper, app: &App, grant: GrantId, stored: Option<&Grant>) -> Option<Vec<Notice>>;
}

/// Nothing stands around the engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSurroundings;

#[async_trait]
impl Surroundings for NoSurroundings {
    async fn before(
        &self,
        _: &Keeper,
        _: &App,
        _: &ProfileName,
        _: Option<&Grant>,
        _: Looking,
        _: Duration,
    ) -> Option<Vec<Notice>> {
        None
    }

    async fn after(&self, _: &Keeper, _: &App, _: GrantId, _: Option<&Grant>) -> Option<Vec<Notice>> {
        None
    }
}

/// The engine. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Keeper {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) options: KeeperOptions,
    /// The rotations under way.
    pub(crate) rotations: Flights<GrantId, Wish, RotationReport>,
    /// The questions for new sets under way, by name.
    pub(crate) grant_requests: Flights<ProfileName, Shows, ()>,
    /// The questions under way whose a login is.
    pub(crate) whose: Flights<GrantId, (App, Generation), Option<Notice>>,
    spending: watch::Sender<usize>,
    pub(crate) tally: Arc<Tally>,
}

impl Keeper {
    /// A keeper over these parts.
    pub fn new(parts: Parts, options: KeeperOptions) -> Self {
        Self::counting(parts, options, watch::channel(0).0, Arc::default())
    }

    fn counting(parts: Parts, options: KeeperOptions, spending: watch::Sender<usize>, tally: Arc<Tally>) -> Self {
        let (rotations, grant_requests, whose) =
            (Flights::new(rotation_lost), Flights::new(grant_request_lost), Flights::new(user_lost));
        Self { inner: Arc::new(Inner { parts, options, rotations, grant_requests, whose, spending, tally }) }
    }

    /// A keeper that sends by another provider. Its spends count as this one's, so that whoever waits for
    /// [`Keeper::idle`] waits for them.
    pub fn sending_by(&self, provider: Arc<dyn Provider>) -> Self {
        let Inner { parts, options, spending, tally, .. } = &*self.inner;
        Self::counting(Parts { provider, ..parts.clone() }, *options, spending.clone(), Arc::clone(tally))
    }

    /// What it is made of.
    pub fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    /// Asks the provider whether it accepts the app. Spends nothing, and ends no token of anybody's.
    ///
    /// # Errors
    /// What it refuses the app for; [`Code::SettingMissing`] where there is nothing that could be asked;
    /// [`Code::Unreachable`].
    pub async fn check_up(&self, app: &App) -> Result<(), Error> {
        self.inner.parts.provider.check_up(app).await.accepted.map_err(Error::call)
    }

    /// The rules that a grant lives by.
    pub fn rules(&self, grant: &Grant) -> &Rules {
        self.inner.parts.provider.rules(&grant.app, grant.issued_by)
    }

    /// The grant of a profile.
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`] when nobody has logged in under it; the vault's errors.
    pub async fn grant_of(&self, profile: &ProfileName) -> Result<GrantId, Error> {
        let found = self.inner.parts.vault.grant_of(profile).await?;
        found.ok_or_else(|| Error::with_detail(Code::NotLoggedIn, KeptState::Nothing, profile.as_str()))
    }

    /// The login of a profile as it is stored, in one look; `None` when nobody has logged in under it. Spends nothing (I8).
    ///
    /// # Errors
    /// The vault's.
    pub async fn login_of(&self, profile: &ProfileName) -> Result<Option<Grant>, Error> {
        Ok(self.inner.parts.vault.look(profile).await?)
    }

    /// A login as it is stored. Spends nothing (I8).
    ///
    /// # Errors
    /// The vault's.
    pub async fn login(&self, id: GrantId) -> Result<Grant, Error> {
        Ok(self.inner.parts.vault.grant(id).await?)
    }

    /// How a grant stands. Spends nothing (I8).
    pub async fn status(&self, id: GrantId) -> Result<Report, Error> {
        let grant = self.inner.parts.vault.grant(id).await?;
        self.report(grant).await
    }

    /// How every grant stands, oldest first. Spends nothing (I8).
    pub async fn list(&self) -> Result<Vec<Report>, Error> {
        let mut reports = Vec::new();
        for grant in self.inner.parts.vault.grants().await? {
            reports.push(self.report(grant).await?);
        }
        Ok(reports)
    }

    /// What happened to a grant, newest first.
    pub async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, Error> {
        Ok(self.inner.parts.vault.journal(id, limit).await?)
    }

    /// How many exchanges this process has made, by what came of them.
    pub fn exchanges(&self) -> BTreeMap<ExchangeKind, u64> {
        self.inner.tally.exchanges()
    }

    /// How many answers were found that an earlier process or call had left, by app.
    pub fn recoveries(&self) -> BTreeMap<AppName, u64> {
        self.inner.tally.recoveries()
    }

    /// Whether a spend is between its intent and its commit in this process. While it is, a signal should wait.
    pub fn is_spending(&self) -> bool {
        *self.inner.spending.borrow() > 0
    }

    /// Returns once no spend is between its intent and its commit in this process.
    pub async fn idle(&self) {
        let mut spending = self.inner.spending.subscribe();
        // The sender lives in `inner`, which we hold.
        let _ = spending.wait_for(|count| *count == 0).await;
    }

    /// A step has just been completed.
    pub(crate) fn at(&self, step: RotationStep) {
        tracing::debug!(%step, "step");
        self.inner.parts.observer.at(step);
    }

    /// Looks around for what is out of step with a profile's login, before it is used.
    pub(crate) async fn look_around(
        &self,
        app: &App,
        profile: Option<&ProfileName>,
        present: Option<&Grant>,
        patience: Duration,
    ) -> Option<Vec<Notice>> {
        self.inner.parts.surroundings.before(self, app, profile?, present, Looking::OutOfStep, patience).await
    }

    /// Tells that something newer of a grant is stored.
    pub(crate) async fn tell_around(&self, app: &App, grant: GrantId, stored: Option<&Grant>) -> Option<Vec<Notice>> {
        self.inner.parts.surroundings.after(self, app, grant, stored).await
    }

    async fn report(&self, grant: Grant) -> Result<Report, Error> {
        let intents = self.inner.parts.vault.open_intents(grant.id).await?;
        let rules = self.rules(&grant);
        let status = grant.status(rules, self.inner.now());
        let due_at = grant.access.as_ref().map(|access| rules.due_at(grant.id, access));
        Ok(Report { grant, status, due_at, intents })
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        self.parts.random()
    }

    /// Counts a spend as under way until the guard is dropped.
    pub(crate) fn spending(self: &Arc<Self>) -> Spending {
        self.spending.send_modify(|count| *count += 1);
        Spending(Arc::clone(self))
    }
}

/// While it exists, a spend is under way.
pub(crate) struct Spending(Arc<Inner>);

impl Drop for Spending {
    fn drop(&mut self) {
        self.0.spending.send_modify(|count| *count -= 1);
    }
}

/// Says that a rotation ended without a word.
fn rotation_lost(grant: &GrantId) {
    tracing::error!(
        %grant,
        "a refresh was under way when the program's runtime ended or the refresh panicked; what was sent is on record, and the next program \
         finds out what became of it. A program that waits before it ends (Client::close) has no such doubt"
    );
}

/// Says that a question ended without a word.
fn grant_request_lost(name: &ProfileName) {
    tracing::error!(%name, "new tokens were asked for when the program's runtime ended or the question panicked; the next one asks again");
}

/// Says that a question whose a login is ended without a word.
fn user_lost(grant: &GrantId) {
    tracing::warn!(%grant, "the question whose a login is ended without a word");
}

/// How long those are waited for who look at what stands around.
pub(crate) const LOOK_PATIENCE: Duration = Duration::from_secs(2);
