//! What is seen first: what needs somebody, how long all logins live, and what the refreshes of this node led to.
//!
//! Counts of all logins come from indexes of the store and are asked for at most each quarter of a minute. A key that is limited to some
//! profiles is counted for by looking at a bounded number of logins, and the page says so.

use std::time::Duration;

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use tokenward::core::ports::TimeLeft;
use tokenward::{ExchangeOutcome, Settings};
use tokenward_core::{AppName, Outlook, Verb};
use tokenward_words::Language;
use tokio::time::Instant;

use super::super::caller::Caller;
use super::super::grants::{Wanted, found};
use super::super::problem::Problem;
use super::super::state::Inner;
use super::attention::{Needy, apps_of, ending, more, told, troubled};
use super::chart::{Bar, bars, grouped, part};
use super::frame::{Frame, Here, Moment};
use super::reply::Reply;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::scheduler::outlook;

#[derive(Template)]
#[template(path = "dashboard/overview.html")]
struct Overview {
    frame: Frame,
    l: Language,
    logins: Option<Logins>,
    refreshes: Option<Refreshes>,
    /// What the key lacks for the rest.
    lacking: Vec<String>,
}

/// What is told of logins.
struct Logins {
    needy: Vec<Needy>,
    /// Where there are more of those in trouble.
    more: Option<String>,
    count: String,
    is_none: bool,
    /// How many were looked at, where not all were.
    part: Option<String>,
    bars: Vec<Bar>,
    /// The picture in one sentence.
    sentence: String,
}

/// What refreshes led to.
struct Refreshes {
    since: Moment,
    rows: Vec<Outcome>,
    replays: Option<String>,
}

/// One outcome, with the length of its bar in percent.
struct Outcome {
    kind: &'static str,
    word: String,
    count: String,
    length: u64,
}

pub(super) async fn show(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let (server, l) = (visit.server(), visit.l());
    let may = |verb| caller.may(verb);
    let logins = if may(Verb::ReadGrants) { Some(logins(&caller, server, l).await?) } else { None };
    let lacking = [Verb::ReadGrants, Verb::ReadMetrics].into_iter().filter(|verb| !may(*verb));
    let shown = Overview {
        frame: Frame::known(&visit, &caller, Here::Overview, l.page_overview()),
        l,
        logins,
        refreshes: may(Verb::ReadMetrics).then(|| refreshes(&caller, server, l)),
        lacking: lacking
            .map(|verb| l.page_lacks(format!("`{verb}`")))
            .map(|text| super::frame::marked(&text))
            .collect(),
    };
    Ok(Reply::ok(&shown)?)
}

async fn logins(caller: &Caller, server: &Inner, l: Language) -> Result<Logins, Problem> {
    let (in_trouble, next) = troubled(caller, server, None, FIRST).await?;
    let soon = ending(caller, server, FIRST).await?;
    let grants: Vec<_> = in_trouble.into_iter().chain(soon).collect();
    let (left, looked_at) = time_left(caller, server).await?;
    let counts: Vec<_> =
        SPANS.into_iter().zip(left.until).chain([(LATER, left.later), (UNKNOWN, left.unknown)]).collect();
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let sentence: Vec<_> = counts.iter().map(|(span, count)| span.counted(*count, l)).collect();
    let named: Vec<_> = counts.into_iter().map(|(span, count)| (span.kind, span.label(l), count)).collect();
    Ok(Logins {
        needy: told(&grants, caller, server, l),
        more: next.map(|next| more(&next)),
        count: grouped(all),
        is_none: all == 0,
        part: looked_at.map(grouped),
        bars: bars(&named),
        sentence: sentence.join(match l {
            Language::English => ", ",
            Language::Chinese => "，",
        }),
    })
}

/// How long the logins live that a caller may see; and of how many, where not all were looked at.
async fn time_left(caller: &Caller, server: &Inner) -> Result<(TimeLeft, Option<u64>), Problem> {
    let now = server.session.now();
    let ends: Vec<_> = SPANS.iter().filter_map(|span| now.checked_add(span.until).ok()).collect();
    let apps = apps_of(caller, server);
    let mut all = TimeLeft { until: vec![0; ends.len()], ..TimeLeft::default() };
    if apps.iter().all(|app| caller.sees_all_of(app)) {
        for app in apps.iter().filter(|app| is_looked_after(server.session.settings(), app)) {
            let left = counted(server, app, &ends).await?;
            all.until.iter_mut().zip(left.until).for_each(|(sum, more)| *sum += more);
            all.later += left.later;
            all.unknown += left.unknown;
        }
        return Ok((all, None));
    }
    let page = found(caller, server, &Wanted { limit: usize::MAX, ..Wanted::default() }).await?;
    for grant in &page.grants {
        let rules = server.session.keeper().rules(grant);
        let end = match outlook(grant, rules) {
            Outlook::Over => continue,
            Outlook::Ends { at } => at,
            // As the scheduler goes by it.
            Outlook::LivesOn { .. } => {
                let kept = rules.kept_alive_at(grant.id, grant.rotated_at, grant.refresh_expires, grant.wall);
                kept.map(|(_, ends)| ends)
            }
        };
        match end.map(|end| ends.iter().position(|bound| end <= *bound)) {
            None => all.unknown += 1,
            Some(Some(at)) => all.until[at] += 1,
            Some(None) => all.later += 1,
        }
    }
    Ok((all, page.next.map(|_| page.grants.len() as u64)))
}

/// As the store counts, from a moment ago where somebody has asked then.
async fn counted(server: &Inner, app: &AppName, ends: &[Timestamp]) -> Result<TimeLeft, Problem> {
    let (kept, asked) = (server.dashboard.as_ref().map(|dashboard| &dashboard.left), Instant::now());
    if let Some(known) = kept.and_then(|kept| kept.get(app, asked, KEPT)) {
        return Ok(known);
    }
    let left = server.session.store().time_left(app, ends).await?;
    if let Some(kept) = kept {
        kept.keep(app, asked, left.clone());
    }
    Ok(left)
}

/// Whether an app's logins are looked at by a scheduler, which is what is counted.
fn is_looked_after(settings: &Settings, app: &AppName) -> bool {
    let profile = settings.profiles().find(|(_, named)| named.as_ref() == Some(app)).map(|(profile, _)| profile);
    let resolved = profile.and_then(|profile| settings.profile(Some(profile)).ok());
    resolved.is_some_and(|resolved| resolved.token_api.has_browser_login())
}

fn refreshes(caller: &Caller, server: &Inner, l: Language) -> Refreshes {
    let exchanges = server.session.keeper().exchanges();
    let mine: Vec<_> = exchanges.iter().filter(|(kind, _)| caller.sees_all_of(&kind.app)).collect();
    let of = |outcome: ExchangeOutcome| {
        mine.iter().filter(|(kind, _)| kind.outcome == outcome).map(|(_, count)| *count).sum()
    };
    let counts: Vec<(ExchangeOutcome, u64)> =
        ExchangeOutcome::ALL.into_iter().map(|outcome| (outcome, of(outcome))).collect();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let rows = counts.into_iter().filter(|(_, count)| *count > 0).map(|(outcome, count)| {
        let (kind, word) = in_words(outcome, l);
        Outcome { kind, word, count: grouped(count), length: part(count, most, 100) }
    });
    let replays: u64 = mine.iter().filter(|(kind, _)| kind.is_replay).map(|(_, count)| *count).sum();
    let begun = server.dashboard.as_ref().map_or_else(|| server.session.now(), |dashboard| dashboard.begun);
    Refreshes {
        since: Moment::of(begun, server.session.now(), l),
        rows: rows.collect(),
        replays: (replays > 0).then(|| l.page_replays(grouped(replays))),
    }
}

fn in_words(outcome: ExchangeOutcome, l: Language) -> (&'static str, String) {
    match outcome {
        ExchangeOutcome::Refreshed => ("good", l.page_outcome_refreshed()),
        ExchangeOutcome::Parked => ("note", l.page_outcome_parked()),
        ExchangeOutcome::Refused => ("note", l.page_outcome_refused()),
        ExchangeOutcome::Ended => ("need", l.page_outcome_ended()),
        ExchangeOutcome::NotSent => ("note", l.page_outcome_not_sent()),
        ExchangeOutcome::Unknown => ("doubt", l.page_outcome_unknown()),
        ExchangeOutcome::NotStored => ("doubt", l.page_outcome_not_stored()),
        _ => ("note", outcome.as_str().to_owned()),
    }
}

/// A bar of the picture.
#[derive(Clone, Copy)]
struct Span {
    kind: &'static str,
    /// Up to when, from now.
    until: SignedDuration,
    /// How many days, or what else it is.
    days: Result<&'static str, fn(Language) -> String>,
}

const fn span(kind: &'static str, days: i64, told: Result<&'static str, fn(Language) -> String>) -> Span {
    Span { kind, until: SignedDuration::from_hours(24 * days), days: told }
}

impl Span {
    /// Below its bar.
    fn label(self, l: Language) -> String {
        self.days.map_or_else(|word| word(l), str::to_owned)
    }

    /// In a sentence.
    fn counted(self, count: u64, l: Language) -> String {
        match self.days {
            Ok(days) => l.page_bar_days(days, grouped(count)),
            Err(word) => l.page_bar(word(l), grouped(count)),
        }
    }
}

const SPANS: [Span; 6] = [
    span("need", 0, Err(Language::page_over)),
    span("doubt", 1, Ok("0–1")),
    span("bar", 3, Ok("1–3")),
    span("bar", 7, Ok("3–7")),
    span("bar", 30, Ok("7–30")),
    span("bar", 90, Ok("30–90")),
];
const LATER: Span = span("bar", 0, Ok(">90"));
const UNKNOWN: Span = span("bar", 0, Err(Language::page_no_end));
/// Of each kind of those that need somebody.
const FIRST: usize = 10;
/// For how long a count is told again.
const KEPT: Duration = Duration::from_secs(15);
