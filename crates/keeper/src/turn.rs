//! One rotation, step by step (design/0000-charter.md §5).
//!
//! Enters: a grant and the generation its caller saw. Leaves: a newer generation, durable (I2), or a failure that
//! says what was kept. The order is the promise: lease → re-read → recover → prove → prepare → begin → send →
//! keep the raw answer → read → commit, and, once the lease is given back, → deliver to the linked files. Only `begin` yields the right to send (I1); nothing is read before it is
//! kept (I3); a failed save is a failed rotation. A crash between any two steps leaves what the next caller's
//! *recover* continues from (I5).

mod asking;
mod ended;

use std::time::Duration;

use tokenward_core::ports::{AnswerKept, Committed, LeaseAttempt, Sent, VaultError, in_doubt};
use tokenward_core::rotation::{self, Recovery, Settlement};
use tokenward_core::{
    App, Ask, Closing, Code, Doubt, Event, Generation, Grant, GrantId, HolderFate, Intent, IntentDraft, IntentId,
    Lease, OldAccess, RawAnswer, Refusal, Remedy, Standing, Subject, TokenApi, told_moment,
};
use tokio::time::Instant;

use crate::keeper::{Patience, refuse};
use crate::links::{LinkReport, Links};
use crate::{Error, Keeper, Kept, Notice, Step};

/// What a turn came to.
#[derive(Debug, Clone)]
pub(crate) struct Turned {
    pub(crate) via: Via,
    pub(crate) notices: Vec<Notice>,
    /// Set when a login has turned for the first time that was adopted, or that nobody named.
    unnamed: Option<Unnamed>,
}

/// Whose a login is remains to be found out.
#[derive(Debug, Clone)]
struct Unnamed {
    /// Whose the grant was until then.
    before: Option<Subject>,
}

impl Turned {
    fn new(via: Via, notices: Vec<Notice>) -> Self {
        Self { via, notices, unnamed: None }
    }
}

/// Who brought the newer generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// This turn.
    Ours,
    /// Someone else, while we waited; or nobody yet, and the caller did not want to wait.
    Elsewhere,
}

/// What was found of an earlier process and repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovered {
    /// An answer that was kept but not committed has been committed.
    Answer,
    /// A token whose send had an unknown outcome was sent again, and the provider gave a new one.
    Replay,
}

/// What a settled answer leads to.
enum Settled {
    /// A new generation is stored.
    Committed(Vec<Notice>),
    /// The grant had moved on; what is stored now is someone else's.
    Parked,
    /// Unspent, and the endpoint does not exist: another may be tried.
    NoSuchEndpoint(Error),
    /// The set was on trial and was refused; the one that it had replaced is the present one again.
    TakenBack(Notice),
}

impl Keeper {
    /// Turns a grant that its caller saw in generation `seen`.
    pub(crate) async fn turn(
        &self,
        app: &App,
        id: GrantId,
        seen: Generation,
        patience: Patience,
    ) -> Result<Turned, Error> {
        let result = self.turn_held(app, id, seen, patience).await;
        match result {
            Ok(turned) if turned.via == Via::Ours => Ok(self.delivered(app, id, turned).await),
            result => result,
        }
    }

    /// Delivers what a turn brought. The lease is given back already, and the set is durable: nothing here can fail the turn.
    async fn delivered(&self, app: &App, id: GrantId, mut turned: Turned) -> Turned {
        let grant = self.inner.parts.vault.grant(id).await.ok().filter(|grant| grant.unproven);
        if let Some(grant) = grant {
            // Before anything is delivered. What cannot be asked now is asked by whoever wants the token.
            turned.unnamed = None;
            match self.tell_user(app, &grant).await {
                Ok(notice) => turned.notices.extend(notice),
                Err(error) => tracing::info!(%error, grant = %id, "whose login it is could not be asked"),
            }
        }
        let naming = async {
            match turned.unnamed.take() {
                Some(unnamed) => self.name(app, id, unnamed).await,
                None => None,
            }
        };
        let links = Links::new(self);
        let (named, delivered) = tokio::join!(naming, links.deliver(app, id));
        turned.notices.extend(named);
        match delivered {
            Ok(reports) => turned.notices.extend(reports.iter().flat_map(LinkReport::notices)),
            Err(error) => tracing::warn!(%error, grant = %id, "the links could not be looked after"),
        }
        self.at(Step::Delivered);
        turned
    }

    /// Finds out whose login a grant is whose adopted set has turned for the first time. Best effort: what cannot be asked now
    /// stays unnamed.
    async fn name(&self, app: &App, id: GrantId, unnamed: Unnamed) -> Option<Notice> {
        let vault = &self.inner.parts.vault;
        let access = vault.grant(id).await.ok()?.access?;
        let asking = self.inner.parts.provider.user_info(app, &access.token);
        let now = tokio::time::timeout(WHO_DEADLINE, asking).await.ok()?.ok()?;
        if let Err(error) = vault.name_subject(id, &now).await {
            tracing::warn!(%error, grant = %id, "the login's owner could not be recorded");
        }
        let before = unnamed.before.filter(|before| before.id != now.id)?;
        Some(Notice::AnotherUser { before, now })
    }

    async fn turn_held(&self, app: &App, id: GrantId, seen: Generation, patience: Patience) -> Result<Turned, Error> {
        let Some(mut lease) = self.lease(id, seen, patience).await? else {
            return Ok(Turned::new(Via::Elsewhere, Vec::new()));
        };
        self.at(Step::Leased);
        let result = match self.turn_leased(app, &mut lease, seen, patience).await {
            // We were paused, or our lease was taken for a dead one's, and someone else went on before we sent
            // anything: theirs is the turn. The caller looks again, and waits for them if there is nothing yet.
            Err(error) if matches!(error.vault_error(), Some(VaultError::Moved | VaultError::IntentOpen(_))) => {
                tracing::info!(%error, grant = %id, "someone else went on with the grant");
                tokio::time::sleep(LOST_PAUSE).await;
                Ok(Turned::new(Via::Elsewhere, Vec::new()))
            }
            result => result,
        };
        // A lease that cannot be given back lapses by itself; the turn's own result matters more.
        if let Err(error) = self.inner.parts.vault.release(lease).await {
            tracing::warn!(%error, grant = %id, "the lease could not be released");
        }
        result
    }

    /// Waits for the lease. `None` when someone else has turned the grant meanwhile, or is at it and the caller does
    /// not want to wait.
    async fn lease(&self, id: GrantId, seen: Generation, patience: Patience) -> Result<Option<Lease>, Error> {
        let vault = &self.inner.parts.vault;
        let end = Instant::now() + self.inner.options.turn_patience;
        // Entries are dated to the millisecond.
        let waiting_since = self.inner.now().as_millisecond();
        loop {
            match vault.lease(id, self.inner.parts.processes.myself(), LEASE).await? {
                LeaseAttempt::Held(lease) => return Ok(Some(lease)),
                LeaseAttempt::Busy { .. } if patience == Patience::None => return Ok(None),
                LeaseAttempt::Busy { holder, .. } => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        let who = holder.map_or_else(
                            || "another process".to_owned(),
                            |holder| format!("process {} on {}", holder.pid, holder.host),
                        );
                        return Err(Error::with_detail(Code::StillTurning, Kept::Everything, who));
                    }
                    vault.wait(id, left).await;
                }
            }
            let grant = vault.grant(id).await?;
            if self.is_turned(&grant, seen) {
                return Ok(None);
            }
            // A waiter shares the failure it waited for: sixty-four waiters must not become sixty-four attempts.
            if let Some(entry) = vault.journal(id, 1).await?.into_iter().next()
                && entry.at.as_millisecond() >= waiting_since
                && let Event::Closed { closing, .. } = entry.event
                && let Some(error) = shared_failure(closing, &grant)
            {
                return Err(error);
            }
        }
    }

    async fn turn_leased(
        &self,
        app: &App,
        lease: &mut Lease,
        seen: Generation,
        patience: Patience,
    ) -> Result<Turned, Error> {
        let vault = &self.inner.parts.vault;
        let id = lease.grant;
        // Only what is read under the lease is spent.
        let grant = vault.grant(id).await?;
        self.at(Step::Reread);
        if self.is_turned(&grant, seen) {
            return Ok(Turned::new(Via::Elsewhere, Vec::new()));
        }
        let mut notices = Vec::new();
        let (grant, replays) = self.recover(grant, patience, &mut notices).await?;
        // Two sends of one token were answered with a set each. Where a set ends the one before it, nobody can tell which of the
        // two lives: a further turn can.
        let unclear = self.rules(&grant).old_access == OldAccess::Dies
            && notices.iter().any(|notice| matches!(notice, Notice::Parked));
        if (self.is_turned(&grant, seen) && !unclear)
            || notices.iter().any(|notice| matches!(notice, Notice::TakenBack { .. }))
        {
            return Ok(Turned::new(Via::Ours, notices));
        }
        match &grant.standing {
            Standing::NeedsConsent { code, .. } => return Err(refuse(*code, &grant)),
            Standing::Retired { .. } => return Err(refuse(Code::NotLoggedIn, &grant)),
            Standing::Live | Standing::InDoubt { .. } if !grant.has_refresh => {
                return Err(Error::new(Code::NoRefreshToken, Kept::Record));
            }
            Standing::InDoubt { .. } if replays.is_none() => self.may_replay(&grant)?,
            _ => {}
        }
        let refused = self.refused_client(app).await;
        self.may_ask(app, &grant, refused.as_ref()).await?;

        vault.prove().await?;
        self.at(Step::Proven);

        let issuer = grant.issued_by;
        let api = if app.token_api.accepts_from(issuer) { app.token_api } else { issuer };
        let replay = replays.is_some() || is_in_doubt(&grant);
        let first = self.spend(app, lease, &grant, api, replays, replay).await;
        self.note_client(app, refused.as_ref(), &first).await;
        let first = first?;
        let settled = match first {
            // Proven unread, so a second intent for the issuing family is not a second spend.
            Settled::NoSuchEndpoint(_) if app.falls_back() && api != issuer => {
                self.spend(app, lease, &grant, issuer, None, replay).await?
            }
            settled => settled,
        };
        match settled {
            Settled::Committed(more) => {
                notices.extend(more);
                if replay {
                    notices.push(Notice::Recovered(Recovered::Replay));
                }
                let never_told = grant.subject.is_none() && grant.generation == Generation::FIRST;
                let unnamed = (grant.on_trial || never_told).then_some(Unnamed { before: grant.subject });
                Ok(Turned { unnamed, ..Turned::new(Via::Ours, notices) })
            }
            Settled::Parked => {
                notices.push(Notice::Parked);
                Ok(Turned::new(Via::Elsewhere, notices))
            }
            Settled::TakenBack(notice) => {
                notices.push(notice);
                Ok(Turned::new(Via::Ours, notices))
            }
            Settled::NoSuchEndpoint(error) => Err(error),
        }
    }

    /// Continues what others left open. Gives back the grant as it is then, and the intent that the next spend
    /// repeats, if any.
    pub(crate) async fn recover(
        &self,
        mut grant: Grant,
        patience: Patience,
        notices: &mut Vec<Notice>,
    ) -> Result<(Grant, Option<IntentId>), Error> {
        let vault = &self.inner.parts.vault;
        let end = Instant::now() + self.inner.options.turn_patience;
        let watching = Instant::now();
        let mut replays = None;
        'again: loop {
            for intent in vault.open_intents(grant.id).await? {
                match self.recovery(&intent, &grant, watching) {
                    Recovery::Settle => {
                        let Some(answer) = intent.answer.clone() else { continue };
                        match self.settle(&grant, intent.id, intent.api, &answer, is_in_doubt(&grant)).await {
                            Ok(Settled::Committed(more)) => {
                                notices.extend(more);
                                notices.push(Notice::Recovered(Recovered::Answer));
                            }
                            Ok(Settled::Parked) => notices.push(Notice::Parked),
                            Ok(Settled::TakenBack(notice)) => notices.push(notice),
                            Ok(Settled::NoSuchEndpoint(_)) => {}
                            Err(error) if error.vault_error().is_some() => return Err(error),
                            // The answer said no to someone else; what it means for the grant is stored now.
                            Err(error) => tracing::info!(%error, intent = %intent.id, "a kept answer was settled"),
                        }
                        grant = vault.grant(grant.id).await?;
                        continue 'again;
                    }
                    // The grant was read before someone else turned it: our lease has lapsed.
                    _ if intent.generation > grant.generation => return Err(VaultError::Moved.into()),
                    // An older generation's spend without an answer has nothing left to tell.
                    _ if intent.generation < grant.generation => {
                        vault.close(intent.id, Closing::Replayed, None).await?;
                    }
                    Recovery::Replay => replays = Some(intent.id),
                    Recovery::Hold { until } => return Err(held(&intent, until)),
                    Recovery::Wait { until } => {
                        let left = end.saturating_duration_since(Instant::now());
                        let needed = Duration::try_from(until.duration_since(self.inner.now())).unwrap_or_default();
                        if patience == Patience::None || needed > left {
                            return Err(held(&intent, until));
                        }
                        // Its late answer may come at any moment; look again rather than sleep through.
                        tokio::time::sleep(needed.min(LATE_ANSWER_LOOK)).await;
                        grant = vault.grant(grant.id).await?;
                        continue 'again;
                    }
                }
            }
            return Ok((grant, replays));
        }
    }

    /// What to do about an open intent that we have watched since a moment. Clocks jump; neither the time we have
    /// watched nor the age of a sender that we can see does, so these two have the last word about a wait.
    fn recovery(&self, intent: &Intent, grant: &Grant, watching: Instant) -> Recovery {
        let (processes, now) = (&self.inner.parts.processes, self.inner.now());
        let fate = processes.fate(&intent.sender);
        let window = rotation::sender_window(intent);
        let at_work = || !intent.doubted && matches!(fate, HolderFate::Alive);
        match rotation::recover(intent, grant, fate, self.rules(grant), now) {
            Recovery::Wait { .. } if watching.elapsed() >= window => {
                rotation::replay_or_hold(grant, self.rules(grant), now)
            }
            Recovery::Replay | Recovery::Hold { .. } if at_work() => match processes.age(&intent.sender) {
                // Whatever the clock says: it began after it was born.
                Some(age) if age < window => {
                    Recovery::Wait { until: now.checked_add(window.saturating_sub(age)).unwrap_or(now) }
                }
                _ => rotation::replay_or_hold(grant, self.rules(grant), now),
            },
            recovery => recovery,
        }
    }

    /// Spends the refresh token once: begin, send, keep, settle.
    ///
    /// `replays` is the open intent that this one repeats; `replay` tells whether this token had been sent before
    /// with unknown outcome.
    async fn spend(
        &self,
        app: &App,
        lease: &mut Lease,
        grant: &Grant,
        api: TokenApi,
        replays: Option<IntentId>,
        replay: bool,
    ) -> Result<Settled, Error> {
        let parts = &self.inner.parts;
        let vault = &parts.vault;
        let prepared = parts.provider.prepare(app, api).await.map_err(Error::call)?;
        self.at(Step::Prepared);
        // One that was taken a moment ago still lasts long enough; `begin` refuses one that was lost.
        if lease.expires.duration_since(self.inner.now()) < LEASE_LEFT {
            vault.renew(lease, LEASE).await?;
        }

        // From here to the commit the process must not be asked to go (signals wait for `idle`).
        let _spending = self.inner.spending();
        let timeout = self.rules(grant).send_deadline;
        let begun = self.inner.now();
        let draft = IntentDraft {
            id: IntentId::new(u64::try_from(begun.as_millisecond()).unwrap_or(0), self.inner.random()),
            generation: grant.generation,
            api,
            begun,
            deadline: begun.checked_add(timeout).unwrap_or(begun),
            replays,
        };
        let intent = draft.id;
        let spend = vault.begin(lease, draft).await?;
        self.at(Step::Begun);
        tracing::info!(grant = %grant.id, generation = %grant.generation, %intent, %api, replay, "refresh token sent");

        let answer = match parts.provider.refresh(app, &prepared, spend, timeout).await {
            Sent::Answered(answer) => answer,
            Sent::Unsent(fault) => {
                // What an earlier send left in doubt is not cleared by a send that never left, and stays its doing.
                let kept = if replay { Kept::Doubt } else { Kept::TokenUnspent };
                self.close(intent, Closing::Unsent { reason: fault.reason.clone() }, None).await;
                return Err(Error::unsent(kept, &fault));
            }
            Sent::InDoubt(fault) => {
                let standing = in_doubt(intent, self.inner.now(), Doubt::NoAnswer);
                self.close(intent, Closing::Doubt { doubt: Doubt::NoAnswer }, Some(standing)).await;
                return Err(Error::transport(Code::OutcomeUnknown, Kept::Doubt, &fault));
            }
        };
        self.at(Step::Sent);

        let kept = vault.keep_answer(intent, &answer).await;
        let mut notices = Vec::new();
        match &kept {
            Ok(AnswerKept::Journal) => self.at(Step::Journalled),
            Ok(AnswerKept::RescueSlot) => {
                tracing::error!(grant = %grant.id, "the journal cannot be written; the answer is in the rescue slot");
                notices.push(Notice::RescueSlotUsed);
                self.at(Step::Journalled);
            }
            // Only memory holds it now. The commit below is its last way to the disk, and it keeps trying.
            Err(error) => {
                tracing::error!(%error, grant = %grant.id, "the answer could not be kept; trying to commit it");
            }
        }
        let mut settled = self.settle(grant, intent, api, &answer, replay).await;
        if kept.is_err() {
            for _ in 0..LAST_TRIES {
                if !matches!(&settled, Err(error) if error.vault_error().is_some()) {
                    break;
                }
                tokio::time::sleep(LAST_TRY_PAUSE).await;
                settled = self.settle(grant, intent, api, &answer, replay).await;
            }
            settled = settled.map_err(|error| self.not_stored(error, grant, api, &answer));
        } else if let Err(error) = settled {
            // The answer is safe; say where.
            return Err(match (kept, error.vault_error().is_some()) {
                (Ok(AnswerKept::Journal), true) => error.keeping(Kept::AnswerInJournal),
                (Ok(AnswerKept::RescueSlot), true) => error.keeping(Kept::AnswerInRescueSlot),
                _ => error,
            });
        }
        match settled? {
            Settled::Committed(more) => {
                notices.extend(more);
                Ok(Settled::Committed(notices))
            }
            settled => Ok(settled),
        }
    }

    /// Reads a kept answer and carries out what it means.
    async fn settle(
        &self,
        grant: &Grant,
        intent: IntentId,
        api: TokenApi,
        answer: &RawAnswer,
        replay: bool,
    ) -> Result<Settled, Error> {
        let vault = &self.inner.parts.vault;
        let outcome = self.inner.parts.provider.read(&grant.app, api, answer);
        let now = self.inner.now();
        match rotation::settle(outcome, grant, api, replay, self.rules(grant), answer.received) {
            Settlement::Commit { turn, oddities } => {
                let committed = vault.commit(intent, turn).await?;
                match committed {
                    Committed::Generation(generation) => {
                        self.at(Step::Committed);
                        tracing::info!(grant = %grant.id, %generation, "turned");
                        // The vault has renewed the hand-out file with the commit.
                        Ok(Settled::Committed(oddities.into_iter().map(Notice::Odd).collect()))
                    }
                    Committed::Parked => Ok(Settled::Parked),
                }
            }
            Settlement::Keep { closing, refusal, fallback } => {
                let before = self.refusals_in_a_row(grant, &closing).await;
                if let Some(code) = rotation::is_end_after_all(&refusal, grant, replay, before) {
                    let refusal = Refusal { remedy: Remedy::LogIn, ..refusal };
                    return self.ended(grant, intent, code, refusal).await;
                }
                // What an earlier send left in doubt stays its doing.
                vault.close(intent, closing, None).await?;
                let kept = if replay { Kept::Doubt } else { Kept::TokenUnspent };
                let error = Error::refused(refusal.code(), kept, refusal);
                if fallback { Ok(Settled::NoSuchEndpoint(error)) } else { Err(error) }
            }
            Settlement::Unclear { closing, refusal, in_doubt: doubtful } => {
                let code = refusal.code();
                // What was brought here a moment ago and is refused gives way to what it had replaced; that one worked.
                if code == Code::RefusedUnclearly
                    && grant.on_trial
                    && let Some(back) = self.take_back(grant, intent, code, refusal.provider_code).await?
                {
                    return Ok(back);
                }
                let doubt = rotation::doubt_after(Doubt::UnclearRefusal, grant, replay);
                vault.close(intent, closing, doubtful.then(|| in_doubt(intent, now, doubt))).await?;
                Err(Error::refused(code, if doubtful { Kept::Doubt } else { Kept::Record }, refusal))
            }
            Settlement::Doubt { doubt, refusal } => {
                let doubt = rotation::doubt_after(doubt, grant, replay);
                vault.close(intent, Closing::Doubt { doubt }, Some(in_doubt(intent, now, doubt))).await?;
                Err(Error::refused(Code::OddAnswer, Kept::Doubt, refusal))
            }
            Settlement::Dead { code, refusal } => self.ended(grant, intent, code, refusal).await,
        }
    }

    /// Brings back what an adopted set had replaced that was refused now; `None` where it replaced nothing.
    async fn take_back(
        &self,
        grant: &Grant,
        intent: IntentId,
        code: Code,
        provider_code: Option<i64>,
    ) -> Result<Option<Settled>, Error> {
        let closing = Closing::Refused { code, provider_code };
        if grant.unproven {
            let parted = self.part_refused(grant.id, (intent, closing), code, provider_code).await?;
            return Ok(Some(parted.map_or(Settled::Parked, Settled::TakenBack)));
        }
        let refused = Some((intent, closing));
        let back = self.inner.parts.vault.take_back(grant.id, refused, self.inner.parts.processes.myself()).await?;
        Ok(back.map(|generation| {
            tracing::warn!(grant = %grant.id, %generation, %code, "an adopted login was refused; taken back");
            Settled::TakenBack(Notice::TakenBack { adopted: grant.generation, generation, code })
        }))
    }

    /// Closes an intent whose outcome is already told to the caller; a failure to write it is repaired by the next
    /// recovery, which finds the intent open and its sender gone.
    async fn close(&self, intent: IntentId, closing: Closing, standing: Option<Standing>) {
        if let Err(error) = self.inner.parts.vault.close(intent, closing, standing).await {
            tracing::warn!(%error, %intent, "the intent could not be closed");
        }
    }

    /// Whether a newer generation than `seen` is there that gives a caller something.
    fn is_turned(&self, grant: &Grant, seen: Generation) -> bool {
        // `Serve` is said to `NewerThan` only of a newer generation whose access token lives.
        rotation::decide(grant, Ask::NewerThan(seen), self.rules(grant), self.inner.now()) == rotation::Decision::Serve
    }

    /// Refuses to send again a token in doubt where the provider punishes that and the access token still serves.
    fn may_replay(&self, grant: &Grant) -> Result<(), Error> {
        match rotation::replay_or_hold(grant, self.rules(grant), self.inner.now()) {
            Recovery::Hold { until } => Err(Error::with_detail(
                Code::OutcomeUnknown,
                Kept::Doubt,
                format!("it is asked again from {} on", told_moment(until)),
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn at(&self, step: Step) {
        tracing::debug!(%step, "step");
        self.inner.parts.observer.at(step);
    }
}

/// Whether the present refresh token was sent before with unknown outcome.
fn is_in_doubt(grant: &Grant) -> bool {
    matches!(grant.standing, Standing::InDoubt { .. })
}

/// The failure of a turn that others waited for, as its journal entry tells it.
fn shared_failure(closing: Closing, grant: &Grant) -> Option<Error> {
    match closing {
        Closing::Kept { code, provider_code } => {
            let detail = provider_code
                .map_or_else(|| "another process got this answer".to_owned(), |code| format!("provider code {code}"));
            let kept = if code == Code::RefusedUnclearly { Kept::Record } else { Kept::TokenUnspent };
            Some(Error::with_detail(code, kept, detail))
        }
        Closing::Unsent { reason } => Some(Error::with_detail(Code::Unreachable, Kept::TokenUnspent, reason)),
        Closing::Doubt { .. } => Some(Error::new(Code::OutcomeUnknown, Kept::Doubt)),
        Closing::Refused { code, .. } => Some(refuse(code, grant)),
        _ => None,
    }
}

fn held(intent: &Intent, until: jiff::Timestamp) -> Error {
    let (sender, until) = (&intent.sender, told_moment(until));
    let who = format!("process {} on {}, until {until}", sender.pid, sender.host);
    Error::with_detail(Code::OutcomeUnknown, Kept::Doubt, who)
}

/// How long a lease lasts without renewal: longer than preparing and sending take together at their deadlines.
const LEASE: Duration = Duration::from_secs(75);
/// How long the provider may take to say whose login it is.
const WHO_DEADLINE: Duration = Duration::from_secs(3);
/// How much of it must be left for a send to be begun without renewing it first.
const LEASE_LEFT: jiff::SignedDuration = jiff::SignedDuration::from_secs(70);
/// How often a waiter looks whether a late answer has come.
const LATE_ANSWER_LOOK: Duration = Duration::from_millis(500);
/// Before a turn that was taken over looks again.
const LOST_PAUSE: Duration = Duration::from_millis(25);
/// How often an answer that no disk would take is tried again, a second apart.
const LAST_TRIES: u32 = 20;
/// The pause between those.
const LAST_TRY_PAUSE: Duration = Duration::from_secs(1);
