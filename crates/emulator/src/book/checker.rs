//! Reads a history and says what a careful client would not have done.
//!
//! Enters: records. Leaves: a [`Verdict`]. The rule behind it: a refresh token may be sent again only while its outcome
//! is unknown to the client. The sandbox cannot see into the client; it knows whether an answer left whole, whether a
//! harness killed a client since, and whether tokens of the answer have been used since. From the last two follow
//! *doubtful* replays, which are listed and are no violations.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::book::{Death, Delivery, Event, Record, Visit};
use crate::words::{Door, Fingerprint, Operation};

/// What the checker found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What should not have happened.
    pub violations: Vec<Violation>,
    /// Replays whose outcome the client may honestly not have known.
    pub doubtful_replays: Vec<Replay>,
    /// Logins whose newest tokens never left the sandbox whole, or were perhaps not read by a client that was killed
    /// before a family revocation: lost by a fault, not by the client.
    pub stranded: Vec<String>,
    /// Logins ended on purpose (revoked, withdrawn, superseded).
    pub ended: Vec<String>,
}

impl Verdict {
    /// Whether nothing happened that should not have.
    pub const fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

/// A refresh token that was presented again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The login.
    pub grant: String,
    /// The generation presented.
    pub generation: Option<u32>,
    /// Sequence number of the presentation that rotated it.
    pub first: u64,
    /// Sequence number of this presentation.
    pub again: u64,
}

/// Something that should not have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "violation")]
pub enum Violation {
    /// A refresh token was sent again although the answer to it had left whole.
    KnownReplay(Replay),
    /// A login whose newest tokens had left whole was ended by a replay.
    LoginLost {
        /// The login.
        grant: String,
        /// Sequence number of the end.
        sequence: u64,
    },
    /// A refresh token was sent while the answer to it was still on its way.
    ParallelSpend(Replay),
    /// A refresh token was sent again after it had been refused for good.
    SentAfterRefusal(Replay),
    /// A refresh token that this sandbox never issued was presented.
    UnknownToken {
        /// Its fingerprint.
        presented: Fingerprint,
        /// Sequence number.
        sequence: u64,
    },
}

/// Reads a history from its beginning.
pub fn check(records: &[Record]) -> Verdict {
    let mut reader = Reader::default();
    for record in records {
        match &record.event {
            Event::Request(visit) => reader.request(record.sequence, visit),
            Event::ClientKilled { .. } => reader.last_kill = record.sequence,
            Event::Ended { grant, death } => reader.ended(record.sequence, grant, *death),
            Event::Note { .. } => {}
        }
    }
    reader.finish()
}

/// What is known of one refresh token.
struct Spent {
    sequence: u64,
    left: Delivery,
    generation: Option<u32>,
    /// The refresh token that came in the answer.
    successor: Option<Fingerprint>,
}

#[derive(Default)]
struct Reader {
    verdict: Verdict,
    last_kill: u64,
    spent: BTreeMap<Fingerprint, Spent>,
    refused: BTreeMap<Fingerprint, u64>,
    /// Per login: sequence number of the newest set, and whether it left whole.
    newest: BTreeMap<String, (u64, bool)>,
    /// Per login: the highest generation that a client has shown to hold.
    shown: BTreeMap<String, u32>,
    stranded: BTreeSet<String>,
}

impl Reader {
    fn request(&mut self, sequence: u64, visit: &Visit) {
        match visit.operation {
            Operation::Refresh => self.refresh(sequence, visit),
            Operation::Call => self.show(visit),
            _ => {}
        }
        if let (true, Some(grant)) = (visit.issued, &visit.grant) {
            self.newest.insert(grant.clone(), (sequence, visit.left == Delivery::Whole));
        }
    }

    fn refresh(&mut self, sequence: u64, visit: &Visit) {
        let Some(presented) = &visit.presented else {
            return;
        };
        let Some(grant) = visit.grant.clone() else {
            self.verdict.violations.push(Violation::UnknownToken { presented: presented.clone(), sequence });
            return;
        };
        let replay = |first| Replay { grant: grant.clone(), generation: visit.generation, first, again: sequence };
        if let Some(&first) = self.refused.get(presented) {
            if self.last_kill < first {
                self.verdict.violations.push(Violation::SentAfterRefusal(replay(first)));
            }
        } else if let Some(spent) = self.spent.get(presented) {
            let replay = replay(spent.sequence);
            let successor_used = spent.successor.as_ref().is_some_and(|next| self.spent.contains_key(next))
                || spent.generation.is_some_and(|spent| self.shown.get(&grant).is_some_and(|shown| *shown > spent));
            let killed_since = self.last_kill > spent.sequence;
            match spent.left {
                _ if successor_used => self.verdict.violations.push(Violation::KnownReplay(replay)),
                Delivery::Whole if !killed_since => self.verdict.violations.push(Violation::KnownReplay(replay)),
                Delivery::Pending if !killed_since => self.verdict.violations.push(Violation::ParallelSpend(replay)),
                _ => self.verdict.doubtful_replays.push(replay),
            }
        }
        self.show(visit);
        if visit.issued && visit.reusable {
            // It stays good: no refresh token was used.
        } else if visit.issued {
            self.spent.entry(presented.clone()).or_insert_with(|| Spent {
                sequence,
                left: visit.left,
                generation: visit.generation,
                successor: visit.issued_refresh.clone(),
            });
        } else if visit.left == Delivery::Whole && is_final(visit) {
            self.refused.entry(presented.clone()).or_insert(sequence);
        }
    }

    /// A client that presents a token of generation n holds the answer to generation n − 1.
    fn show(&mut self, visit: &Visit) {
        if let (Some(grant), Some(generation)) = (&visit.grant, visit.generation) {
            let shown = self.shown.entry(grant.clone()).or_insert(generation);
            *shown = generation.max(*shown);
        }
    }

    fn ended(&mut self, sequence: u64, grant: &str, death: Death) {
        match death {
            Death::FamilyRevoked if self.newest.get(grant).is_none_or(|(at, whole)| *whole && self.last_kill < *at) => {
                self.verdict.violations.push(Violation::LoginLost { grant: grant.to_owned(), sequence });
            }
            Death::FamilyRevoked => {
                self.stranded.insert(grant.to_owned());
            }
            Death::Revoked | Death::Superseded | Death::Withdrawn => self.verdict.ended.push(grant.to_owned()),
        }
    }

    fn finish(mut self) -> Verdict {
        self.stranded.extend(self.newest.into_iter().filter(|(_, (_, whole))| !whole).map(|(grant, _)| grant));
        self.verdict.stranded = self.stranded.into_iter().collect();
        self.verdict
    }
}

/// Refusals after which the same refresh token will never be taken.
fn is_final(visit: &Visit) -> bool {
    match visit.door {
        Door::Accounts | Door::Open => matches!(visit.code, Some(20026 | 20037 | 20038 | 20064 | 20073)),
        // An injected code bears no word.
        Door::Ssm => visit.code == Some(1_901_403) || says_dead(visit),
        Door::AuthApi | Door::Bkauth | Door::Plain => says_dead(visit),
        Door::Gateway => false,
    }
}

fn says_dead(visit: &Visit) -> bool {
    visit.error.as_deref() == Some("invalid_grant")
}
