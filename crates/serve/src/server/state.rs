//! What every request is answered with.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::HeaderValue;
use jiff::Timestamp;
use serde_json::Value;
use tokenward::{ServedToken, ServerSession};
use tokenward_core::Grant;
use url::Origin;

use super::audit_queue::AuditQueue;
use super::counts::Counts;
use super::events::feed::Feed;
use super::kept_counts::KeptCounts;
use super::offline_cache::Memory;
use super::options::Limits;
use super::rates::Rates;
use super::tls::Tls;
use super::webhooks::receivers::Receivers;
use crate::proxy::Words;
use crate::scheduler::{Scheduler, TokenRead};

/// A server beside its connections.
pub(super) struct Inner {
    pub(super) session: Arc<ServerSession>,
    pub(super) scheduler: Option<Scheduler>,
    pub(super) audit: AuditQueue,
    pub(super) counts: Counts,
    pub(super) rates: Rates,
    pub(super) memory: Memory,
    pub(super) feed: Feed,
    pub(super) receivers: Receivers,
    pub(super) limits: Limits,
    pub(super) words: Words,
    pub(super) is_draining: AtomicBool,
    /// The dashboard, if there is one.
    pub(super) dashboard: Option<Dashboard>,
    /// The routes in OpenAPI.
    pub(super) description: Value,
    /// What connections are encrypted with, if they are.
    pub(super) tls: Option<Arc<Tls>>,
}

/// What is the same for every page of the dashboard.
pub(super) struct Dashboard {
    /// The Content-Security-Policy.
    pub(super) policy: HeaderValue,
    /// Where browsers come back from a login, over TLS.
    pub(super) public: Vec<Origin>,
    /// Since when this node counts.
    pub(super) begun: Timestamp,
    /// How long logins live, as counted a moment ago.
    pub(super) left: KeptCounts,
}

impl Inner {
    /// A token of a login was handed out.
    pub(super) fn was_read(&self, grant: &Grant, served: &ServedToken) {
        self.counts.handed_out(served.access.remaining(self.session.now()));
        let Some(scheduler) = self.scheduler.as_ref().filter(|_| grant.id == served.grant) else { return };
        let due = self.session.keeper().rules(grant).due_at(grant.id, &served.access);
        let (generation, is_refreshed) = (served.generation, served.rotated);
        scheduler.read(TokenRead { grant: grant.id, app: &grant.app, generation, due, is_refreshed });
    }
}
