//! What every request is answered with.

use std::sync::atomic::AtomicBool;

use serde_json::Value;
use tokenward::ServerSession;

use super::audit_queue::AuditQueue;
use super::options::Limits;
use crate::proxy::Words;

/// A server beside its connections.
pub(super) struct Inner {
    pub(super) session: ServerSession,
    pub(super) audit: AuditQueue,
    pub(super) limits: Limits,
    pub(super) words: Words,
    pub(super) is_draining: AtomicBool,
    /// The routes in OpenAPI.
    pub(super) description: Value,
}
