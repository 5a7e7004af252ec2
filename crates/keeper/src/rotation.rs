//! One refresh, step by step (design/0000-charter.md §5, design/0006-many-nodes.md *The turn*).
//!
//! Enters: a grant and what its caller wishes. Leaves: a newer generation, durable (I2), or a failure that
//! says what was kept. The order is the promise: joined → leased → read again → begun → sent → kept → settled → committed → told. Each is a value that the next step uses up. Only [`Begun`] holds the right to send (I1); nothing is read before it is
//! [`KeptAnswer`] (I3); a failed save is a failed rotation. A crash between any two steps leaves what the next caller's
//! recovery continues from (I5).

mod login_end;
mod refusal_memory;
mod rotation_report;
mod rotation_request;
mod settlement;
mod waiter_outcome;

use std::time::Duration;

use tokenward_core::ports::{self, AnswerKept, LeasedGrant, Prepared, StoreError, StoreFault, in_doubt};
use tokenward_core::rotation_policy;
use tokenward_core::{
    App, Closing, Code, Doubt, Entry, Generation, Grant, GrantId, Intent, IntentDraft, IntentId, Lease, OldAccess,
    RawAnswer, SecretBytes, ShownAs, Spend, Standing, Subject, TokenApi, TokenWish,
};

use crate::error::refuse;
use crate::lease_wait::LEASE;
use crate::recovery::{Aftermath, is_in_doubt};
use crate::tally::ExchangeOutcome;
use crate::{Error, Keeper, KeptState, Notice, Recovered, RotationStep};

use refusal_memory::ClientRefused;
use settlement::Taken;

pub(crate) use rotation_report::{RotationReport, Via};
pub(crate) use rotation_request::{Patience, Wish};
pub(crate) use settlement::{Ending, Sending};

impl Keeper {
    /// Joins the rotation of a grant under way in this process that is for the same wish, or starts one. The rotation itself is detached.
    pub(crate) async fn join(&self, id: GrantId, wish: Wish) -> Result<RotationReport, Error> {
        let (keeper, wanted) = (self.clone(), wish.clone());
        let rotation = || async move { keeper.rotate(id, &wanted).await };
        self.inner.rotations.join(&id, wish, rotation).wait().await
    }

    /// All ten steps.
    async fn rotate(&self, id: GrantId, wish: &Wish) -> Result<RotationReport, Error> {
        let joined = Joined { keeper: self, id, wish };
        let Some(mut leased) = joined.lease().await? else { return Ok(RotationReport::elsewhere()) };
        let committed = leased.commit().await;
        leased.release().await;
        Ok(committed?.tell().await)
    }
}

/// One: a rotation for all who wish the same.
#[derive(Clone, Copy)]
struct Joined<'a> {
    keeper: &'a Keeper,
    id: GrantId,
    wish: &'a Wish,
}

impl<'a> Joined<'a> {
    /// Waits for the lease. `None` when someone else has rotated the grant meanwhile, or is at it and the caller does
    /// not want to wait.
    async fn lease(self) -> Result<Option<Leased<'a>>, Error> {
        let keeper = self.keeper;
        // Entries are dated to the millisecond.
        let waiting_since = keeper.inner.now().as_millisecond();
        let held = match self.wish.patience {
            Patience::None => keeper.lease_at_once(&self.id.into()).await?,
            Patience::Full => {
                let needless = || self.is_needless(waiting_since);
                keeper.lease_unless(&self.id.into(), keeper.patience_ends(), needless).await?
            }
        };
        Ok(held.map(|held| {
            keeper.at(RotationStep::Leased);
            let LeasedGrant { lease, grant, open, newest, client_refused } = *held;
            let under = grant.map(|grant| Under { grant, open, newest, client_refused });
            Leased { joined: self, taken: Taken { lease, is_free: false }, under }
        }))
    }

    /// Whether a newer generation than the caller saw is there that gives a caller something.
    fn is_rotated(self, grant: &Grant) -> bool {
        let (keeper, ask) = (self.keeper, TokenWish::NewerThan(self.wish.seen));
        // `Serve` is said to `NewerThan` only of a newer generation whose access token lives.
        rotation_policy::decide(grant, ask, keeper.rules(grant), keeper.inner.now()) == rotation_policy::Decision::Serve
    }

    /// Journals that the token is about to be sent.
    async fn begin(
        self,
        lease: &Lease,
        aftermath: &'a Aftermath,
        prepared: Prepared,
        replay: bool,
    ) -> Result<Begun<'a>, Error> {
        let (Self { keeper, wish, .. }, Aftermath { grant, replays, .. }, api) = (self, aftermath, prepared.api);
        let rules = keeper.rules(grant);
        let timeout = rules.send_deadline;
        let now = keeper.inner.now();
        let draft = IntentDraft {
            id: IntentId::new(u64::try_from(now.as_millisecond()).unwrap_or(0), keeper.inner.random()),
            generation: grant.generation,
            api,
            begun: now,
            deadline: now.checked_add(timeout).unwrap_or(now),
            replays: *replays,
            ends_access: (rules.old_access == OldAccess::Dies).then(|| ShownAs(grant.profile.clone())),
        };
        let sending = Sending { keeper, grant, intent: draft.id, api, replay };
        let spend = keeper.inner.parts.vault.begin(lease, draft).await?;
        keeper.at(RotationStep::Begun);
        let (generation, intent) = (grant.generation, sending.intent);
        tracing::info!(grant = %grant.id, %generation, %intent, %api, replay, "refresh token sent");
        Ok(Begun { sending, app: &wish.app, timeout, prepared, spend })
    }
}

/// Two: the lease is ours, and what it was taken for was read with it.
struct Leased<'a> {
    joined: Joined<'a>,
    taken: Taken,
    under: Option<Under>,
}

/// A grant as it was when its lease was taken.
struct Under {
    grant: Grant,
    open: Vec<Intent>,
    newest: Option<Entry>,
    client_refused: Option<SecretBytes>,
}

/// Why a rotation ends before its last step.
enum Stop<'a> {
    /// What is stored is good: someone else's, or what was recovered.
    Done(Committed<'a>),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop<'_> {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<'a> Leased<'a> {
    /// Steps three to nine.
    async fn commit(&mut self) -> Result<Committed<'a>, Error> {
        let (joined, id) = (self.joined, self.joined.id);
        let spent = async {
            let reread = self.reread().await?;
            Ok(reread.spend().await?)
        };
        match spent.await {
            Ok(committed) | Err(Stop::Done(committed)) => Ok(committed),
            // We were paused, or our lease was taken for a dead one's, and someone else went on before we sent
            // anything: theirs is the rotation. The caller looks again, and waits for them if there is nothing yet.
            Err(Stop::Failed(error))
                if matches!(
                    error.vault_error(),
                    Some(
                        StoreError { kind: StoreFault::Moved, .. } | StoreError { kind: StoreFault::IntentOpen(_), .. }
                    )
                ) =>
            {
                tracing::info!(%error, grant = %id, "someone else went on with the grant");
                tokio::time::sleep(LOST_PAUSE).await;
                Ok(Committed::elsewhere(joined))
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Reads the grant again: only what is read under the lease is spent. What earlier rotations left is settled first.
    async fn reread(&mut self) -> Result<Reread<'_, 'a>, Stop<'a>> {
        let (joined, keeper) = (self.joined, self.joined.keeper);
        let under = self.under.take().ok_or_else(|| StoreError::gone(joined.id))?;
        let Under { grant, open, newest, client_refused } = under;
        keeper.at(RotationStep::Reread);
        if joined.is_rotated(&grant) {
            return Err(Stop::Done(Committed::elsewhere(joined)));
        }
        let aftermath = keeper.recover(grant, open, joined.wish.patience).await?;
        let grant = &aftermath.grant;
        // Two sends of one token were answered with a set each. Where a set ends the one before it, nobody can tell which of the
        // two lives: a further rotation can.
        let is_unclear = aftermath.had_late_set && keeper.rules(grant).old_access == OldAccess::Dies;
        if (joined.is_rotated(grant) && !is_unclear) || aftermath.is_back {
            let via = Via::Ours { is_fresh: !aftermath.had_answer && !aftermath.is_back };
            let (is_unproven, notices) = (grant.unproven, aftermath.notices);
            return Err(Stop::Done(Committed { via, is_unproven, notices, ..Committed::elsewhere(joined) }));
        }
        match &grant.standing {
            Standing::NeedsConsent { code, .. } => return Err(refuse(*code, grant).into()),
            Standing::Retired { .. } => return Err(refuse(Code::NotLoggedIn, grant).into()),
            Standing::Live | Standing::InDoubt { .. } if !grant.has_refresh => {
                return Err(Error::new(Code::NoRefreshToken, KeptState::Record).into());
            }
            Standing::InDoubt { .. } if aftermath.replays.is_none() => keeper.may_replay(grant)?,
            _ => {}
        }
        let refused = client_refused.and_then(|kept| ClientRefused::read(&kept));
        keeper.may_ask(joined.wish, grant, newest.as_ref(), refused.as_ref()).await?;
        keeper.at(RotationStep::Proven);
        Ok(Reread { joined, taken: &mut self.taken, aftermath, refused })
    }

    async fn release(self) {
        if !self.taken.is_free {
            self.joined.keeper.release(self.taken.lease).await;
        }
    }
}

/// Three: the grant as it is under the lease, which may be rotated.
struct Reread<'l, 'a> {
    joined: Joined<'a>,
    taken: &'l mut Taken,
    aftermath: Aftermath,
    /// That the provider has not accepted the client, as far as that is remembered.
    refused: Option<ClientRefused>,
}

impl<'a> Reread<'_, 'a> {
    /// Steps five to nine; at the endpoints of the family that issued the token too, where those of the app do not exist.
    async fn spend(mut self) -> Result<Committed<'a>, Error> {
        let Self { joined, aftermath: Aftermath { grant, replays, .. }, .. } = &self;
        let (joined, replay) = (*joined, replays.is_some() || is_in_doubt(grant));
        let (keeper, app, issuer) = (joined.keeper, &joined.wish.app, grant.issued_by);
        let api = if app.token_api.accepts_from(issuer) { app.token_api } else { issuer };
        let first = self.spend_at(api, replay).await;
        keeper.note_client(app, self.refused.as_ref(), &first).await;
        let ending = match first? {
            // Proven unread, so a second intent for the issuing family is not a second spend.
            Ending::NoSuchEndpoint(_) if app.falls_back() && api != issuer => {
                self.aftermath.replays = None;
                self.spend_at(issuer, replay).await?
            }
            ending => ending,
        };
        Committed::by(ending, joined, self.aftermath, replay)
    }

    async fn spend_at(&mut self, api: TokenApi, replay: bool) -> Result<Ending, Error> {
        let prepared = self.prepare(api).await?;
        let Self { joined, taken, aftermath, .. } = self;
        // From here to the commit the process must not be asked to go (signals wait for `idle`).
        let _spending = joined.keeper.inner.spending();
        let begun = joined.begin(&taken.lease, aftermath, prepared, replay).await?;
        let ended = async { begun.send(taken).await?.keep().await.commit(taken).await }.await;
        let outcome = match &ended {
            Ok(Ending::Generation { .. }) => ExchangeOutcome::Refreshed,
            Ok(Ending::Parked) => ExchangeOutcome::Parked,
            Ok(Ending::NoSuchEndpoint(_) | Ending::TakenBack(_)) => ExchangeOutcome::Refused,
            Err(error) => ExchangeOutcome::of(error),
        };
        joined.keeper.inner.tally.exchanged(&joined.wish.app.name, outcome, replay);
        ended
    }

    /// Gets what the request needs besides the token.
    async fn prepare(&mut self, api: TokenApi) -> Result<Prepared, Error> {
        let Self { joined: Joined { keeper, wish, .. }, taken: Taken { lease, .. }, .. } = self;
        let parts = &keeper.inner.parts;
        let prepared = parts.provider.prepare(&wish.app, api).await.map_err(Error::call)?;
        keeper.at(RotationStep::Prepared);
        // One that was taken a moment ago still lasts long enough; `begin` refuses one that was lost.
        if lease.expires.duration_since(keeper.inner.now()) < LEASE_LEFT {
            parts.vault.renew(lease, LEASE).await?;
        }
        Ok(prepared)
    }
}

/// Five: the intent is durable, and the token may be sent, once.
struct Begun<'g> {
    sending: Sending<'g>,
    app: &'g App,
    timeout: Duration,
    prepared: Prepared,
    spend: Spend,
}

impl<'g> Begun<'g> {
    /// Sends it. Where no answer comes, the lease goes with what is stored of that.
    async fn send(self, taken: &mut Taken) -> Result<Sent<'g>, Error> {
        let Self { sending, app, timeout, prepared, spend } = self;
        let Sending { keeper, intent, replay, .. } = sending;
        match keeper.inner.parts.provider.refresh(app, &prepared, spend, timeout).await {
            ports::Sent::Answered(answer) => {
                keeper.at(RotationStep::Sent);
                Ok(Sent { sending, answer })
            }
            ports::Sent::Unsent(fault) => {
                // What an earlier send left in doubt is not cleared by a send that never left, and stays its doing.
                let kept = if replay { KeptState::Doubt } else { KeptState::TokenUnspent };
                sending.close_told(taken, Closing::Unsent { reason: fault.reason.clone() }, None).await;
                Err(Error::unsent(kept, &fault))
            }
            ports::Sent::InDoubt(fault) => {
                let standing = in_doubt(intent, keeper.inner.now(), Doubt::NoAnswer);
                sending.close_told(taken, Closing::Doubt { doubt: Doubt::NoAnswer }, Some(standing)).await;
                Err(Error::transport(Code::OutcomeUnknown, KeptState::Doubt, &fault))
            }
        }
    }
}

/// Six: an answer has come, and only memory holds it.
struct Sent<'g> {
    sending: Sending<'g>,
    answer: RawAnswer,
}

impl<'g> Sent<'g> {
    async fn keep(self) -> KeptAnswer<'g> {
        let Self { sending, answer } = self;
        let Sending { keeper, grant, intent, .. } = sending;
        let place = match keeper.inner.parts.vault.keep_answer(intent, &answer).await {
            Ok(place) => {
                if place == AnswerKept::LastResort {
                    tracing::error!(grant = %grant.id, "the journal cannot be written; the answer is in the rescue slot");
                }
                keeper.at(RotationStep::Journalled);
                Some(place)
            }
            // Only memory holds it now. The commit is its last way to the disk, and it keeps trying.
            Err(error) => {
                tracing::error!(%error, grant = %grant.id, "the answer could not be kept; trying to commit it");
                None
            }
        };
        KeptAnswer { sending, answer, place }
    }
}

/// Seven: the answer is kept; `None` is memory alone, where no disk would take it.
struct KeptAnswer<'g> {
    sending: Sending<'g>,
    answer: RawAnswer,
    place: Option<AnswerKept>,
}

impl KeptAnswer<'_> {
    /// Steps eight and nine. An answer that no disk would take is tried again.
    async fn commit(self, taken: &mut Taken) -> Result<Ending, Error> {
        let mut ending = self.sending.settle(&self.answer).commit(Some(taken)).await;
        let left_memory = |ending: &_| !matches!(ending, Err::<_, Error>(error) if error.vault_error().is_some());
        let Some(place) = self.place else {
            for _ in 0..LAST_TRIES {
                if left_memory(&ending) {
                    break;
                }
                tokio::time::sleep(LAST_TRY_PAUSE).await;
                ending = self.sending.settle(&self.answer).commit(Some(taken)).await;
            }
            return ending.map_err(|error| self.sending.not_stored(error, &self.answer));
        };
        // The answer is safe; say where.
        let (kept, notice) = match place {
            AnswerKept::Journal => (KeptState::AnswerInJournal, None),
            AnswerKept::LastResort => (KeptState::AnswerInRescueSlot, Some(Notice::RescueSlotUsed)),
        };
        match ending {
            Err(error) if error.vault_error().is_some() => Err(error.keeping(kept)),
            Ok(Ending::Generation { notices, stored }) => {
                Ok(Ending::Generation { notices: notice.into_iter().chain(notices).collect(), stored })
            }
            ending => ending,
        }
    }
}

/// Nine: what is stored now is durable.
struct Committed<'a> {
    joined: Joined<'a>,
    via: Via,
    has_requested: bool,
    /// Whether nobody had said whose the set was that has rotated.
    is_unproven: bool,
    /// Set when a login has rotated for the first time that was adopted, or that nobody named.
    unnamed: Option<Unnamed>,
    /// The grant as this rotation stored it.
    stored: Option<Box<Grant>>,
    notices: Vec<Notice>,
}

/// Whose a login is remains to be found out.
struct Unnamed {
    /// Whose the grant was until then.
    before: Option<Subject>,
}

impl<'a> Committed<'a> {
    const fn elsewhere(joined: Joined<'a>) -> Self {
        let via = Via::Elsewhere { is_parked: false };
        Self { joined, via, has_requested: false, is_unproven: false, unnamed: None, stored: None, notices: Vec::new() }
    }

    /// By a send of this rotation.
    fn by(ending: Ending, joined: Joined<'a>, aftermath: Aftermath, replay: bool) -> Result<Self, Error> {
        let Aftermath { grant, mut notices, .. } = aftermath;
        let (is_unproven, mut unnamed, mut stored) = (grant.unproven, None, None);
        let via = match ending {
            Ending::Generation { notices: more, stored: now } => {
                stored = now;
                notices.extend(more);
                if replay {
                    notices.push(Notice::Recovered(Recovered::Replay));
                }
                let never_told = grant.subject.is_none() && grant.generation == Generation::FIRST;
                unnamed = (grant.on_trial || never_told).then_some(Unnamed { before: grant.subject });
                Via::Ours { is_fresh: true }
            }
            Ending::Parked => {
                notices.push(Notice::Parked);
                Via::Elsewhere { is_parked: true }
            }
            Ending::TakenBack(notice) => {
                notices.push(notice);
                Via::Ours { is_fresh: false }
            }
            Ending::NoSuchEndpoint(error) => return Err(error),
        };
        Ok(Self { joined, via, has_requested: true, is_unproven, unnamed, stored, notices })
    }

    /// Delivers what a rotation brought. The lease is given back already, and the set is durable: nothing here can fail the rotation.
    async fn tell(self) -> RotationReport {
        let Self {
            joined: Joined { keeper, id, wish: Wish { app, .. } },
            mut via,
            has_requested,
            is_unproven,
            mut unnamed,
            stored,
            mut notices,
        } = self;
        let Via::Ours { is_fresh } = &mut via else {
            return RotationReport { via, has_requested, stored: None, notices };
        };
        let is_named = !is_unproven && unnamed.is_none();
        if is_unproven
            && let Ok(grant) = keeper.inner.parts.vault.grant(id).await
            && grant.unproven
        {
            // Before anything is delivered. What cannot be asked now is asked by whoever wants the token.
            unnamed = None;
            match keeper.tell_user(app, &grant).await {
                Ok(notice) => {
                    // Another user's set is kept aside, and the one that is back has not rotated.
                    *is_fresh &= notice.is_none();
                    notices.extend(notice);
                }
                Err(error) => tracing::info!(%error, grant = %id, "whose login it is could not be asked"),
            }
        }
        let naming = async {
            match unnamed {
                Some(Unnamed { before }) => keeper.name(app, id, before).await,
                None => None,
            }
        };
        let (named, delivered) = tokio::join!(naming, keeper.tell_around(app, id, stored.as_deref()));
        // As it was stored, if nothing was done to it since.
        let stored = stored.filter(|_| is_named && delivered.is_none());
        notices.extend(named.into_iter().chain(delivered.into_iter().flatten()));
        keeper.at(RotationStep::Delivered);
        RotationReport { via, has_requested, stored, notices }
    }
}

/// How much of a lease must be left for a send to be begun without renewing it first.
const LEASE_LEFT: jiff::SignedDuration = jiff::SignedDuration::from_secs(70);
/// Before a rotation that was taken over looks again.
const LOST_PAUSE: Duration = Duration::from_millis(25);
/// How often an answer that no disk would take is tried again, a second apart.
const LAST_TRIES: u32 = 20;
/// The pause between those.
const LAST_TRY_PAUSE: Duration = Duration::from_secs(1);
