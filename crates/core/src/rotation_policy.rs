//! The whole policy of rotating, as functions of facts: no I/O, no clock, no runtime.
//!
//! [`decide`] answers a caller's wish; [`recover`] says what to do with a spend that someone left open;
//! [`settle`] says what an outcome means for the grant. The engine carries the answers out and adds none of its own.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    AbsentRefresh, Access, Closing, Code, Doubt, Generation, Grant, HolderFate, Intent, Oddity, OldAccess, Outcome,
    RefreshEnd, RefreshToken, Refusal, RefusalClass, Remedy, Replay, Rules, Scopes, Standing, Subject, TokenApi,
    TokenWish,
};

/// What to do about a caller's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Hand out the present access token.
    Serve,
    /// The present access token will do, but it is time to rotate it: rotate unless someone else is at it, and if the
    /// rotation fails for any reason, serve (static stability, I7).
    RotateAhead,
    /// Nothing to hand out before a rotation.
    Rotate,
    /// Nothing to hand out, and no rotation can help: a person is needed.
    Refuse(Code),
}

/// Answers a caller's wish from what is stored.
pub fn decide(grant: &Grant, ask: TokenWish, rules: &Rules, now: Timestamp) -> Decision {
    // Nobody is given more than five sixths of a token's life for the asking: a wish that no token can meet would
    // rotate the grant at every call.
    let living = |least: Duration| {
        let least = |access: &Access| least.min(access.lifetime() / 6 * 5);
        grant.access.as_ref().filter(|access| access.remaining(now) > least(access) && serves(grant, rules, now))
    };
    let dead = match &grant.standing {
        Standing::NeedsConsent { code, .. } => Some(*code),
        Standing::Retired { .. } => Some(Code::NotLoggedIn),
        Standing::Live | Standing::InDoubt { .. } if !grant.has_refresh => Some(Code::NoRefreshToken),
        Standing::Live | Standing::InDoubt { .. } => None,
    };
    if matches!(grant.standing, Standing::Retired { .. }) {
        return Decision::Refuse(Code::NotLoggedIn);
    }
    match ask {
        TokenWish::Living { min_ttl } => match (living(min_ttl), dead) {
            (Some(_), Some(_)) => Decision::Serve,
            // In doubt: the recovery may have to wait for the access token's end, and may end the login; while
            // there is something to serve it is not hurried here. It is due when the token is.
            // Where the old token dies with the rotation, one that is being rotated, or whose rotation is in doubt, may be dead
            // already: it is handed out only if the rotation fails.
            (Some(_), None) if may_be_dead(grant, rules) => Decision::Rotate,
            (Some(access), None) => {
                let due = now >= rules.due_at(grant.id, access);
                // A clock set back makes every age a guess: rotate, so that stored times are true again.
                let clock_went_back = now < access.obtained.checked_sub(CLOCK_SLACK).unwrap_or(access.obtained);
                match rules.old_access {
                    _ if !(due || clock_went_back) => Decision::Serve,
                    OldAccess::Stays => Decision::RotateAhead,
                    // Whoever is at it makes this token worthless: wait for what comes.
                    OldAccess::Dies => Decision::Rotate,
                }
            }
            (None, Some(code)) => Decision::Refuse(code),
            (None, None) => Decision::Rotate,
        },
        TokenWish::NewerThan(seen) if grant.generation > seen && living(Duration::ZERO).is_some() => Decision::Serve,
        TokenWish::NewerThan(_) => dead.map_or(Decision::Rotate, Decision::Refuse),
    }
}

/// Whether there is an access token that may be handed out: it has not ended, the provider has not called it dead (its end is
/// then the moment of that word), and nobody else's use of the refresh token has ended it.
pub fn serves(grant: &Grant, rules: &Rules, now: Timestamp) -> bool {
    let used = matches!(grant.standing, Standing::NeedsConsent { code: Code::ForeignSpender | Code::AnswerLost, .. });
    let lives = grant.access.as_ref().is_some_and(|access| access.remaining(now) > Duration::ZERO);
    lives && !(used && rules.old_access == OldAccess::Dies)
}

/// Whether the present access token may have died already: its refresh token was sent, by us or by someone whose end we do
/// not know, at a provider that ends it then.
fn may_be_dead(grant: &Grant, rules: &Rules) -> bool {
    let sent = grant.intent_open || matches!(grant.standing, Standing::InDoubt { .. });
    rules.old_access == OldAccess::Dies && sent
}

/// What to do with an intent that is open although its sender is not at work any more, or may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// An answer is there: read it and settle.
    Settle,
    /// The sender may still be at work: nothing before this moment.
    Wait {
        /// When to look again.
        until: Timestamp,
    },
    /// Send the token again.
    Replay,
    /// A replay may end the login and the access token still serves: not before this moment.
    Hold {
        /// The access token's end.
        until: Timestamp,
    },
}

/// Decides about an open intent (design/0000-charter.md §5, *Who may replay*).
pub fn recover(intent: &Intent, grant: &Grant, sender: HolderFate, rules: &Rules, now: Timestamp) -> Recovery {
    // An answer that is marked as doubted was read and could not be understood; reading it again changes nothing.
    if intent.answer.is_some() && !intent.doubted {
        return Recovery::Settle;
    }
    // The request of a sender that died may be under way still. Where replays are punished, the later of the two would be
    // taken for one, and end what the earlier has brought: unless both fall into the provider's grace, it is given the time
    // that the sender had.
    let in_grace = |grace: Duration| now < intent.begun.checked_add(grace / 2).unwrap_or(intent.begun);
    let finished = match (intent.doubted, sender, rules.replay) {
        (true, _, _) | (false, HolderFate::Dead, Replay::Harmless) => true,
        (false, HolderFate::Dead, Replay::Punished { grace }) if in_grace(grace) => return Recovery::Replay,
        (false, HolderFate::Dead, Replay::Punished { .. }) => {
            matches!(replay_or_hold(grant, rules, now), Recovery::Hold { .. })
        }
        (false, _, _) => false,
    };
    let patience = intent.deadline.checked_add(SENDER_SLACK).unwrap_or(intent.deadline);
    if !finished && now < patience {
        // A clock that was set back says nothing about the sender, and must not make the wait endless: from now on
        // it gets what it was given, and the engine watches by a clock that nobody sets.
        let fresh = now.checked_add(sender_window(intent)).unwrap_or(patience);
        return Recovery::Wait { until: patience.min(fresh) };
    }
    replay_or_hold(grant, rules, now)
}

/// How long after its beginning a send is certainly over, and its answer journalled if one came.
pub fn sender_window(intent: &Intent) -> Duration {
    Duration::try_from(intent.deadline.duration_since(intent.begun)).unwrap_or_default().saturating_add(SENDER_SLACK)
}

/// Whether a token whose last send had an unknown outcome may be sent again now.
///
/// Where a rotation ends the old access token, a replay has nothing to lose: if the send was processed, that token is dead and
/// the new pair is lost; if it was not, the replay is the first use.
pub fn replay_or_hold(grant: &Grant, rules: &Rules, now: Timestamp) -> Recovery {
    let serving = grant.access.as_ref().filter(|access| access.remaining(now) > Duration::ZERO);
    match (rules.replay, rules.old_access, serving) {
        (Replay::Punished { .. }, OldAccess::Stays, Some(access)) => Recovery::Hold { until: access.expires },
        (Replay::Punished { .. } | Replay::Harmless, _, _) => Recovery::Replay,
    }
}

/// What changes when a grant takes a step; committed as a whole.
#[derive(Debug)]
pub struct Rotation {
    /// What becomes of the access token.
    pub access: Change<Access>,
    /// What becomes of the refresh token.
    pub refresh: Change<RefreshToken>,
    /// When the new refresh token ends; `None` leaves what is stored if the token is kept.
    pub refresh_expires: Option<Timestamp>,
    /// Granted scopes, if told.
    pub scopes: Option<Scopes>,
    /// Whose it is, if told.
    pub subject: Option<Subject>,
    /// The endpoint family that issued the set.
    pub issued_by: TokenApi,
    /// When the answer arrived.
    pub obtained: Timestamp,
}

impl Rotation {
    /// Whether it brings no access token that could be used.
    pub fn is_without_access(&self) -> bool {
        match &self.access {
            Change::Replace(access) => access.lifetime().is_zero(),
            Change::Keep | Change::Drop => true,
        }
    }
}

/// What becomes of a stored value.
#[derive(Debug)]
pub enum Change<T> {
    /// A new one takes its place.
    Replace(T),
    /// It stays.
    Keep,
    /// It is gone.
    Drop,
}

/// What an outcome means for a grant.
#[derive(Debug)]
pub enum Settlement {
    /// Commit this as the next generation.
    Commit {
        /// The step.
        rotation: Rotation,
        /// What was strange, to be named to the person.
        oddities: Vec<Oddity>,
    },
    /// The token is unspent; the grant stands as it stood.
    Keep {
        /// How to close the intent.
        closing: Closing,
        /// What the provider said.
        refusal: Refusal,
        /// Whether another endpoint family may be tried at once: this one does not exist.
        fallback: bool,
    },
    /// The provider said no in words that tell nothing certain of the token, or while it was out of order. Asked again at
    /// every call it would only be bothered: [`next_asking`].
    Unclear {
        /// How to close the intent.
        closing: Closing,
        /// What the provider said.
        refusal: Refusal,
        /// Whether the token may have been used up all the same.
        in_doubt: bool,
    },
    /// Nobody knows; the grant is in doubt.
    Doubt {
        /// Why.
        doubt: Doubt,
        /// What came instead of an answer.
        refusal: Refusal,
    },
    /// The provider's definite no.
    Dead {
        /// Our code for the story.
        code: Code,
        /// What the provider said.
        refusal: Refusal,
    },
}

/// Decides what an outcome means. `replay` tells that this token had been sent before with unknown outcome.
pub fn settle(
    outcome: Outcome,
    grant: &Grant,
    api: TokenApi,
    replay: bool,
    rules: &Rules,
    now: Timestamp,
) -> Settlement {
    match outcome {
        Outcome::Rotated { issued, oddities } => Settlement::Commit {
            rotation: Rotation {
                access: match (issued.access, rules.old_access) {
                    (Some(access), _) => Change::Replace(access),
                    (None, OldAccess::Stays) => Change::Keep,
                    (None, OldAccess::Dies) => Change::Drop,
                },
                refresh: match (issued.refresh, rules.absent_refresh) {
                    (Some(refresh), _) => Change::Replace(refresh),
                    (None, AbsentRefresh::KeepsOld) => Change::Keep,
                    (None, AbsentRefresh::Ends) => Change::Drop,
                },
                refresh_expires: match (rules.refresh_end, grant.refresh_expires, issued.refresh_expires) {
                    // An answer that does not say is read as if the whole life began with it.
                    (RefreshEnd::Fixed, Some(end), Some(later)) => Some(end.min(later)),
                    (RefreshEnd::Fixed, Some(end), None) => Some(end),
                    (_, _, told) => told,
                },
                scopes: issued.scopes,
                subject: issued.subject,
                issued_by: api,
                obtained: now,
            },
            oddities,
        },
        Outcome::NoSuchEndpoint(refusal) => Settlement::Keep {
            closing: Closing::Kept { code: Code::NoSuchEndpoint, provider_code: refusal.provider_code },
            refusal,
            fallback: true,
        },
        Outcome::Unreadable(refusal) => {
            // What says no by its status holds no tokens that could have been lost with it.
            let doubt = if refusal.status >= 400 { Doubt::UnclearRefusal } else { Doubt::OddAnswer };
            Settlement::Doubt { doubt, refusal }
        }
        Outcome::Refused(refusal) => match refusal.class {
            RefusalClass::InDoubt => unclear(refusal, replay, rules),
            // The client could log in with the same words, so what the server does not like is the token.
            RefusalClass::OurBug | RefusalClass::Configuration if is_of_the_token(&refusal) => {
                let (class, remedy) = (RefusalClass::InDoubt, Remedy::LogInIfItLasts);
                unclear(Refusal { class, remedy, ..refusal }, replay, rules)
            }
            RefusalClass::NeedsConsent | RefusalClass::AccessDead => {
                let code = story(&refusal, grant, replay, now);
                // It was we who had sent it: nobody needs to look for a second tool.
                let of_ours = replay && refusal.remedy == Remedy::LogInAfterUse;
                let remedy = if code == Code::AnswerLost || of_ours { Remedy::LogIn } else { refusal.remedy };
                Settlement::Dead { code, refusal: Refusal { remedy, ..refusal } }
            }
            RefusalClass::Retry
            | RefusalClass::Configuration
            | RefusalClass::OurBug
            | RefusalClass::UserState
            | RefusalClass::AppTokenDead
            | RefusalClass::Pending => Settlement::Keep {
                closing: Closing::Kept { code: refusal.code(), provider_code: refusal.provider_code },
                refusal,
                fallback: false,
            },
        },
    }
}

/// What a no means that does not say what became of the token. Where a replay costs nothing the token is taken for one that
/// may have been used; elsewhere a server that was in order and refused it has issued nothing for it.
fn unclear(refusal: Refusal, replay: bool, rules: &Rules) -> Settlement {
    let in_doubt = replay || rules.replay == Replay::Harmless || refusal.status >= 500;
    let closing = Closing::Kept { code: refusal.code(), provider_code: refusal.provider_code };
    Settlement::Unclear { closing, refusal, in_doubt }
}

/// What is in doubt after an answer that settles nothing, `fresh` being what is wrong with that answer itself. An earlier send that
/// went unanswered is not answered by a later one: its answer may have held the tokens.
pub fn doubt_after(fresh: Doubt, grant: &Grant, replay: bool) -> Doubt {
    match grant.standing {
        Standing::InDoubt { doubt: earlier, .. } if is_lost(earlier) => earlier,
        Standing::InDoubt { .. } => fresh,
        _ if replay => Doubt::SenderDied,
        _ => fresh,
    }
}

/// Whether an answer that may have held tokens did not reach us, or not whole.
fn is_lost(doubt: Doubt) -> bool {
    match doubt {
        Doubt::NoAnswer | Doubt::OddAnswer | Doubt::SenderDied => true,
        Doubt::UnclearRefusal => false,
    }
}

/// Whether the answer to an earlier send of this token was lost: every send but those that were answered with a whole refusal.
fn lost_before(grant: &Grant, replay: bool) -> bool {
    replay && !matches!(grant.standing, Standing::InDoubt { doubt, .. } if !is_lost(doubt))
}

/// Whether a refusal of a refresh that names request or client means the token: servers say `invalid_request` and
/// `unauthorized_client` of tokens that were revoked or have ended. A provider that has codes of its own says what it means.
fn is_of_the_token(refusal: &Refusal) -> bool {
    let by_word = refusal.provider_code.is_none() && refusal.provider_word.is_some();
    by_word
        && matches!(
            refusal.remedy,
            Remedy::ReportBug | Remedy::EnableApp | Remedy::AllowGrant | Remedy::EnableAtBlueKing
        )
}

/// When a provider may be asked again that has said no unclearly, so many times in a row and last at this moment.
pub fn next_asking(times: u32, last: Timestamp) -> Timestamp {
    let pause = FIRST_PAUSE.saturating_mul(1 << times.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    last.checked_add(pause).unwrap_or(last)
}

/// Whether a refusal that means passing trouble or a dead token means the latter, and which story it tells: right after a lost
/// answer, for a token that has never worked here, and after so many in a row. `before` counts those that the same token met.
pub fn is_end_after_all(refusal: &Refusal, grant: &Grant, replay: bool, before: usize) -> Option<Code> {
    let unproven = grant.generation == Generation::FIRST && grant.access.is_none();
    match refusal.remedy {
        Remedy::TryLaterThenLogIn if lost_before(grant, replay) => Some(Code::AnswerLost),
        Remedy::TryLaterThenLogIn if replay || unproven || before >= REFUSALS_BELIEVED => {
            Some(Code::RefreshTokenRefused)
        }
        _ => None,
    }
}

/// Which story a definite refusal tells.
fn story(refusal: &Refusal, grant: &Grant, replay: bool, now: Timestamp) -> Code {
    match refusal.remedy {
        Remedy::LogInAfterEnd => {
            let soon = now.checked_add(WALL_SLACK).unwrap_or(now);
            if grant.wall.is_some_and(|wall| soon >= wall) { Code::ConsentExpired } else { Code::RefreshTokenExpired }
        }
        _ if lost_before(grant, replay) => Code::AnswerLost,
        // It was we who sent it before, and were answered: no stranger is named, and no loss.
        _ if replay => Code::RefreshTokenRefused,
        Remedy::LogInAfterUse => Code::ForeignSpender,
        _ => Code::RefreshTokenRefused,
    }
}

/// The pause after the first unclear no; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How many refusals of one token in a row may be passing trouble.
const REFUSALS_BELIEVED: usize = 4;
/// How far a clock may step back without making stored ages doubtful.
const CLOCK_SLACK: Duration = Duration::from_mins(1);
/// How much longer than its own deadline a sender is waited for: its answer may be on the way to the journal.
const SENDER_SLACK: Duration = Duration::from_secs(5);
/// A refusal for age this near the wall is put down to the wall.
const WALL_SLACK: Duration = Duration::from_hours(24);
