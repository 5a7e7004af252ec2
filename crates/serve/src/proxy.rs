//! An HTTP proxy to the app's API host that puts a good token into every request.
//!
//! A *reverse* proxy: the domain that an SDK or MCP server is set to is this proxy's address. What enters: requests,
//! looked at by the `door` (host, origin, local secret). What leaves: the same requests without what belonged to their
//! connection (`fields`), with the token of one identity in place of whatever `Authorization` they brought; and the
//! answers as they come, those packed with gzip unpacked. Bodies stream both ways at the pace of whoever reads them, and
//! `WebSocket`s pass; whatever comes down is watched for the token.
//!
//! Promises kept here: no token is in an answer, a log line or an error (I4): endpoints that hand tokens out are answered
//! with a placeholder or not at all (`token_calls`); refusals of one dead token cause one rotation (I1), because the newer
//! token is asked for by the generation that was refused; a request is sent again only after the provider refused its
//! *token*, so nothing of it was done, and only while all that was sent of its body is still at hand (`upload`).
//! A crash costs the requests under way and nothing else; logins are the keeper's.

mod answer;
mod connections;
mod door;
mod fields;
mod method_override;
mod options;
mod relay;
mod replayable_body;
mod response_scan;
mod secret;
mod token_cache;
mod token_calls;
mod websocket_token_scan;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokenward::ApiClient;
use tokio::net::TcpListener;

use door::Door;
use relay::Relay;
use token_cache::Tokens;

pub use options::{Again, ClientFuture, ErrorWords, Exchange, Limits, ProxyError, ProxyOptions, Watcher, Words};
pub use secret::{LocalSecret, WeakSecret};
pub use token_calls::USER_PLACEHOLDER;

/// A proxy that listens.
pub struct Proxy {
    listener: TcpListener,
    address: SocketAddr,
    relay: Arc<Relay>,
}

impl Proxy {
    /// Listens. Port 0 takes any free port.
    ///
    /// # Errors
    /// [`ProxyError`]; nothing is listened on then.
    pub async fn bind(address: SocketAddr, client: ApiClient, options: ProxyOptions) -> Result<Self, ProxyError> {
        let guarded = options.allow_remote && options.secret.is_some();
        // Browsers tell servers with such names nothing of who asks, so the secret alone keeps pages out.
        let known = !options.hosts.is_empty() || !options.origins.is_empty();
        if (!address.ip().is_loopback() && !guarded) || (known && options.secret.is_none()) {
            return Err(ProxyError::OpenAddress(address));
        }
        let door = Door::new(address.ip(), options.secret, &options.hosts, &options.origins)?;
        let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ProxyError::PortInUse(address),
            _ => ProxyError::Bind { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| ProxyError::Bind { address, source })?;
        let relay = Relay {
            door,
            tokens: Tokens::new(client, options.again),
            limits: options.limits,
            words: options.words,
            watcher: options.watcher,
        };
        Ok(Self { listener, address, relay: Arc::new(relay) })
    }

    /// The address with the port that is really listened on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop; then requests under way have [`Limits::stop_time`] to end. A token is rotated
    /// before its end while the proxy is in use, and a login that is not used is kept alive.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let relay = Arc::clone(&self.relay);
        tokio::select! {
            () = connections::serve(self.listener, self.relay, stop) => {}
            () = relay.tokens.keep() => {}
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}
