//! Numbers drawn from the history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::book::Visit;
use crate::words::{Door, Operation};

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

impl DoorCounters {
    pub(super) fn count(&mut self, visit: &Visit) {
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
    pub(super) fn count(&mut self, visit: &Visit) {
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
