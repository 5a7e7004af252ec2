//! The scheduler: logins are refreshed before anybody has to wait for it.
//!
//! Enters: what the store says is due, one app after the other, and whose tokens are read here. Leaves: exchanges of the engine, which alone
//! keeps I1 and I2; a claim only spares the nodes each other's work. Logins whose token is read are *hot* and are refreshed before their access
//! token ends; the others are *warm* and are refreshed in time for their refresh token to live on (`plan`). The most urgent end goes first.
//! How many exchanges an app may begin is one budget in the store, from which callers' exchanges are taken too, so that background work waits
//! for callers and never they for it.
//!
//! Where the store does not answer, or a provider does not, background work stops, by itself and with growing pauses, and nothing is lost: what
//! is due stays due. A node that dies costs its claims' time (I5).

mod breaker;
mod plan;
mod readers;
mod unserved;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokenward::{Error, ServerSession};
use tokenward_core::ports::{DueClaim, DueGrant, DueMark, Pace};
use tokenward_core::{App, AppName, ExitClass, Grant, ProfileName, RateLimit, TokenWish};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use breaker::Breaker;
pub(crate) use plan::outlook;
use plan::{Plan, plan};
use readers::Readers;

pub(crate) use readers::TokenRead;

/// How background work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulerOptions {
    /// For how long a token that was read is kept from ending.
    pub hot_for: Duration,
    /// How many exchanges this node has under way at once, at most.
    pub at_once: usize,
    /// How often it is looked what is due.
    pub tick: Duration,
    /// How fast exchanges of an app may follow each other where its provider does not say.
    pub rate: RateLimit,
}

impl Default for SchedulerOptions {
    fn default() -> Self {
        Self {
            hot_for: Duration::from_hours(6),
            at_once: 16,
            tick: Duration::from_secs(1),
            rate: RateLimit { per_minute: 600, per_second: 20 },
        }
    }
}

/// The scheduler of a node. Clones share everything.
#[derive(Clone)]
pub struct Scheduler {
    state: Arc<State>,
}

struct State {
    session: Arc<ServerSession>,
    options: SchedulerOptions,
    readers: Mutex<Readers>,
    /// By the host that answers exchanges.
    breakers: Mutex<HashMap<String, Breaker>>,
    /// Until when nothing of an app is begun.
    pauses: Mutex<HashMap<AppName, Timestamp>>,
    permits: Arc<Semaphore>,
    rounds: AtomicU64,
}

/// What one look has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Logins that were looked at.
    pub looked: usize,
    /// Exchanges that were begun.
    pub begun: usize,
    /// Whether more is due that could be begun at once.
    pub is_more: bool,
}

/// A login to be refreshed now.
struct DueRefresh {
    claim: DueGrant,
    grant: Grant,
    profile: ProfileName,
    ends: Timestamp,
}

impl Scheduler {
    /// Over a session. Nothing is done before [`Scheduler::run`] or [`Scheduler::round`].
    pub fn new(session: Arc<ServerSession>, options: SchedulerOptions) -> Self {
        let permits = Arc::new(Semaphore::new(options.at_once.max(1)));
        let (readers, breakers, pauses, rounds) = Default::default();
        Self { state: Arc::new(State { session, options, readers, breakers, pauses, permits, rounds }) }
    }

    /// Works until it is told to stop, and then waits for the exchanges that it has begun.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let (mut stop, mut telling) = (pin!(stop), pin!(unserved::tell(&self.state.session)));
        let mut pause = self.state.options.tick;
        let mut is_told = false;
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                // It reads every login, and what is due does not wait for it.
                () = &mut telling, if !is_told => {
                    is_told = true;
                    continue;
                }
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.round().await {
                Ok(Round { is_more: true, .. }) => SHORT_PAUSE.min(self.state.options.tick),
                Ok(_) => self.state.options.tick,
                Err(error) => {
                    tracing::warn!(%error, "what is due cannot be found out; it stays due");
                    LONGEST_PAUSE.min(pause.max(SHORT_PAUSE) * 2)
                }
            };
        }
        self.settled().await;
    }

    /// Waits for the exchanges that it has begun.
    pub async fn settled(&self) {
        let all = u32::try_from(self.state.options.at_once.max(1)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        drop(self.state.permits.acquire_many(all).await);
    }

    /// Looks once at every app, and begins what is due.
    ///
    /// # Errors
    /// The store's; whatever is due stays due.
    pub async fn round(&self) -> Result<Round, Error> {
        let State { session, readers, .. } = &*self.state;
        let marks = lock(readers).marks(session.now());
        if let Err(error) = session.store().mark_hot(&marks).await {
            lock(readers).marks_back(marks);
            return Err(error.into());
        }
        let mut round = Round::default();
        for (name, app) in self.apps() {
            self.look(&name, &app, &mut round).await?;
        }
        self.state.rounds.fetch_add(1, Ordering::Relaxed);
        Ok(round)
    }

    /// Since when the login waits that waits longest, of every app.
    ///
    /// # Errors
    /// The store's.
    pub async fn waiting_since(&self) -> Result<Option<Timestamp>, Error> {
        let mut longest = None;
        for name in self.apps().keys() {
            let since = self.state.session.store().due_since(name).await?;
            longest = [longest, since].into_iter().flatten().min();
        }
        Ok(longest)
    }

    /// How often every app was looked at.
    pub fn rounds(&self) -> u64 {
        self.state.rounds.load(Ordering::Relaxed)
    }

    /// How many providers are not asked now but for probes.
    pub fn open_breakers(&self) -> usize {
        lock(&self.state.breakers).values().filter(|breaker| breaker.is_open()).count()
    }

    /// How many logins are being refreshed.
    pub fn in_progress(&self) -> usize {
        self.state.options.at_once.max(1).saturating_sub(self.state.permits.available_permits())
    }

    /// Whether a login is refreshed by this node before its tokens end.
    pub(crate) fn refreshes(&self, grant: &Grant) -> bool {
        unserved::can_be_refreshed(grant) && unserved::is_named(self.state.session.settings(), grant)
    }

    /// A token was handed out.
    pub(crate) fn read(&self, read: TokenRead<'_>) {
        lock(&self.state.readers).read(read, self.state.options.hot_for, self.state.session.now());
    }

    /// The apps of the settings whose logins can be refreshed without a person.
    fn apps(&self) -> BTreeMap<AppName, App> {
        let settings = self.state.session.settings();
        let mut apps = BTreeMap::new();
        for (profile, name) in settings.profiles() {
            let Some(name) = name.filter(|name| !apps.contains_key(name)) else { continue };
            // One that cannot be used is told to whoever asks for a token.
            let Ok(resolved) = settings.profile(Some(profile)) else { continue };
            let app = resolved.app(None);
            if app.token_api.has_browser_login() {
                apps.insert(name, app);
            }
        }
        apps
    }

    async fn look(&self, name: &AppName, app: &App, round: &mut Round) -> Result<(), Error> {
        let State { session, options, permits, pauses, .. } = &*self.state;
        let (store, now) = (session.store(), session.now());
        if lock(pauses).get(name).is_some_and(|until| *until > now) {
            return Ok(());
        }
        let host = app.hosts.accounts.host_str().unwrap_or_default().to_owned();
        let room = lock(&self.state.breakers).entry(host.clone()).or_default().lets(permits.available_permits(), now);
        if room == 0 {
            return Ok(());
        }
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let claims = store.claim_due(name, DueClaim { limit, ttl: CLAIM, horizon: HORIZON }).await?;
        round.looked += claims.len();
        let (mut marks, mut due, mut rate) = (Vec::new(), Vec::new(), None);
        for claim in &claims {
            let grant = match session.keeper().login(claim.grant).await {
                Ok(grant) => grant,
                // One that does not read back, or is gone, keeps nobody from the others.
                Err(error) => {
                    tracing::warn!(grant = %claim.grant, %error, "a login cannot be looked at");
                    continue;
                }
            };
            let rules = session.keeper().rules(&grant);
            rate = rate.or(rules.rate);
            let outlook = outlook(&grant, rules);
            match (plan(&grant, rules, claim.hot_until, now), grant.profile.clone()) {
                (Plan::Refresh { ends }, Some(profile)) => due.push(DueRefresh { claim: *claim, grant, profile, ends }),
                (Plan::Refresh { ends }, None) => {
                    marks.push(DueMark { claim: *claim, at: None, ends: Some(ends), outlook });
                }
                (Plan::Later { at, ends }, _) => marks.push(DueMark { claim: *claim, at, ends, outlook }),
            }
        }
        due.sort_unstable_by_key(|refresh| refresh.ends);
        let used = lock(&self.state.readers).exchanges(name);
        let mut granted = due.len();
        if used > 0 || !due.is_empty() {
            let pace: Pace = rate.unwrap_or(options.rate).pace();
            let want = u32::try_from(due.len()).unwrap_or(u32::MAX);
            let share = store.take_budget(name, pace, used, want).await?;
            granted = share.granted.try_into().unwrap_or(usize::MAX).min(due.len());
            if let (true, Ok(until)) = (granted < due.len(), now.checked_add(share.wait)) {
                lock(pauses).insert(name.clone(), until);
            }
        }
        marks.extend(due.split_off(granted).into_iter().map(|refresh| DueMark {
            claim: refresh.claim,
            at: Some(now),
            ends: Some(refresh.ends),
            outlook: outlook(&refresh.grant, session.keeper().rules(&refresh.grant)),
        }));
        store.set_due(&marks).await?;
        round.is_more |= claims.len() == room && granted == due.len() && !due.is_empty();
        for refresh in due {
            // As many as there are permits were claimed, and nobody else takes any.
            let Ok(permit) = Arc::clone(permits).try_acquire_owned() else { break };
            round.begun += 1;
            tokio::spawn(self.clone().refresh(refresh, name.clone(), host.clone(), permit));
        }
        Ok(())
    }

    /// Refreshes a login, and says when to look at it again.
    async fn refresh(self, due: DueRefresh, app: AppName, host: String, permit: OwnedSemaphorePermit) {
        let State { session, breakers, pauses, .. } = &*self.state;
        let DueRefresh { claim, grant, profile, .. } = due;
        let done = session.access(&profile, TokenWish::NewerThan(grant.generation)).await;
        let now = session.now();
        match &done {
            Ok(_) => lock(breakers).entry(host).or_default().succeeded(),
            Err(error) => {
                tracing::info!(grant = %grant.id, %error, "a login was not refreshed in the background");
                match blame(error) {
                    Blame::Login => lock(breakers).entry(host).or_default().succeeded(),
                    Blame::Provider => lock(breakers).entry(host).or_default().failed(now),
                    Blame::Own => {}
                }
                let wait = error.refusal().and_then(|refusal| refusal.retry_after).map(Duration::from_secs);
                if let Some(Ok(until)) = wait.map(|wait| now.checked_add(wait.min(LONGEST_WAIT))) {
                    lock(pauses).insert(app, until);
                }
            }
        }
        match session.keeper().login(grant.id).await {
            Ok(after) => {
                let rules = session.keeper().rules(&after);
                let outlook = outlook(&after, rules);
                let mark = match plan(&after, rules, claim.hot_until, now) {
                    Plan::Later { at, ends } => DueMark { claim, at, ends, outlook },
                    Plan::Refresh { ends } => {
                        let soon = now.checked_add(HORIZON).is_ok_and(|horizon| ends < horizon);
                        let at = now.checked_add(if soon { RETRY_SOON } else { RETRY }).ok();
                        DueMark { claim, at, ends: Some(ends), outlook }
                    }
                };
                if let Err(error) = session.store().set_due(&[mark]).await {
                    tracing::debug!(%error, "when a login is due was not stored; its claim lapses");
                }
            }
            Err(error) => tracing::debug!(%error, "a login cannot be looked at; its claim lapses"),
        }
        drop(permit);
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").field("options", &self.state.options).finish_non_exhaustive()
    }
}

/// Whose failure it is.
enum Blame {
    /// The login's: the provider answers.
    Login,
    /// The provider's, or the app's: any other login would fail too.
    Provider,
    /// This node's.
    Own,
}

fn blame(error: &Error) -> Blame {
    if error.vault_error().is_some() {
        return Blame::Own;
    }
    match error.code().exit() {
        ExitClass::NeedsConsent => Blame::Login,
        ExitClass::TryLater | ExitClass::Unknown | ExitClass::AppSettings => Blame::Provider,
        ExitClass::Done | ExitClass::Ours | ExitClass::Usage => Blame::Own,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For how long nobody else is given a login: longer than its exchange takes, with all that is waited for.
const CLAIM: Duration = Duration::from_mins(3);
/// Logins that end within this time go first.
const HORIZON: Duration = Duration::from_hours(24);
/// Between two looks while more is due.
const SHORT_PAUSE: Duration = Duration::from_millis(100);
/// Between two looks at a store that does not answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// After a failure, where the end is near and where it is not.
const RETRY_SOON: Duration = Duration::from_mins(1);
const RETRY: Duration = Duration::from_mins(10);
/// The longest that a provider's wish to wait is believed.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
