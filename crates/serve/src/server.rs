//! The server: logins for programs of other machines, over HTTP (design/0014-server.md).
//!
//! What enters: requests with an API key. What leaves: tokens that are durable in the store (I2), logins without their tokens, and problems
//! with our codes. Each route is a row of `routes`, and a handler takes a `Caller`, which only the key of somebody who may can
//! make: there is none without one but for health and the description of the routes themselves. What is done with a login is in the audit
//! trail (`audit`); what cannot be written there is not done.
//!
//! Logins are refreshed before callers have to wait for it by [`crate::scheduler`].
//!
//! A caller that goes away ends nothing: each request runs as a task of its own. A server that ends waits for requests under way, for
//! refreshes, and for the audit trail; one that crashes loses what was queued for the trail in its last moment, and nothing else that a node
//! does not repair (I5).

mod answer;
mod app_list;
mod audit_queue;
mod caller;
mod connections;
mod cookie_logins;
mod counts;
mod dashboard;
mod events;
mod grant_views;
mod grants;
mod health;
mod kept_counts;
mod metrics;
mod offline_cache;
mod openapi;
mod options;
mod parsed_request;
mod problem;
mod rates;
mod refusal_log;
mod router;
mod routes;
mod state;
mod tls;
mod tokens;
mod web_logins;
mod webhooks;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokenward::ServerSession;
use tokio::net::TcpListener;
use tokio::sync::watch;

use audit_queue::AuditQueue;
use connections::Door;
use counts::Counts;
use events::feed::Feed;
use events::feeding;
use offline_cache::Memory;
use rates::Rates;
use state::Inner;
use webhooks::delivering;
use webhooks::receivers::Receivers;

use crate::scheduler::Scheduler;

pub use caller::{drawn_key, is_key};
pub use dashboard::{PageFacts, page_facts};
pub use metrics::metric_names;
pub use openapi::document as openapi;
pub use options::{Limits, ServerError, ServerOptions, WebhookLimits};
pub use routes::{RouteFacts, route_facts};
pub use tls::{Tls, TlsError, TlsOptions};

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    inner: Arc<Inner>,
}

impl Server {
    /// Listens. Port 0 takes any free port.
    ///
    /// # Errors
    /// [`ServerError`]; nothing is listened on then.
    pub async fn bind(
        address: SocketAddr,
        session: ServerSession,
        options: ServerOptions,
    ) -> Result<Self, ServerError> {
        let ServerOptions { allow_remote, limits, words, dashboard, scheduler, tls } = options;
        // What is encrypted may be reached: whoever named the address wants that.
        if !address.ip().is_loopback() && !allow_remote && tls.is_none() {
            return Err(ServerError::OpenAddress(address));
        }
        let settings = session.settings().webhooks();
        let (webhooks, warnings) = settings.map_err(|error| ServerError::Settings(Box::new(error)))?;
        for warning in warnings {
            tracing::warn!(%warning, "a webhook can be used, and is probably not as it was meant");
        }
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ServerError::PortInUse(address),
            _ => ServerError::Bind { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let session = Arc::new(session);
        let scheduler = scheduler.map(|options| Scheduler::new(Arc::clone(&session), options));
        let audit = AuditQueue::start(Arc::clone(session.store()), limits.audit_rows);
        let (is_draining, description) = (AtomicBool::new(false), openapi::document());
        let (counts, rates) = (Counts::default(), Rates::default());
        let memory = Memory::new(limits.offline_for);
        let dashboard = dashboard.then(|| dashboard::prepared(&session));
        let tls = tls.map(Arc::new);
        let feed = Feed::open(&session).await;
        let receivers = Receivers::new(webhooks, limits.webhooks.patience);
        delivering::open(&session, &receivers).await;
        let inner = Inner {
            session,
            scheduler,
            audit,
            counts,
            rates,
            memory,
            feed,
            receivers,
            limits,
            words,
            is_draining,
            dashboard,
            description,
            tls,
        };
        Ok(Self { listener, address, inner: Arc::new(inner) })
    }

    /// The address with the port that is really listened on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop. Then nothing new is let in, requests under way have [`Limits::stop_time`] to end, refreshes are waited
    /// for, and what is queued for the audit trail is written.
    ///
    /// # Errors
    /// The store's, where it could not be closed; nothing is lost by any of them.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), tokenward::Error> {
        let Self { listener, inner, .. } = self;
        let draining = Arc::clone(&inner);
        let (stopping, mut stopped) = watch::channel(false);
        let stop = async move {
            stop.await;
            draining.is_draining.store(true, Ordering::Release);
            stopping.send_replace(true);
        };
        let delivering = tokio::spawn(delivering::run(Arc::clone(&inner), stopped.clone()));
        let feeding = tokio::spawn(feeding::run(Arc::clone(&inner), stopped.clone()));
        let scheduler = inner.scheduler.clone().map(|scheduler| {
            // One whose other end is gone has been told too.
            tokio::spawn(async move { scheduler.run(async { drop(stopped.wait_for(|stopped| *stopped).await) }).await })
        });
        let (router, refusal, limits) = (router::router(&inner), router::refusal(&inner), inner.limits);
        let tls = inner.tls.clone();
        let following = tls.clone().map(|tls| tokio::spawn(tls.follow()));
        connections::serve(listener, Door { router, refusal, tls, limits }, stop).await;
        if let Some(following) = following {
            following.abort();
        }
        if let Some(scheduler) = scheduler
            && let Err(error) = scheduler.await
        {
            tracing::error!(%error, "the scheduler has failed (a bug)");
        }
        for task in [feeding, delivering] {
            if let Err(error) = task.await {
                tracing::error!(%error, "the feed of events has failed (a bug)");
            }
        }
        inner.session.keeper().idle().await;
        inner.audit.drain(inner.limits.stop_time).await;
        inner.session.close().await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
