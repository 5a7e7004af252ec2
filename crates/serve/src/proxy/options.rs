//! What a proxy is told when it starts, what it tells, and why there is none.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use thiserror::Error;
use tokenward::ApiClient;
use tokenward_core::Code;

use super::secret::LocalSecret;

/// Who may come in, and what is told to whom.
pub struct ProxyOptions {
    /// What every caller must know. Without one every program and user of the machine can use the login.
    pub secret: Option<LocalSecret>,
    /// Whether the address may be one that other machines reach. A secret is then required.
    pub allow_remote: bool,
    /// Names, besides those of the address, under which callers know this proxy.
    pub hosts: Vec<String>,
    /// Origins whose pages may call from a browser, as in `http://localhost:3000`.
    pub origins: Vec<String>,
    /// Bounds.
    pub limits: Limits,
    /// What is said about a code: the words belong to the face.
    pub words: Words,
    /// Told of every request once its answer begins.
    pub watcher: Watcher,
    /// Asked when the login is gone: whether there is another one now.
    pub again: Option<Again>,
}

/// Looks for the login that has taken the place of one that is gone.
pub type Again = Arc<dyn Fn() -> ClientFuture + Send + Sync>;

/// A client with another login, if there is one.
pub type ClientFuture = Pin<Box<dyn Future<Output = Option<ApiClient>> + Send>>;

/// What is said to a caller about a code.
pub type Words = Arc<dyn Fn(Code) -> ErrorWords + Send + Sync>;

/// Told of every request. Called on the runtime's threads: it must not wait.
pub type Watcher = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// What happened, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorWords {
    /// What happened.
    pub happened: String,
    /// What to do about it.
    pub next: String,
}

/// Bounds of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; further ones wait until one ends. Each may need another one to the provider.
    pub connections: usize,
    /// The longest head of a request, in bytes.
    pub head: usize,
    /// How long a caller may take to send a head, and may leave a connection unused.
    pub head_time: Duration,
    /// How long a caller may stand still while it sends a body or takes an answer.
    pub caller_time: Duration,
    /// How long the provider may take to begin its answer, once it has the whole request.
    pub provider_time: Duration,
    /// How much of a body is kept, in bytes, so that it can be sent again after a refused token.
    pub kept_body: usize,
    /// How long requests under way may go on once the proxy is told to stop.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 400,
            head: 64 << 10,
            head_time: Duration::from_secs(20),
            caller_time: Duration::from_mins(1),
            provider_time: Duration::from_mins(2),
            kept_body: 128 << 10,
            stop_time: Duration::from_secs(10),
        }
    }
}

/// One request, for a log: what was asked for and how it went, and nothing that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The path, without the local secret and without the query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// How long the answer took to begin.
    pub took: Duration,
    /// Whether the token was refused and the request sent again with a newer one.
    pub rotated: bool,
    /// The code of an answer that is this proxy's own and not the provider's.
    pub code: Option<Code>,
}

/// Why there is no proxy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Other machines or pages could reach the address, and that was not asked for, or without a secret.
    #[error("{0} can be reached from other machines")]
    OpenAddress(SocketAddr),
    /// Another program has the port.
    #[error("port {} is in use", .0.port())]
    PortInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// An origin is none, as in `http://localhost:3000`.
    #[error("{0:?} is not the origin of a page")]
    BadOrigin(String),
}

impl ProxyError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::OpenAddress(_) => Code::ProxyOpenToOthers,
            Self::PortInUse(_) => Code::PortInUse,
            Self::Bind { .. } | Self::BadOrigin(_) => Code::BadSetting,
        }
    }
}

impl fmt::Debug for ProxyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyOptions")
            .field("secret", &self.secret)
            .field("allow_remote", &self.allow_remote)
            .field("hosts", &self.hosts)
            .field("origins", &self.origins)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
