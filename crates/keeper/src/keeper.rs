//! The keeper: hands out access tokens and sees to it that grants live.
//!
//! Enters: an app, a grant, a wish. Leaves: a token that is durable in the vault (I2). Callers of one process who
//! want the same grant turned join one detached task (design/0000-charter.md §5, step 1): a caller that goes away
//! changes nothing, and waiters are woken. What a turn does is in [`crate::turn`]; what it may do is decided in
//! `tokenward_core::rotation`.

mod apps;
pub(crate) mod over;
mod whose;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{Clock, Entropy, Provider, Vault, Witness};
use tokenward_core::rotation::{self, Decision};
use tokenward_core::{
    Access, App, Ask, Code, Entry, ExitClass, Generation, Grant, GrantId, Intent, OldAccess, ProfileName, Rules,
    Standing, Status, Subject, told_moment,
};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::flight::Flights;
use crate::obtain::{Shows, question_lost};
use crate::serving::Serving;
use crate::surroundings::LOOK_PATIENCE;
use crate::turn::{Told, Via, Wish, turn_lost};
use crate::waiting::Patience;
use crate::{Error, Kept, Looking, NoObserver, NoSurroundings, Notice, Observer, Surroundings};

pub use apps::{AppKept, Registration, Registrations};
pub(crate) use whose::names_no_user;
pub use whose::{LoginWithoutProfile, another_user};

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
    pub witness: Arc<dyn Witness>,
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
        witness: Arc<dyn Witness>,
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
    /// How long a caller with nothing to use waits for someone else's turn.
    pub turn_patience: Duration,
}

impl Default for KeeperOptions {
    fn default() -> Self {
        Self { ahead_patience: Duration::from_secs(10), turn_patience: Duration::from_mins(1) }
    }
}

impl KeeperOptions {
    /// With another wait for a fresher token by those who have a usable one.
    pub fn ahead_patience(self, ahead_patience: Duration) -> Self {
        Self { ahead_patience, ..self }
    }

    /// With another wait for someone else's turn.
    pub fn turn_patience(self, turn_patience: Duration) -> Self {
        Self { turn_patience, ..self }
    }
}

/// A token, handed out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Handed {
    /// The token with its life.
    pub access: Access,
    /// The grant it belongs to.
    pub grant: GrantId,
    /// Its generation.
    pub generation: Generation,
    /// Whether this call caused a turn, or waited for one.
    pub turned: bool,
    /// Why nothing newer is handed out, where a newer one was due and did not come.
    pub failed: Option<Error>,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// How a grant stands, for people.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The grant.
    pub grant: Grant,
    /// How it stands now.
    pub status: Status,
    /// When its access token is due to be turned.
    pub turn_at: Option<Timestamp>,
    /// Spends that nobody closed.
    pub intents: Vec<Intent>,
}

/// The engine. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Keeper {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) options: KeeperOptions,
    /// The turns under way.
    pub(crate) turns: Flights<GrantId, Wish, Told>,
    /// The questions for new sets under way, by name.
    pub(crate) questions: Flights<ProfileName, Shows, ()>,
    /// The questions under way whose a login is.
    pub(crate) whose: Flights<GrantId, (App, Generation), Option<Notice>>,
    spending: watch::Sender<usize>,
}

impl Keeper {
    /// A keeper over these parts.
    pub fn new(parts: Parts, options: KeeperOptions) -> Self {
        Self::counting(parts, options, watch::channel(0).0)
    }

    fn counting(parts: Parts, options: KeeperOptions, spending: watch::Sender<usize>) -> Self {
        let (turns, questions, whose) =
            (Flights::new(turn_lost), Flights::new(question_lost), Flights::new(whose::question_lost));
        Self { inner: Arc::new(Inner { parts, options, turns, questions, whose, spending }) }
    }

    /// A keeper that sends by another provider. Its spends count as this one's, so that whoever waits for
    /// [`Keeper::idle`] waits for them.
    pub fn sending_by(&self, provider: Arc<dyn Provider>) -> Self {
        let Inner { parts, options, spending, .. } = &*self.inner;
        Self::counting(Parts { provider, ..parts.clone() }, *options, spending.clone())
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
        found.ok_or_else(|| Error::with_detail(Code::NotLoggedIn, Kept::Nothing, profile.as_str()))
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

    /// Hands out an access token, turning the grant first if that is needed.
    ///
    /// A token that still lives is handed out whatever happens to the turn (I7); see [`Handed::notices`].
    ///
    /// # Errors
    /// By [`Error::code`]: exit classes `NeedsConsent` (a person must log in), `TryLater` (nothing lost), `Unknown`
    /// (in doubt, kept), `AppSettings`.
    pub async fn access(&self, app: &App, id: GrantId, ask: Ask) -> Result<Handed, Error> {
        let before = self.inner.parts.vault.grant(id).await?;
        if before.app != app.name {
            return Err(foreign(&before, app));
        }
        let looked = self.look_around(app, before.profile.as_ref(), Some(&before), self.patience(Some(&before))).await;
        let known = looked.is_none().then(|| before.clone());
        let notices = looked.unwrap_or_default();
        self.access_after(app, &before, known, ask, &mut Serving { notices, ..Serving::default() }).await
    }

    /// Hands out an access token once was looked around. `before` is the grant as it was before that; `known` is the same where it is still
    /// what it was.
    async fn access_after(
        &self,
        app: &App,
        before: &Grant,
        known: Option<Grant>,
        ask: Ask,
        call: &mut Serving,
    ) -> Result<Handed, Error> {
        let id = before.id;
        let error = match self.access_only(app, id, known, ask, call).await {
            Ok(handed) => return Ok(handed),
            Err(error) => error,
        };
        // The token was sent, and what came for it could not be kept: to send it once more would be a replay that nothing excuses.
        // And what was answered without an access token was answered to the newest refresh token that there is.
        if matches!(error.code(), Code::AnswerNotStored | Code::NoAccessToken) {
            return Err(error);
        }
        if error.code().exit() == ExitClass::NeedsConsent {
            // A file may hold what keeps the login alive, brought since it was looked at.
            let Some(profile) = &before.profile else { return Err(error) };
            let around = &self.inner.parts.surroundings;
            let looked = around.before(self, app, profile, None, Looking::Everywhere, LOOK_PATIENCE).await;
            call.notices.extend(looked.into_iter().flatten());
            let after = self.inner.parts.vault.grant(id).await?;
            // Nothing has come since it was refused: asking once more would bring the same.
            let as_before = error.code() == Code::RefusedUnclearly && after.generation <= before.generation;
            if as_before || !matches!(after.standing, Standing::Live | Standing::InDoubt { .. }) || !after.has_refresh {
                return Err(error);
            }
            return self.access_only(app, id, None, ask, call).await;
        }
        // What was adopted, a moment ago or by an earlier command, has no access token yet; the one that it replaced still serves (I7).
        let Ok(after) = self.inner.parts.vault.copy(id).await else { return Err(error) };
        let stays = self.rules(&after.grant).old_access == OldAccess::Stays;
        let replaced = if before.on_trial || before.unproven {
            // What gave way may itself be of nobody knows whom, and turned. Then the user's own login serves; where a refresh ends what was
            // there, that one has ended.
            after.gave_way.filter(|set| !set.unproven).or_else(|| after.own.filter(|_| stays))
        } else {
            // The same where this call has turned what was adopted.
            Some(before.clone()).filter(|_| stays || after.grant.on_trial)
        };
        match replaced {
            Some(replaced) if after.grant.on_trial || after.grant.unproven => {
                self.serve_despite(replaced, error, ask, call).await
            }
            _ => Err(error),
        }
    }

    /// Hands out an access token of a profile's login. As [`Keeper::access`], and it follows the profile: a login that
    /// one of its linked files brings is taken over first, also where nobody had logged in before.
    ///
    /// # Errors
    /// As [`Keeper::access`]; [`Code::NotLoggedIn`].
    pub async fn access_as(&self, app: &App, profile: &ProfileName, ask: Ask) -> Result<Handed, Error> {
        let login = self.login_of(profile).await?;
        self.access_seen(app, profile, login, ask).await
    }

    /// The same where the profile's login was read a moment ago ([`Keeper::login_of`]), for somebody who had to look at it first. It is not
    /// read again before a turn, which reads it under its lease.
    ///
    /// # Errors
    /// As [`Keeper::access_as`].
    pub async fn access_seen(
        &self,
        app: &App,
        profile: &ProfileName,
        before: Option<Grant>,
        ask: Ask,
    ) -> Result<Handed, Error> {
        let vault = &self.inner.parts.vault;
        // Another's is never served under this name.
        let before = before.filter(|before| before.profile.as_ref() == Some(profile));
        if let Some(before) = before.as_ref().filter(|before| before.app != app.name) {
            return Err(foreign(before, app));
        }
        let looked = self.look_around(app, Some(profile), before.as_ref(), self.patience(before.as_ref())).await;
        let known = before.clone().filter(|_| looked.is_none());
        let mut call = Serving { notices: looked.unwrap_or_default(), ..Serving::default() };
        let id = match &known {
            Some(known) => known.id,
            None => self.grant_of(profile).await?,
        };
        let before = match before.filter(|before| before.id == id) {
            Some(before) => before,
            None => vault.grant(id).await?,
        };
        let error = match self.access_after(app, &before, known, ask, &mut call).await {
            Err(error) if error.code().exit() == ExitClass::NeedsConsent => error,
            result => return result,
        };
        // Another user's login was adopted just now; or it was before, and was refused, and the name has gone back.
        let Some(other) = vault.grant_of(profile).await?.filter(|other| *other != id) else { return Err(error) };
        let other = vault.grant(other).await?;
        if before.on_trial {
            let adopted = before.generation;
            call.notices.push(Notice::TakenBack { adopted, generation: other.generation, code: error.code() });
        }
        let looked = self.look_around(app, Some(profile), Some(&other), self.patience(Some(&other))).await;
        call.notices.extend(looked.into_iter().flatten());
        self.access_after(app, &other, None, ask, &mut call).await
    }

    /// How long those are waited for who look around: a moment where there is something to hand out (I7).
    fn patience(&self, grant: Option<&Grant>) -> Duration {
        let access = grant.and_then(|grant| grant.access.as_ref());
        let lives = access.is_some_and(|access| !access.remaining(self.inner.now()).is_zero());
        if lives { LOOK_PATIENCE } else { self.inner.options.turn_patience }
    }

    /// Hands out an access token of a grant; `known` is how it was read a moment ago.
    async fn access_only(
        &self,
        app: &App,
        id: GrantId,
        mut known: Option<Grant>,
        mut ask: Ask,
        call: &mut Serving,
    ) -> Result<Handed, Error> {
        let mut fresh = false;
        let mut turns = 0;
        let mut asked = 0;
        let end = self.patience_ends();
        while turns < MAX_TURNS {
            let grant = match known.take() {
                Some(grant) => grant,
                None => self.inner.parts.vault.grant(id).await?,
            };
            let now = self.inner.now();
            if grant.app != app.name {
                return Err(foreign(&grant, app));
            }
            if grant.unproven && grant.access.as_ref().is_some_and(|access| !access.remaining(now).is_zero()) {
                if grant.intent_open {
                    // Its answer first; it has to find the set where it was sent from.
                    ask = Ask::NewerThan(grant.generation);
                } else if asked < MAX_ASKED {
                    asked += 1;
                    let told = self.tell_user(app, &grant).await?;
                    // Another user's set is kept aside, and the one that is back has not turned.
                    fresh &= told.is_none();
                    if told.is_some() {
                        call.notices.extend(told);
                        // The file from which it came is given what was issued for it.
                        let profile = grant.profile.as_ref();
                        let looked = self.look_around(app, profile, None, LOOK_PATIENCE).await;
                        call.notices.extend(looked.into_iter().flatten());
                    }
                    continue;
                }
            }
            if grant.unproven
                && matches!(grant.standing, Standing::NeedsConsent { .. })
                && let Some(notice) = self.part_over(id).await?
            {
                fresh = false;
                call.notices.push(notice);
                continue;
            }
            // A further turn would bring another of the kind.
            if fresh && was_born_dead(&grant, now) {
                return Err(Error::with_detail(Code::NoAccessToken, Kept::TokenUnspent, BORN_DEAD));
            }
            let wish = |patience| Wish { app: app.clone(), seen: grant.generation, patience, insists: call.insists };
            let told = match rotation::decide(&grant, ask, self.rules(&grant), now) {
                Decision::Serve => return call.hand(grant, ask, now),
                Decision::Refuse(code) => return Err(refuse(code, &grant)),
                // A token that is due again right after a turn lives only seconds; it is not turned for ever.
                Decision::TurnAhead if fresh => return call.hand(grant, ask, now),
                Decision::TurnAhead => {
                    if grant.access.as_ref().is_some_and(|access| now < access.obtained) {
                        call.notices.push(Notice::ClockWentBack);
                    }
                    let join = self.join(id, wish(Patience::None));
                    let told = tokio::time::timeout(self.inner.options.ahead_patience, join).await;
                    let told = told.unwrap_or_else(|_elapsed| Ok(Told::elsewhere()));
                    if matches!(told, Ok(Told { via: Via::Elsewhere { .. }, .. })) {
                        call.notices.push(Notice::TurnElsewhere);
                        return call.hand(grant, ask, now);
                    }
                    told
                }
                Decision::Turn => self.join(id, wish(Patience::Full)).await,
            };
            let Told { via, has_asked, stored, notices } = match told {
                Ok(told) => told,
                Err(error) => return self.serve_despite(grant, error, ask, call).await,
            };
            call.notices.extend(notices);
            call.insists &= !has_asked;
            known = stored.map(|stored| *stored);
            match via {
                Via::Ours { is_fresh } => (call.turned, turns, fresh) = (true, turns + 1, is_fresh),
                // Someone else's turn does not count: where tokens live for seconds, many may have come and gone
                // by the time that we look.
                Via::Elsewhere { is_parked } => {
                    // Two sends of one refresh token were answered with a set each. Where a set ends the one before it, nobody can tell
                    // which of the two lives, and a further turn brings one that does.
                    if is_parked && self.rules(&grant).old_access == OldAccess::Dies {
                        ask = Ask::NewerThan(self.inner.parts.vault.grant(id).await?.generation);
                    }
                    if Instant::now() >= end {
                        return Err(Error::new(Code::StillTurning, Kept::Everything));
                    }
                }
            }
        }
        let grant = self.inner.parts.vault.grant(id).await?;
        let lives = grant.access.as_ref().is_some_and(|access| access.remaining(self.inner.now()) > Duration::ZERO);
        if lives && !matches!(ask, Ask::NewerThan(seen) if grant.generation <= seen) {
            return call.hand(grant, ask, self.inner.now());
        }
        Err(Error::with_detail(Code::NoAccessToken, Kept::TokenUnspent, BORN_DEAD))
    }

    /// Turns the grant now, whatever the life of the present token. Callers who saw one generation cause one spend.
    ///
    /// # Errors
    /// As [`Keeper::access`], but a token that still lives is no substitute.
    pub async fn renew(&self, app: &App, id: GrantId) -> Result<Handed, Error> {
        let grant = self.inner.parts.vault.grant(id).await?;
        // First, so that a login which a file brings is the one that is turned.
        let looked = self.look_around(app, grant.profile.as_ref(), Some(&grant), self.patience(Some(&grant))).await;
        let known = looked.is_none().then(|| grant.clone());
        let present = if looked.is_none() { grant } else { self.inner.parts.vault.grant(id).await? };
        if present.app != app.name {
            return Err(foreign(&present, app));
        }
        let mut call = Serving { insists: true, notices: looked.unwrap_or_default(), ..Serving::default() };
        self.access_after(app, &present, known, Ask::NewerThan(present.generation), &mut call).await
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

    async fn report(&self, grant: Grant) -> Result<Report, Error> {
        let intents = self.inner.parts.vault.open_intents(grant.id).await?;
        let rules = self.rules(&grant);
        let status = grant.status(rules, self.inner.now());
        let turn_at = grant.access.as_ref().map(|access| rules.turn_at(grant.id, access));
        Ok(Report { grant, status, turn_at, intents })
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

/// Whether the newest answer brought an access token that is over already.
fn was_born_dead(grant: &Grant, now: Timestamp) -> bool {
    let newest = grant.access.as_ref().filter(|access| access.obtained >= grant.turned);
    newest.is_some_and(|access| access.remaining(now).is_zero())
}

/// The tokens of another app are of no use to whoever asks, and not to be shown to another host.
pub fn foreign(grant: &Grant, app: &App) -> Error {
    let whose = format!("the login of this profile belongs to the app {}, not to {}", grant.app, app.name);
    Error::with_detail(Code::NotLoggedIn, Kept::Record, whose)
}

/// The tokens under a user's name are not that user's, as far as the provider told.
pub(crate) fn wrong_user(profile: &ProfileName, subject: Option<&Subject>) -> Error {
    let whose = subject.map_or_else(|| "nobody that the provider names".to_owned(), |subject| subject.id.clone());
    Error::with_detail(Code::WrongUser, Kept::Record, format!("the tokens under {profile} are those of {whose}"))
}

/// The error of a grant that only a person can help.
pub(crate) fn refuse(code: Code, grant: &Grant) -> Error {
    match &grant.standing {
        Standing::NeedsConsent { since, provider_code, .. } => {
            let provider = provider_code.map_or_else(String::new, |code| format!(", provider code {code}"));
            Error::with_detail(code, Kept::Record, format!("since {}{provider}", told_moment(*since)))
                .coded(*provider_code)
        }
        _ => Error::new(code, Kept::Record),
    }
}

const BORN_DEAD: &str = "the access token that came had ended when it arrived";
/// How many turns one call may cause: one, one more when the first brought a refresh token and nothing else, and a
/// last look.
const MAX_TURNS: usize = 3;
/// How often one call asks whose a login is that was brought.
const MAX_ASKED: usize = 3;
