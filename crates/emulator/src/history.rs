//! What happened: an append-only record of every request, and the counters drawn from it.
//!
//! Enters: one [`Record`] a request (and notes of test harnesses). Leaves: JSON for tests and the input of
//! [`check`](crate::check). Refresh tokens appear as fingerprints only.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::chance::hex;
use crate::clock::Moment;
use crate::endpoint::{Brand, Door, Endpoint, Operation};
use crate::families::{Families, Family, Minted};
use crate::grants::narrow;
use crate::message::Request;

/// The first 16 hexadecimal digits of a token's SHA-256: enough to tell tokens apart, useless as a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a token.
    pub fn of(token: &str) -> Self {
        let mut text = hex(&Sha256::digest(token.as_bytes()));
        text.truncate(16);
        Self(text)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an answer left the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// Part of the body left.
    Cut,
    /// Nothing left; the connection was closed on purpose.
    Dropped,
    /// The client had gone before the answer could be written.
    PeerGone,
    /// Not yet: the request hangs or is delayed after processing.
    Pending,
    /// Something else left in its place (an HTML page, an empty body, a code).
    Replaced,
    /// All of it was handed to the operating system. The client may still have died before it read it.
    Whole,
}

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

/// One request, as the history remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a request")]
pub struct Visit {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// What was wanted.
    pub operation: Operation,
    /// Whose host.
    pub brand: Brand,
    /// Which host.
    pub door: Door,
    /// Which business call, as method and path with its parameters' names.
    #[serde(default)]
    pub call: Option<String>,
    /// HTTP method.
    #[serde(default)]
    pub method: String,
    /// The path, without the query.
    #[serde(default)]
    pub path: String,
    /// The app that asked, as far as it was named.
    pub app: Option<String>,
    /// The user in question.
    pub user: Option<String>,
    /// The login (lineage of refresh tokens) in question.
    pub grant: Option<String>,
    /// The generation of the refresh token presented, or of the one issued by an exchange (0).
    pub generation: Option<u32>,
    /// Fingerprint of the refresh token presented.
    pub presented: Option<Fingerprint>,
    /// Whether that refresh token had been used before, and is good for one use only.
    pub replay: bool,
    /// Whether the refresh token presented stays good: to send it again is no replay.
    #[serde(default)]
    pub reusable: bool,
    /// Whether new tokens of a login were issued.
    pub issued: bool,
    /// Fingerprint of the refresh token issued.
    pub issued_refresh: Option<Fingerprint>,
    /// Fingerprint of the access token that was answered with.
    #[serde(default)]
    pub issued_access: Option<Fingerprint>,
    /// Fingerprint of the access token presented to a call, or asked about.
    pub bearer: Option<Fingerprint>,
    /// The user whose session, set by an earlier `Set-Cookie` of the sandbox, came along.
    #[serde(default)]
    pub session: Option<String>,
    /// The provider's code: 0 is success; none for pages, RFC 6749 errors and connections without an answer.
    pub code: Option<u32>,
    /// The error word of RFC 6749 §5.2 and its family; `invalid_grant` too where BlueKing's older dialects refuse a refresh
    /// token for good.
    #[serde(default)]
    pub error: Option<String>,
    /// HTTP status; none where the connection was closed.
    pub status: Option<u16>,
    /// Whether the request had its effect.
    pub processed: bool,
    /// The fault that struck.
    pub fault: Option<String>,
    /// How the answer left.
    pub left: Left,
    /// The `x-tt-logid` of the answer.
    pub log_id: String,
}

impl Visit {
    /// A visit of which nothing is known but the request.
    pub(crate) fn new(endpoint: Endpoint, operation: Operation, request: &Request) -> Self {
        Self {
            endpoint,
            operation,
            brand: request.brand,
            door: request.door,
            call: None,
            method: request.method.as_str().to_owned(),
            path: request.path.clone(),
            app: None,
            user: None,
            grant: None,
            generation: None,
            presented: None,
            replay: false,
            reusable: false,
            issued: false,
            issued_refresh: None,
            issued_access: None,
            bearer: request.bearer().map(Fingerprint::of),
            session: None,
            code: None,
            error: None,
            status: None,
            processed: false,
            fault: None,
            left: Left::Pending,
            log_id: request.log_id.clone(),
        }
    }

    /// Notes that a refresh token of a family is presented, and what it is worth so far.
    pub(crate) fn present(&mut self, families: &Families, token: &str, reusable: bool) {
        self.presented = Some(Fingerprint::of(token));
        self.reusable = reusable;
        let Some(at) = families.find_refresh(token) else {
            return;
        };
        self.generation = Some(narrow(at.index));
        self.replay = families.was_used(at);
        if let Some(family) = families.get(at.family) {
            self.grant = Some(family.id.clone());
            self.user.clone_from(&family.owner.user);
            self.app.get_or_insert_with(|| family.owner.app.clone());
        }
    }

    /// Notes what a family's owner is answered with. `new` is false where the present tokens are given again.
    pub(crate) fn answer(&mut self, family: &Family, minted: &Minted, new: bool) {
        self.grant = Some(family.id.clone());
        self.app = Some(family.owner.app.clone());
        self.user.clone_from(&family.owner.user);
        if self.operation != Operation::Refresh {
            self.generation = minted.generation.map(narrow);
        }
        self.issued = new;
        self.issued_access = Some(Fingerprint::of(&minted.access_token));
        self.issued_refresh = minted.refresh.as_ref().map(|(token, _)| Fingerprint::of(token));
    }
}

/// Numbers drawn from the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Requests to endpoints that programs talk to.
    pub requests: u64,
    /// Authorization codes presented.
    pub exchanges: u64,
    /// Refresh tokens presented.
    pub refreshes: u64,
    /// Refreshes that issued new tokens.
    pub rotations: u64,
    /// Presentations of a used refresh token.
    pub replays: u64,
    /// Requests struck by a fault.
    pub faults: u64,
    /// The same for each login.
    pub grants: BTreeMap<String, GrantCounters>,
    /// Business calls, by method and path with its parameters' names: `POST /open-apis/wiki/v2/spaces/:space_id/nodes`.
    #[serde(default)]
    pub calls: BTreeMap<String, CallCounters>,
    /// The doors beside the Feishu/Lark platform: BlueKing's and the plain provider's.
    #[serde(default)]
    pub doors: BTreeMap<Door, DoorCounters>,
}

/// Numbers of one door. All but `issued` and `refused` count what was presented, whatever came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorCounters {
    /// Requests of programs.
    pub requests: u64,
    /// Grants of an app's own token.
    pub app_grants: u64,
    /// Grants by a login cookie.
    pub cookie_grants: u64,
    /// Authorization codes.
    pub exchanges: u64,
    /// Device codes, each poll.
    pub device_polls: u64,
    /// Refresh tokens.
    pub refreshes: u64,
    /// Refresh tokens that had been used before and are good for one use only.
    pub replays: u64,
    /// Questions whether an access token is good: verify, check, introspect.
    pub verifies: u64,
    /// Revocations.
    pub revocations: u64,
    /// Calls with an access token.
    pub calls: u64,
    /// Answers with new tokens.
    pub issued: u64,
    /// Answers with an error.
    pub refused: u64,
}

/// Numbers of one business call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCounters {
    /// Requests, struck or not.
    pub requests: u64,
    /// Those that were processed and had their effect, whatever became of the answer.
    pub accepted: u64,
    /// Those that a rate limit refused.
    pub limited: u64,
}

/// Numbers of one login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantCounters {
    /// Refresh tokens presented.
    pub refreshes: u64,
    /// Refreshes that issued new tokens.
    pub rotations: u64,
    /// Presentations of a used refresh token.
    pub replays: u64,
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

    pub(crate) fn set_left(&mut self, sequence: u64, left: Left) {
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

impl DoorCounters {
    fn count(&mut self, visit: &Visit) {
        self.requests += u64::from(visit.endpoint.is_machine());
        self.replays += u64::from(visit.replay);
        self.issued += u64::from(visit.issued);
        self.refused += u64::from(visit.error.is_some() || visit.code.is_some_and(|code| code != 0));
        match visit.operation {
            Operation::ClientCredentials => self.app_grants += 1,
            Operation::CookieGrant => self.cookie_grants += 1,
            Operation::Exchange => self.exchanges += 1,
            Operation::DevicePoll => self.device_polls += 1,
            Operation::Refresh => self.refreshes += 1,
            Operation::Verify => self.verifies += 1,
            Operation::Revoke => self.revocations += 1,
            Operation::Call => self.calls += 1,
            _ => {}
        }
    }
}

impl Counters {
    fn count(&mut self, visit: &Visit) {
        if visit.door.brand().is_some() {
            self.doors.entry(visit.door).or_default().count(visit);
        }
        self.requests += u64::from(visit.endpoint.is_machine());
        self.faults += u64::from(visit.fault.is_some());
        self.exchanges += u64::from(visit.operation == Operation::Exchange);
        if let Some(call) = &visit.call {
            let call = self.calls.entry(call.clone()).or_default();
            call.requests += 1;
            call.accepted += u64::from(visit.processed && visit.code == Some(0));
            call.limited += u64::from(visit.code == Some(99_991_400));
        }
        if visit.operation == Operation::Refresh {
            let (rotated, replayed) = (u64::from(visit.issued), u64::from(visit.replay));
            self.refreshes += 1;
            self.rotations += rotated;
            self.replays += replayed;
            if let Some(grant) = &visit.grant {
                let grant = self.grants.entry(grant.clone()).or_default();
                grant.refreshes += 1;
                grant.rotations += rotated;
                grant.replays += replayed;
            }
        }
    }
}
