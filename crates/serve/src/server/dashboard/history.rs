//! The history of a login as it is told: what belongs together in one step, in words, newest first.
//!
//! Enters: the entries of the journal, which hold no secret. Leaves: steps. A refresh is one step, from its beginning to what came of it, and
//! many that went well one after the other are one step with each of them inside.

use std::collections::HashMap;

use jiff::Timestamp;
use tokenward_core::{Closing, Code, Entry, Event, Generation, IntentId, visible};
use tokenward_words::{Language, detail_in_chinese, doubt, happened};

use super::frame::Moment;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The kind of mark it has: `good`, `note`, `doubt` or `need`.
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) details: Vec<String>,
    pub(super) at: Moment,
    /// When the first of many happened.
    pub(super) since: Option<Moment>,
    /// Each of many.
    pub(super) parts: Vec<Step>,
}

/// A step before it is in words.
struct Past {
    at: Timestamp,
    generation: Generation,
    kind: Kind,
}

enum Kind {
    Refresh(Refresh),
    Other(Event),
}

#[derive(Default)]
struct Refresh {
    begun: Option<Timestamp>,
    is_replay: bool,
    log_id: Option<String>,
    is_answered: bool,
    end: Option<Closing>,
}

impl Refresh {
    /// Whether it went as all of them should, and its number.
    fn plain(&self) -> Option<Generation> {
        match self.end {
            Some(Closing::Committed { generation, without_access: false }) if !self.is_replay => Some(generation),
            _ => None,
        }
    }
}

/// What happened to a login. The entries come newest first, and so do the steps.
pub(super) fn told(entries: &[Entry], now: Timestamp, l: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut plain: Vec<Past> = Vec::new();
    for past in gathered(entries) {
        if matches!(&past.kind, Kind::Refresh(refresh) if refresh.plain().is_some()) {
            plain.push(past);
            continue;
        }
        together(&mut plain, &mut steps, now, l);
        steps.push(past.told(now, l));
    }
    together(&mut plain, &mut steps, now, l);
    steps.reverse();
    steps
}

/// What belongs together, oldest first.
fn gathered(entries: &[Entry]) -> Vec<Past> {
    let (mut pasts, mut open): (Vec<Past>, HashMap<IntentId, usize>) = (Vec::new(), HashMap::new());
    for Entry { at, generation, event, .. } in entries.iter().rev() {
        let (at, generation) = (*at, *generation);
        let intent = match event {
            Event::Begun { intent, .. } | Event::Answered { intent, .. } | Event::Closed { intent, .. } => *intent,
            other => {
                pasts.push(Past { at, generation, kind: Kind::Other(other.clone()) });
                continue;
            }
        };
        let known = open.get(&intent).copied();
        let place = known.unwrap_or_else(|| {
            pasts.push(Past { at, generation, kind: Kind::Refresh(Refresh::default()) });
            open.insert(intent, pasts.len() - 1);
            pasts.len() - 1
        });
        let Some(Past { at: moment, kind: Kind::Refresh(refresh), .. }) = pasts.get_mut(place) else { continue };
        match event {
            Event::Begun { replay, .. } => (refresh.begun, refresh.is_replay) = (Some(at), *replay),
            Event::Answered { log_id, .. } => (refresh.is_answered, refresh.log_id) = (true, log_id.clone()),
            // That it was sent again is told by the one that came after it.
            Event::Closed { closing: Closing::Replayed, .. } if refresh.end.is_some() => {}
            Event::Closed { closing, .. } => (*moment, refresh.end) = (at, Some(closing.clone())),
            _ => {}
        }
    }
    pasts
}

/// Many that went well are one step.
fn together(plain: &mut Vec<Past>, steps: &mut Vec<Step>, now: Timestamp, l: Language) {
    let number = |past: &Past| match &past.kind {
        Kind::Refresh(refresh) => refresh.plain().unwrap_or(past.generation),
        Kind::Other(_) => past.generation,
    };
    match &plain[..] {
        [first, .., last] if plain.len() >= MANY => {
            let what = l.page_past_refreshed_many(plain.len(), first.generation, number(last));
            let (at, since) = (Moment::of(last.at, now, l), Some(Moment::of(first.at, now, l)));
            let parts = plain.iter().rev().map(|past| past.told(now, l)).collect();
            steps.push(Step { kind: "good", what, details: Vec::new(), at, since, parts });
        }
        few => steps.extend(few.iter().map(|past| past.told(now, l))),
    }
    plain.clear();
}

impl Past {
    fn told(&self, now: Timestamp, l: Language) -> Step {
        let (kind, what, details) = match &self.kind {
            Kind::Refresh(refresh) => self.refresh(refresh, l),
            Kind::Other(event) => self.other(event, l),
        };
        Step { kind, what, details, at: Moment::of(self.at, now, l), since: None, parts: Vec::new() }
    }

    fn refresh(&self, refresh: &Refresh, l: Language) -> (&'static str, String, Vec<String>) {
        let mut details = Vec::new();
        if refresh.is_replay {
            details.push(l.page_past_again());
        }
        let refused = |details: &mut Vec<String>, code: Code, provider_code: Option<i64>| {
            details.extend(provider_code.map(|code| l.page_past_provider_code(code)));
            l.of(happened(code)).to_owned()
        };
        let (kind, what) = match &refresh.end {
            Some(Closing::Committed { generation, without_access }) => {
                let took = refresh.begun.map(|begun| self.at.duration_since(begun).as_secs().max(0).unsigned_abs());
                details.extend(took.map(|seconds| l.page_past_answered_in(l.span(seconds.max(1)))));
                if *without_access {
                    details.push(l.page_past_no_access());
                }
                ("good", l.page_past_refreshed(self.generation, generation))
            }
            Some(Closing::Unsent { reason }) => ("note", l.page_past_unsent(in_words(reason, l))),
            Some(Closing::Kept { code, provider_code }) => {
                let what = l.page_past_kept(refused(&mut details, *code, *provider_code));
                details.push(l.page_past_unchanged());
                ("note", what)
            }
            Some(Closing::Refused { code, provider_code }) => {
                ("need", l.page_past_refused(refused(&mut details, *code, *provider_code)))
            }
            Some(Closing::Doubt { doubt: why }) => {
                details.push(l.page_past_kept_until_known());
                ("doubt", l.page_past_unknown(l.of(doubt(*why))))
            }
            Some(Closing::Parked) => ("note", l.page_past_parked()),
            Some(Closing::Replayed) => ("doubt", l.page_past_open()),
            Some(_) => ("note", l.page_past_other()),
            None if refresh.is_answered => ("note", l.page_past_answered()),
            None => ("note", l.page_past_open()),
        };
        details.extend(refresh.log_id.as_deref().map(|id| l.page_past_log_id(id)));
        (kind, what, details)
    }

    fn other(&self, event: &Event, l: Language) -> (&'static str, String, Vec<String>) {
        let set = || vec![l.page_past_set(self.generation)];
        match event {
            Event::LoggedIn => ("good", l.page_past_logged_in(), set()),
            Event::Adopted { source, .. } => ("good", l.page_past_imported(in_words(source, l)), set()),
            Event::TakenBack { refused: true, .. } => ("note", l.page_past_restored_refused(), set()),
            Event::TakenBack { refused: false, .. } => ("note", l.page_past_restored(), set()),
            Event::Linked { file } => ("note", l.page_past_linked(file), Vec::new()),
            Event::Unlinked { file } => ("note", l.page_past_unlinked(file), Vec::new()),
            Event::Healed { file, .. } => ("note", l.page_past_written(file), Vec::new()),
            Event::AccessRefused { provider_code } => {
                let details = provider_code.map(|code| l.page_past_provider_code(code)).into_iter().collect();
                ("note", l.page_past_access_refused(), details)
            }
            Event::LoggedOut { revoked } => {
                let details = revoked.then(|| l.page_past_revoked()).into_iter().collect();
                ("note", l.page_past_logged_out(), details)
            }
            _ => ("note", l.page_past_other(), Vec::new()),
        }
    }
}

/// What the engine or somebody else said, with nothing hidden in it.
fn in_words(text: &str, l: Language) -> String {
    let chinese = match l {
        Language::Chinese => detail_in_chinese(text),
        Language::English => None,
    };
    chinese.unwrap_or_else(|| visible(text).into_owned())
}

/// From so many on they are told together.
const MANY: usize = 3;

#[cfg(test)]
mod tests {
    use tokenward_core::{Doubt, Fingerprint};
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn intent(number: u64) -> IntentId {
        IntentId::from(Uuid::from_u128(number.into()))
    }

    fn entry(second: i64, generation: u64, event: Event) -> Entry {
        Entry { at: at(second), generation: Generation::new(generation), by: None, event }
    }

    fn begun(number: u64, replay: bool) -> Event {
        Event::Begun { intent: intent(number), fingerprint: Fingerprint::from_bytes([7; 16]), replay }
    }

    fn answered(number: u64) -> Event {
        Event::Answered { intent: intent(number), status: 200, log_id: Some("2026<b>".to_owned()) }
    }

    fn closed(number: u64, closing: Closing) -> Event {
        Event::Closed { intent: intent(number), closing }
    }

    fn committed(generation: u64) -> Closing {
        Closing::Committed { generation: Generation::new(generation), without_access: false }
    }

    fn steps(mut entries: Vec<Entry>) -> Vec<Step> {
        entries.reverse();
        told(&entries, at(1000), Language::English)
    }

    #[test]
    fn a_refresh_is_one_step_and_many_are_one() {
        let mut entries = vec![entry(0, 1, Event::LoggedIn)];
        for number in 1..=4 {
            let second = 10 * i64::try_from(number).unwrap();
            entries.push(entry(second, number, begun(number, false)));
            entries.push(entry(second + 1, number, answered(number)));
            entries.push(entry(second + 2, number, closed(number, committed(number + 1))));
        }
        entries.push(entry(90, 5, Event::LoggedOut { revoked: true }));
        let told = steps(entries);
        let what: Vec<_> = told.iter().map(|step| step.what.as_str()).collect();
        assert_eq!(what, ["Logged out", "Refreshed 4 times: token set 1 to 5", "Logged in"]);
        assert_eq!((told[1].at.full.as_str(), told[1].parts.len()), ("2027-01-15 08:00:42 UTC", 4));
        assert_eq!(told[1].since.as_ref().unwrap().full, "2027-01-15 08:00:12 UTC");
        assert_eq!(told[1].parts[0].what, "Refreshed: token set 4 to 5");
        assert_eq!(told[1].parts[0].details, ["The provider answered within 2 s.", "Log id of the provider: 2026<b>"]);
        assert_eq!(told[0].details, ["The provider confirmed that it is revoked."]);
    }

    #[test]
    fn a_doubt_that_was_settled_is_two_steps() {
        let told = steps(vec![
            entry(0, 1, begun(1, false)),
            entry(30, 1, closed(1, Closing::Doubt { doubt: Doubt::NoAnswer })),
            entry(60, 1, closed(1, Closing::Replayed)),
            entry(60, 1, begun(2, true)),
            entry(61, 1, closed(2, committed(2))),
        ]);
        let what: Vec<_> = told.iter().map(|step| (step.kind, step.what.as_str())).collect();
        assert_eq!(what, [("good", "Refreshed: token set 1 to 2"), ("doubt", "Outcome unknown: no answer came")]);
        assert_eq!(told[0].details[0], "The same refresh token was sent again, because the first outcome was unknown.");
    }

    #[test]
    fn the_end_of_a_login_says_why() {
        let refused = Closing::Refused { code: Code::ForeignSpender, provider_code: Some(20064) };
        let told =
            steps(vec![entry(0, 3, begun(1, false)), entry(1, 3, closed(1, refused)), entry(9, 4, begun(2, false))]);
        assert_eq!((told[0].kind, told[0].what.as_str()), ("note", "Refresh started; no answer is recorded yet"));
        assert_eq!(told[1].kind, "need");
        assert!(told[1].what.starts_with("No longer valid: ") && told[1].details == ["Code of the provider: 20064"]);
    }

    #[test]
    fn what_cannot_be_seen_is_spelled() {
        let source = "a\u{202e}b".to_owned();
        let fingerprint = Fingerprint::from_bytes([7; 16]);
        let told = steps(vec![entry(0, 1, Event::Adopted { source, fingerprint, replaced: None })]);
        assert_eq!(told[0].what, "Imported from a\\u{202e}b");
    }
}
