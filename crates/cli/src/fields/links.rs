//! The fields of links, and of what happened to them.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tokenward::links::{FileComparison, LinkOutcome, LinkReport, LinkState, WatchEvent};
use tokenward_core::{Code, Format, Generation, Link, Slot};

use super::moment;

/// A link, as in `link`, `unlink`, `links`, `adopt` and `login --env-file`.
#[derive(Debug, Serialize)]
pub(crate) struct LinkFields {
    file: String,
    profile: String,
    format: Format,
    places: BTreeMap<Slot, String>,
    linked_at: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shared_folder: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    open_to_others: bool,
    delivered_at: Option<String>,
    delivered_generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_expired_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adopted: Option<bool>,
    #[serde(flatten)]
    more: BTreeMap<&'static str, Value>,
}

impl LinkFields {
    /// What was asked for, and what was delivered last.
    pub(crate) fn of(link: &Link) -> Self {
        let target = &link.target;
        Self {
            file: shown(&target.file),
            profile: target.profile.to_string(),
            format: target.format,
            places: target.places.iter().map(|(slot, place)| (*slot, place.to_string())).collect(),
            linked_at: moment(link.made),
            shared_folder: link.terms.shared_folder,
            open_to_others: link.terms.open_to_others,
            delivered_at: link.receipt.map(|receipt| moment(receipt.at)),
            delivered_generation: link.receipt.map(|receipt| receipt.generation.get()),
            state: None,
            generation: None,
            access_expired_at: None,
            outcome: None,
            adopted: None,
            more: BTreeMap::new(),
        }
    }

    /// With how it stands.
    pub(crate) fn found(mut self, state: &LinkState, now: Timestamp) -> Self {
        self.state = Some(state_name(&state.found));
        self.generation = state.present.map(|(_, generation)| generation.get());
        self.access_expired_at = state.expired(now).map(moment);
        self.more = found(&state.found);
        if let Some(error) = &state.exposed {
            self.more.insert("exposed", json!(failure(error)));
        }
        self
    }

    /// With what was done.
    pub(crate) fn outcome(mut self, report: &LinkReport, adopted: bool) -> Self {
        self.outcome = Some(outcome_name(&report.outcome));
        self.adopted = Some(adopted);
        self.more = done(&report.outcome);
        self.more.extend(report.narrowed.map(|mode| ("narrowed_from", json!(format!("{mode:o}")))));
        self
    }
}

/// A report without its link.
pub(crate) fn report(report: &LinkReport) -> Value {
    let mut value = json!({
        "file": shown(&report.file),
        "profile": report.profile,
        "outcome": outcome_name(&report.outcome),
    });
    add(&mut value, done(&report.outcome));
    value
}

/// Something that `watch` saw.
pub(crate) fn event(event: &WatchEvent, at: Timestamp) -> Value {
    let mut value = match event {
        WatchEvent::Following { profile, file } => {
            json!({ "event": "following", "profile": profile, "file": shown(file) })
        }
        WatchEvent::Link(one) => {
            let mut value = report(one);
            add(&mut value, BTreeMap::from([("event", json!("link"))]));
            value
        }
        WatchEvent::Rotated { profile, generation, expires, next } => json!({
            "event": "refreshed",
            "profile": profile,
            "generation": generation,
            "access_expires_at": moment(*expires),
            "refresh_at": moment(*next),
        }),
        WatchEvent::Failed { profile, error, again } => json!({
            "event": "failed",
            "profile": profile,
            "code": error.code(),
            "detail": error.detail(),
            "retry_at": again.map(moment),
        }),
        WatchEvent::Noticed { profile, notice: one } => {
            json!({ "event": "notice", "profile": profile, "notice": one.name() })
        }
        WatchEvent::Blind { reason } => json!({ "event": "blind", "detail": reason }),
        _ => json!({ "event": "other" }),
    };
    add(&mut value, BTreeMap::from([("at", json!(moment(at)))]));
    value
}

fn add(value: &mut Value, more: BTreeMap<&'static str, Value>) {
    for (name, more) in more {
        value[name] = more;
    }
}

fn done(outcome: &LinkOutcome) -> BTreeMap<&'static str, Value> {
    let number = |generation: &Generation| json!(generation.get());
    match outcome {
        LinkOutcome::Delivered { generation, closed } => {
            let mut more = BTreeMap::from([("generation", number(generation))]);
            more.extend(closed.map(|was| ("narrowed_from", json!(format!("{was:o}")))));
            more
        }
        LinkOutcome::Healed { held, generation, closed } => {
            let mut more = BTreeMap::from([("held_generation", number(held)), ("generation", number(generation))]);
            more.extend(closed.map(|was| ("narrowed_from", json!(format!("{was:o}")))));
            more
        }
        LinkOutcome::Replaced { grant, user, is_kept, generation, closed } => {
            let mut more = BTreeMap::from([
                ("grant", json!(grant.to_string())),
                ("user_name", json!(user)),
                ("is_kept", json!(is_kept)),
                ("generation", number(generation)),
            ]);
            more.extend(closed.map(|was| ("narrowed_from", json!(format!("{was:o}")))));
            more
        }
        LinkOutcome::Left(state) => {
            let mut more = found(state);
            more.insert("state", json!(state_name(state)));
            more
        }
        LinkOutcome::NotWritten(error) => failure(error),
        _ => BTreeMap::new(),
    }
}

fn found(found: &FileComparison) -> BTreeMap<&'static str, Value> {
    match found {
        FileComparison::Stale { held, .. } => BTreeMap::from([("held_generation", json!(held.get()))]),
        FileComparison::OfAnotherUser { grant, user } => {
            BTreeMap::from([("grant", json!(grant.to_string())), ("user_name", json!(user))])
        }
        FileComparison::StaleBeside { places, encoded } => {
            let places = places.iter().map(|(_, place)| place).chain(encoded);
            let places: Vec<String> = places.map(ToString::to_string).collect();
            BTreeMap::from([("stale_places", json!(places))])
        }
        FileComparison::OfEndedLogin { user } => BTreeMap::from([("user_name", json!(user))]),
        FileComparison::OfFormerUser { user } => BTreeMap::from([("user_name", json!(user))]),
        FileComparison::OfOtherOwner { owner } => BTreeMap::from([("file_owner", json!(owner))]),
        FileComparison::Unproven { shows_it } => BTreeMap::from([("shows_it", json!(shows_it))]),
        FileComparison::OfAnother { profile } => BTreeMap::from([("owner", json!(profile))]),
        FileComparison::Unusable(error) => failure(error),
        _ => BTreeMap::new(),
    }
}

fn failure(error: &tokenward::Error) -> BTreeMap<&'static str, Value> {
    let code: Code = error.code();
    BTreeMap::from([("code", json!(code)), ("detail", json!(error.detail()))])
}

/// The name of a state.
const fn state_name(found: &FileComparison) -> &'static str {
    match found {
        FileComparison::InStep => "in-sync",
        FileComparison::Over => "login-ended",
        FileComparison::StaleBeside { .. } => "stale-copy",
        FileComparison::Behind => "outdated",
        FileComparison::Stale { .. } => "stale",
        FileComparison::Newer => "newer",
        FileComparison::OfAnother { .. } => "of-another",
        FileComparison::OfAnotherUser { .. } => "of-another-user",
        FileComparison::OfFormerUser { .. } => "of-former-user",
        FileComparison::OfEndedLogin { .. } => "of-ended-login",
        FileComparison::Unproven { .. } => "unproven",
        FileComparison::OfOtherOwner { .. } => "of-other-owner",
        FileComparison::Blank => "blank",
        FileComparison::Malformed => "malformed",
        FileComparison::Unclear => "unclear",
        FileComparison::Reference => "reference",
        FileComparison::WithoutLogin => "without-login",
        FileComparison::Unusable(_) => "unusable",
        _ => "other",
    }
}

/// The name of an outcome.
const fn outcome_name(outcome: &LinkOutcome) -> &'static str {
    match outcome {
        LinkOutcome::InStep => "in-sync",
        LinkOutcome::Delivered { .. } => "delivered",
        LinkOutcome::Healed { .. } => "repaired",
        LinkOutcome::Replaced { .. } => "replaced",
        LinkOutcome::GivenItsOwn { .. } => "given-its-own",
        LinkOutcome::Adopted { .. } => "adopted",
        LinkOutcome::Left(_) => "left",
        LinkOutcome::NotWritten(_) => "not-written",
        LinkOutcome::Elsewhere => "elsewhere",
        _ => "other",
    }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}
