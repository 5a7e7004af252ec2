//! What a server is told when it starts, and why there is none.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokenward::SettingsError;
use tokenward_core::Code;

use super::tls::Tls;
use crate::proxy::Words;
use crate::scheduler::SchedulerOptions;

/// Who may come in, and what is said.
pub struct ServerOptions {
    /// Whether the address may be one that other machines reach.
    pub allow_remote: bool,
    /// Bounds.
    pub limits: Limits,
    /// What is said about a code: the words belong to the face.
    pub words: Words,
    /// Whether there are pages for people.
    pub dashboard: bool,
    /// How logins are refreshed in the background; `None`: only when somebody reads.
    pub scheduler: Option<SchedulerOptions>,
    /// What connections are encrypted with; `None`: with nothing.
    pub tls: Option<Tls>,
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { allow_remote, limits, dashboard, scheduler, tls, .. } = self;
        f.debug_struct("ServerOptions")
            .field("allow_remote", allow_remote)
            .field("limits", limits)
            .field("dashboard", dashboard)
            .field("scheduler", scheduler)
            .field("tls", tls)
            .finish_non_exhaustive()
    }
}

/// Bounds of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// The longest head of a request, in bytes.
    pub head: usize,
    /// How long a caller may take to send a head.
    pub head_time: Duration,
    /// The longest body of a request, in bytes.
    pub body: usize,
    /// How long a request may take, its body included.
    pub request_time: Duration,
    /// How long requests under way may go on once the server stops.
    pub stop_time: Duration,
    /// How many rows may wait for the audit trail.
    pub audit_rows: usize,
    /// For how long after the store was last asked about them API keys and tokens are good from memory while it does not answer; zero: not at
    /// all.
    pub offline_for: Duration,
    /// How many requests a minute a key may send to this node, on the average; a sixth of it at once.
    pub key_rate: u32,
    /// How long before the end of a login programs are told of it.
    pub expires_soon: Duration,
    /// How often a stream of events shows that it is there, and looks at its key.
    pub heartbeat: Duration,
    /// Of deliveries to receivers of events.
    pub webhooks: WebhookLimits,
}

/// Bounds of deliveries to receivers of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookLimits {
    /// How long a receiver may take to answer.
    pub patience: Duration,
    /// For how long a delivery is one node's; longer than a try takes.
    pub claim: Duration,
    /// How long after the first try the second one comes.
    pub first_wait: Duration,
    /// How long it is tried.
    pub give_up: Duration,
}

impl Default for WebhookLimits {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(10),
            claim: Duration::from_mins(1),
            first_wait: Duration::from_secs(5),
            give_up: Duration::from_hours(24),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head: 16 << 10,
            head_time: Duration::from_secs(10),
            body: 64 << 10,
            request_time: Duration::from_secs(90),
            stop_time: Duration::from_secs(30),
            audit_rows: 65_536,
            offline_for: Duration::from_mins(15),
            key_rate: 6000,
            expires_soon: Duration::from_hours(7 * 24),
            heartbeat: Duration::from_secs(15),
            webhooks: WebhookLimits::default(),
        }
    }
}

/// Why there is no server.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Other machines could reach the address, nothing is encrypted, and nobody said that they may.
    #[error("{0} can be reached from other machines")]
    OpenAddress(SocketAddr),
    /// Another program has the port.
    #[error("the port of {0} is in use")]
    PortInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The settings name a receiver of events that cannot be used.
    #[error("{0}")]
    Settings(Box<SettingsError>),
}

impl ServerError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::OpenAddress(_) => Code::ServerOpenToOthers,
            Self::PortInUse(_) => Code::PortInUse,
            Self::Bind { .. } => Code::BadSetting,
            Self::Settings(error) => error.code(),
        }
    }
}
