//! What a login needs next: a pure function of the login, its provider's rules, its readers and the time.

use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::{Grant, Outlook, Replay, Rules, Standing};

/// What is to be done about a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// Refresh it now. Those that end first go first.
    Refresh { ends: Timestamp },
    /// Look again then; `None`: once it has a newer set.
    Later { at: Option<Timestamp>, ends: Option<Timestamp> },
}

/// A login whose token is read until `hot_until` is kept warm: its access token is refreshed before it ends. Any other is refreshed as often
/// as its refresh token needs to live on.
pub(super) fn plan(grant: &Grant, rules: &Rules, hot_until: Option<Timestamp>, now: Timestamp) -> Plan {
    let later = |time: Duration| Plan::Later { at: now.checked_add(time).ok(), ends: None };
    if !grant.has_refresh || matches!(grant.standing, Standing::Retired { .. }) {
        return Plan::Later { at: None, ends: None };
    }
    // Without a profile nobody says which app's secret it is refreshed with. It may get one back.
    if grant.profile.is_none() || matches!(grant.standing, Standing::NeedsConsent { .. }) {
        return later(LOOK_AGAIN);
    }
    let kept = rules.kept_alive_at(grant.id, grant.rotated_at, grant.refresh_expires, grant.wall);
    let ends = kept.map(|(_, ends)| ends);
    if matches!(grant.standing, Standing::InDoubt { .. }) || grant.intent_open {
        // A replay that may end the login has to wait until the access token is of no more use.
        let serves_until = grant.access.as_ref().map(|access| access.expires);
        return match (&rules.replay, serves_until) {
            (Replay::Punished { .. }, Some(until)) if now < until => Plan::Later { at: Some(until), ends },
            _ => Plan::Refresh { ends: ends.unwrap_or(now) },
        };
    }
    let read = grant.access.as_ref().filter(|_| hot_until.is_some_and(|until| now < until));
    let hot = read.map(|access| (rules.due_at(grant.id, access), access.expires));
    let soonest = [hot, kept].into_iter().flatten().filter(|(at, _)| *at <= now).map(|(_, ends)| ends).min();
    match soonest {
        Some(ends) => Plan::Refresh { ends },
        None => Plan::Later { at: [hot, kept].into_iter().flatten().map(|(at, _)| at).min(), ends },
    }
}

/// What lies ahead of a login: the part of a plan that is for people.
pub(crate) fn outlook(grant: &Grant, rules: &Rules) -> Outlook {
    if matches!(grant.standing, Standing::Retired { .. } | Standing::NeedsConsent { .. }) {
        return Outlook::Over;
    }
    if !grant.has_refresh {
        return Outlook::Ends { at: grant.access.as_ref().map(|access| access.expires) };
    }
    match rules.kept_alive_at(grant.id, grant.rotated_at, grant.refresh_expires, grant.wall) {
        Some(_) => Outlook::LivesOn { until: grant.wall },
        None => Outlook::Ends { at: [grant.refresh_expires, grant.wall].into_iter().flatten().min() },
    }
}

/// When it is looked again whether a login that cannot be refreshed can be.
const LOOK_AGAIN: Duration = Duration::from_hours(24);
