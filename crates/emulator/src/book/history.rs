//! What happened: an append-only record of every request, and the counters drawn from it.
//!
//! Enters: one [`Record`] a request (and notes of test harnesses). Leaves: JSON for tests and the input of
//! [`check`](crate::check). Refresh tokens appear as fingerprints only.

use serde::{Deserialize, Serialize};

use crate::book::{Counters, Delivery, Visit};
use crate::words::Moment;

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// 1, 2, 3 … in the order of processing.
    pub sequence: u64,
    /// Virtual time, milliseconds since the epoch.
    pub at: Moment,
    /// Real time by the base clock.
    pub real: Moment,
    /// What this line is about.
    pub event: Event,
}

impl Record {
    /// The visit, when the line is about a request.
    pub const fn visit(&self) -> Option<&Visit> {
        match &self.event {
            Event::Request(visit) => Some(visit),
            _ => None,
        }
    }
}

/// What a line of the history is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[expect(clippy::large_enum_variant, reason = "nearly every record is a request")]
pub enum Event {
    /// A login ended.
    Ended {
        /// Which.
        grant: String,
        /// Why.
        death: Death,
    },
    /// A test harness killed a client process here; what it had read by then nobody knows.
    ClientKilled {
        /// Words of the harness.
        note: String,
    },
    /// A remark of a test harness.
    Note {
        /// Its words.
        note: String,
    },
    /// A request was processed, or struck by a fault.
    Request(Visit),
}

/// Why a login can no longer be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Death {
    /// A used refresh token was presented, and the rules end the family for that.
    FamilyRevoked,
    /// The client revoked it.
    Revoked,
    /// A later authorization of the same user and app took its place.
    Superseded,
    /// The user or an administrator withdrew it.
    Withdrawn,
}

/// The history itself.
#[derive(Debug, Default)]
pub(crate) struct History {
    records: Vec<Record>,
    counters: Counters,
}

impl History {
    pub(crate) fn append(&mut self, at: Moment, real: Moment, event: Event) -> u64 {
        if let Event::Request(visit) = &event {
            self.counters.count(visit);
        }
        let sequence = u64::try_from(self.records.len()).unwrap_or(u64::MAX).saturating_add(1);
        self.records.push(Record { sequence, at, real, event });
        sequence
    }

    pub(crate) fn set_left(&mut self, sequence: u64, left: Delivery) {
        let index = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
        if let Some(Record { event: Event::Request(visit), .. }) = index.and_then(|index| self.records.get_mut(index)) {
            visit.left = left;
        }
    }

    /// All records after `sequence`.
    pub(crate) fn since(&self, sequence: u64) -> &[Record] {
        usize::try_from(sequence).ok().and_then(|from| self.records.get(from..)).unwrap_or_default()
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }
}
