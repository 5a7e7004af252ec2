//! The journal read backwards: the last rotations, and how a dead or doubtful login came to it.

use jiff::Timestamp;
use tokenward_core::ports::CallError;
use tokenward_core::rotation_policy::Recovery;
use tokenward_core::{
    Closing, Code, Doubt, Entry, Event, Generation, HolderFate, IntentId, RefusalClass, Standing, TokenApi,
};

use super::facts::LoginFacts;
use super::finding_kinds::Story;
use super::rotation_facts::{Cause, Death, Doubtful, Past, PastRotation, ProcessName, Tale};

/// The last rotations, newest first.
pub(super) fn past(login: &LoginFacts) -> Vec<PastRotation> {
    let mut rotations = Vec::new();
    for entry in &login.journal {
        let (replay, outcome) = match &entry.event {
            Event::LoggedIn => (false, Past::LoggedIn),
            Event::LoggedOut { .. } => (false, Past::LoggedOut),
            Event::AccessRefused { provider_code } => (false, Past::AccessRefused { provider_code: *provider_code }),
            Event::Adopted { source, .. } => (false, Past::Adopted { source: source.clone() }),
            Event::TakenBack { refused, .. } => (false, Past::TakenBack { refused: *refused }),
            Event::Begun { intent, replay, .. } => (*replay, outcome(&login.journal, *intent)),
            _ => continue,
        };
        let who = entry.by.as_ref().map(ProcessName::from);
        rotations.push(PastRotation { at: entry.at, who, generation: entry.generation, replay, outcome });
        if rotations.len() == SHOWN {
            break;
        }
    }
    rotations
}

/// How a spend ended, by the newest word about it. That it was repeated says less than why it had to be.
fn outcome(newest_first: &[Entry], intent: IntentId) -> Past {
    let mut answered = false;
    let mut repeated = false;
    for entry in newest_first {
        match &entry.event {
            Event::Closed { intent: of, closing: Closing::Replayed } if *of == intent => repeated = true,
            Event::Closed { intent: of, closing } if *of == intent => return Past::Closed(closing.clone()),
            Event::Answered { intent: of, .. } if *of == intent => answered = true,
            Event::Begun { intent: of, .. } if *of == intent => break,
            _ => {}
        }
    }
    match (answered, repeated) {
        (_, true) => Past::Closed(Closing::Replayed),
        (true, false) => Past::Answered,
        (false, false) => Past::Open,
    }
}

/// Why a login needs a person.
pub(super) fn death(login: &LoginFacts, configured: Option<TokenApi>, now: Timestamp) -> Option<Death> {
    let Standing::NeedsConsent { since, code, provider_code } = &login.grant.standing else { return None };
    let grant = &login.grant;
    let refused = login.journal.iter().find_map(|entry| match &entry.event {
        Event::Closed { intent, closing: Closing::Refused { .. } } => Some(*intent),
        _ => None,
    });
    let met_by = refused.and_then(|intent| begun(&login.journal, intent)).and_then(|entry| entry.by.as_ref());
    let issued_by = grant.issued_by;
    let sent_to = configured.filter(|api| api.accepts_from(issued_by)).unwrap_or(issued_by);
    let tale = match code {
        Code::AnswerLost => answer_lost(login, refused),
        Code::ForeignSpender => Tale::SecondOwner(Box::default()),
        Code::ConsentExpired => Tale::End { end: grant.wall, wall: true, consented: grant.consented },
        Code::RefreshTokenExpired if grant.refresh_expires.is_some_and(|end| end > *since) => {
            Tale::EarlyEnd { announced: grant.refresh_expires.unwrap_or(*since) }
        }
        Code::RefreshTokenExpired => Tale::End { end: grant.refresh_expires, wall: false, consented: grant.consented },
        Code::RefreshTokenRefused if sent_to != issued_by => Tale::MixedUp { issued_by, sent_to },
        Code::RefreshTokenRefused => Tale::Invalid { issued_by },
        _ => Tale::Refused,
    };
    Some(Death {
        code: *code,
        cause: cause(login, *provider_code),
        since: *since,
        obtained: grant.rotated_at,
        generation: grant.generation,
        met_by: met_by.map(ProcessName::from),
        tale,
        serves_until: serves_until(login, now),
        newer: None,
    })
}

/// How a login came to be lost whose answer was lost.
fn answer_lost(login: &LoginFacts, refused: Option<IntentId>) -> Tale {
    let lost = lost_send(login, refused);
    Tale::AnswerLost {
        sender: lost.and_then(|entry| entry.by.as_ref()).map(ProcessName::from),
        at: lost.map(|entry| entry.at),
        doubt: lost.and_then(|entry| why_lost(&login.journal, entry)),
    }
}

/// The send whose answer was lost: the first of the present generation that left, as far as is known, and was not answered. What was
/// never sent lost nothing.
fn lost_send(login: &LoginFacts, except: Option<IntentId>) -> Option<&Entry> {
    login.journal.iter().rev().find(|entry| match &entry.event {
        Event::Begun { intent, .. } => {
            entry.generation == login.grant.generation
                && Some(*intent) != except
                && !was_answered(&login.journal, *intent)
                && !was_harmless(&login.journal, *intent)
        }
        _ => false,
    })
}

/// Why nothing is known of a send. That its sender died is said only of one that is never heard of again.
fn why_lost(journal: &[Entry], begun: &Entry) -> Option<Doubt> {
    let Event::Begun { intent, .. } = &begun.event else { return None };
    let heard_of = |entry: &&Entry| entry.at > begun.at && entry.by.is_some() && entry.by == begun.by;
    match recorded_doubt(journal, *intent) {
        Some(doubt) => Some(doubt),
        None if journal.iter().any(|entry| heard_of(&entry)) => Some(Doubt::NoAnswer),
        None => Some(Doubt::SenderDied),
    }
}

/// Whether a spend is known to have left its token unspent: it was never sent, or refused for a passing reason.
fn was_harmless(journal: &[Entry], intent: IntentId) -> bool {
    journal.iter().any(|entry| {
        matches!(&entry.event, Event::Closed { intent: of, closing: Closing::Unsent { .. } | Closing::Kept { .. } } if *of == intent)
    })
}

fn was_answered(journal: &[Entry], intent: IntentId) -> bool {
    journal.iter().any(|entry| matches!(&entry.event, Event::Answered { intent: of, .. } if *of == intent))
}

fn recorded_doubt(journal: &[Entry], intent: IntentId) -> Option<Doubt> {
    journal.iter().find_map(|entry| match &entry.event {
        Event::Closed { intent: of, closing: Closing::Doubt { doubt } } if *of == intent => Some(*doubt),
        _ => None,
    })
}

fn begun(journal: &[Entry], intent: IntentId) -> Option<&Entry> {
    journal.iter().find(|entry| matches!(&entry.event, Event::Begun { intent: of, .. } if *of == intent))
}

/// Spends that are open, and the doubt that earlier ones left.
pub(super) fn open(login: &LoginFacts, now: Timestamp) -> Vec<Story> {
    let serves_until = serves_until(login, now);
    let mut stories = Vec::new();
    let mut told = false;
    for rotation in &login.open {
        let sender = ProcessName::from(&rotation.sender);
        match (rotation.recovery, rotation.answer) {
            (Recovery::Settle, Some(answer)) => {
                told = true;
                let (received, in_rescue_slot, says) = (answer.received, answer.in_rescue_slot, answer.says);
                stories.push(Story::AnswerWaits { sender, received, in_rescue_slot, says });
            }
            (Recovery::Wait { .. }, _) => {
                told = true;
                let visible = matches!(rotation.fate, HolderFate::Alive | HolderFate::Myself);
                stories.push(Story::UnderWay { sender, begun: rotation.begun, deadline: rotation.deadline, visible });
            }
            (next, _) if !matches!(login.grant.standing, Standing::InDoubt { .. }) => {
                told = true;
                let (sender, at) = (Some(sender), rotation.begun);
                let doubt = if rotation.fate == HolderFate::Dead { Doubt::SenderDied } else { Doubt::NoAnswer };
                stories.push(Story::InDoubt(Doubtful { sender, at, doubt, next, serves_until }));
            }
            _ => {}
        }
    }
    if let Standing::InDoubt { intent, since, doubt } = &login.grant.standing
        && !told
    {
        // The record may name a later send that is known to have changed nothing.
        let harmless = was_harmless(&login.journal, *intent);
        let entry = if harmless { lost_send(login, Some(*intent)) } else { begun(&login.journal, *intent) };
        let lost = entry.filter(|_| harmless).and_then(|entry| why_lost(&login.journal, entry));
        let recovery = login.open.iter().find(|rotation| rotation.intent == *intent).or(login.open.first());
        stories.push(Story::InDoubt(Doubtful {
            sender: entry.and_then(|entry| entry.by.as_ref()).map(ProcessName::from),
            at: entry.map_or(*since, |entry| entry.at),
            doubt: lost.unwrap_or(*doubt),
            next: recovery.map_or(Recovery::Replay, |rotation| rotation.recovery),
            serves_until,
        }));
    }
    stories
}

/// The last rotation, if it failed for a cause outside the token and nothing has gone well since.
///
/// `accepted`: the provider has just accepted the app's id and secret.
pub(super) fn last_failure(login: &LoginFacts, accepted: bool, now: Timestamp) -> Option<Story> {
    if !matches!(login.grant.standing, Standing::Live | Standing::InDoubt { .. }) {
        return None;
    }
    let (entry, intent, closing) = login.journal.iter().find_map(|entry| match &entry.event {
        Event::Closed { intent, closing } => Some((entry, *intent, closing)),
        _ => None,
    })?;
    if entry.generation != login.grant.generation || login_came_after(login, entry.generation, entry.at) {
        return None;
    }
    let (code, provider_code) = match closing {
        Closing::Kept { code, provider_code } => (*code, *provider_code),
        Closing::Unsent { .. } => (Code::Unreachable, None),
        _ => return None,
    };
    Some(Story::LastFailed {
        code,
        cause: cause(login, provider_code),
        at: entry.at,
        sender: begun(&login.journal, intent).and_then(|entry| entry.by.as_ref()).map(ProcessName::from),
        serving: serves_until(login, now).is_some(),
        doubtful: matches!(login.grant.standing, Standing::InDoubt { .. }),
        mended: accepted && code == Code::AppCredentialsWrong,
    })
}

fn login_came_after(login: &LoginFacts, generation: Generation, at: Timestamp) -> bool {
    login.grant.generation == generation && login.grant.consented > at
}

/// The access token's end, while it serves.
pub(super) fn serves_until(login: &LoginFacts, now: Timestamp) -> Option<Timestamp> {
    let dead =
        matches!(&login.alive, Some(Err(CallError::Refused(refusal))) if refusal.class == RefusalClass::AccessDead);
    let lives = login.grant.access.as_ref().filter(|access| !dead && login.serves && !access.remaining(now).is_zero());
    lives.map(|access| access.expires)
}

fn cause(login: &LoginFacts, provider_code: Option<i64>) -> Cause {
    Cause { provider_code, explained: provider_code.and_then(|code| login.codes.get(&code).copied()) }
}

/// How many rotations are shown.
const SHOWN: usize = 5;
