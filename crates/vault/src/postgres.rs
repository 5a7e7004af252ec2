//! The engine for many nodes: one database of `PostgreSQL`, for as many nodes as there are (design/0014-server.md).
//!
//! Enters and leaves: the calls of [`tokenward_core::ports::Store`]. Each is one transaction, and what a call means stands in
//! [`crate::records`]; here stands what is `PostgreSQL`'s own: how a transaction is alone with what it reads ([`connections`],
//! [`statements`]), leases by the database's clock ([`leases`], [`clock`]), its schema and keys ([`schema`]). I1 is kept by the journal and
//! by an index; I2 by the commit that was acknowledged; I3 by the slots of this node, where an answer goes that the database cannot take.
//!
//! A crash of a node at any point leaves the state before the call or after it, and the next node finds an open intent to recover from. A
//! session that is lost at a commit says nothing of what became of it: a spend that was begun is looked for on another session, any other
//! call fails as *busy*, and whoever repeats it finds out (I5).

mod api_keys;
mod audit_trail;
mod browser_sessions;
mod clock;
mod connection_transactions;
mod deliveries;
mod due_grants;
mod grants;
mod journal;
mod leases;
mod login_events;
mod login_token_responses;
mod logins;
mod oauth_app_data;
mod outlooks;
mod schema;
mod statements;
mod transaction_error;
mod unsupported_links;
pub(crate) mod values;
mod web_logins;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokenward_core::SecretBytes;
use tokenward_core::ports::{Clock, Entropy, StoreError, StoreFault};
use tokio::sync::Notify;

use crate::folder::Folder;
use crate::io_error::damaged_in;
use crate::key_sources::ExplicitKey;
use crate::pending_answers::{Slots, ToJournal};
use crate::records::Records;
use crate::records::sealer::Sealer;
use crate::records::transaction_error::{Failed, Fault};
use crate::rescue::Slotted;

use connection_transactions::{Connections, Ended, How, OpenTransaction};
use transaction_error::from_database;

pub use clock::DatabaseClock;

/// What a store on `PostgreSQL` needs from outside.
pub struct PostgresOptions {
    /// The address of the database, with its password (I4).
    pub address: SecretBytes,
    /// Whether a pooler in transaction mode stands between: no statement is kept on a session then.
    pub is_pooled: bool,
    /// How many transactions this node has at once, at most.
    pub connections: usize,
    /// A folder of this node alone, which outlives the process: answers go there that the database cannot take (I3).
    pub node: Folder,
    /// What the keys are wrapped with.
    pub key: ExplicitKey,
    /// Randomness for keys, nonces and ids.
    pub entropy: Arc<dyn Entropy>,
    /// A clock in the place of the database's, for tests.
    pub clock: Option<Arc<dyn Clock>>,
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions").field("node", &self.node.home()).finish_non_exhaustive()
    }
}

/// The store of many nodes.
pub struct PostgresVault {
    context: Arc<Context>,
    slots: Slots,
    node: Folder,
    /// Wakes those of this process who wait for a lease, whenever one is given back here.
    released: Notify,
}

/// What a transaction needs beside itself; it belongs to the store, and to each call that is on its way.
struct Context {
    records: Records,
    connections: Connections,
    /// The database in words, without a password.
    place: String,
    key: ExplicitKey,
    /// How often the keys were changed when they were read last.
    keys_number: AtomicI64,
    /// The database's clock, or a test's.
    time: Time,
}

enum Time {
    Database(Arc<DatabaseClock>),
    Given(Arc<dyn Clock>),
}

impl PostgresVault {
    /// Opens the store, and makes it where the database is empty.
    ///
    /// # Errors
    /// [`StoreFault::Key`] when the key does not fit; [`StoreFault::Newer`] when nodes of a newer version have ended what this one could
    /// write; what the database says when it cannot be asked.
    pub async fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        let PostgresOptions { address, is_pooled, connections, node, key, entropy, clock } = options;
        let unreadable = |reason: &str| StoreError::unreadable("PostgreSQL", reason);
        let address = str::from_utf8(address.expose()).map_err(|_| unreadable("its address is no text"))?;
        // What the parser says may quote the address.
        let database: PgConnectOptions = address.parse().map_err(|_| unreadable("its address is not well-formed"))?;
        // A pooler refuses what it does not know, and keeps no statements.
        let database = database.extra_float_digits(None).application_name("tokenward");
        let database = if is_pooled { database.statement_cache_capacity(0) } else { database };
        let place = format!(
            "PostgreSQL at {}:{}/{}",
            database.get_host(),
            database.get_port(),
            database.get_database().unwrap_or_default()
        );
        node.prepare()?;
        let connections = Connections::new(database, is_pooled, connections);
        let opened = schema::open(&connections, &place, &key, &*entropy).await?;
        let time = match clock {
            Some(clock) => Time::Given(clock),
            None => Time::Database(Arc::new(DatabaseClock::starting_at(opened.millis))),
        };
        let records = Records { clock: time.clock(), sealer: Sealer::new(opened.keys, entropy), traces: None };
        let slots = Slots::new(&node);
        slots.rescue.ready()?;
        let keys_number = AtomicI64::new(opened.keys_number);
        let context = Arc::new(Context { records, connections, place, key, keys_number, time });
        Ok(Self { context, slots, node, released: Notify::new() })
    }

    /// The clock that every node of this database shares. An engine on this store goes by it and by no other.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.context.time.clock()
    }

    /// Adds a data key, which seals from now on; what was sealed before opens as before. Nodes that run take it up with their next
    /// transaction.
    pub async fn renew_data_key(&self) -> Result<(), StoreError> {
        let context = Arc::clone(&self.context);
        self.call(How::Login, move |records, tx| {
            schema::renew_data_key(tx, &context.key, &context.place, &*records.sealer.entropy)
        })
        .await
    }

    /// The database in words, without a password.
    pub fn place(&self) -> &str {
        &self.context.place
    }

    /// Closes the connections that nobody uses. A call that follows opens new ones.
    pub async fn close_connections(&self) {
        self.context.connections.close().await;
    }

    /// A transaction that only reads.
    async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Records, &OpenTransaction) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(How::Reading, act).await
    }

    /// A transaction.
    async fn call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Records, &OpenTransaction) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.try_call(how, act).await.map_err(|ended| self.context.error(ended))
    }

    /// The same, for a caller who asks what became of a commit that nobody acknowledged.
    async fn try_call<T: Send + 'static>(
        &self,
        how: How,
        act: impl FnOnce(&Records, &OpenTransaction) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Ended> {
        tracing::trace!(?how, "a trip to the store");
        let context = Arc::clone(&self.context);
        let done = self.context.connections.call(how, move |tx| {
            context.hear(tx)?;
            act(&context.records, tx)
        });
        done.await
    }

    /// Whether an answer that the database cannot take has a place on this node.
    fn check_slots(&self) -> Result<(), StoreError> {
        crate::disk_check::check(self.node.vault())?;
        self.slots.rescue.ready()
    }
}

impl ToJournal for PostgresVault {
    async fn move_answer(&self, slotted: &Slotted) -> bool {
        let intent = slotted.intent;
        let stays = |error: StoreError| {
            tracing::warn!(%intent, %error, "an answer stays in its slot");
            false
        };
        match self.context.records.unslotted(slotted) {
            Ok(answer) => {
                let moved = self.call(How::Turn, move |records, tx| records.unslot(tx, intent, &answer));
                moved.await.unwrap_or_else(stays)
            }
            Err(fault) => stays(self.context.fault(fault)),
        }
    }
}

impl Time {
    fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Database(clock) => Arc::clone(clock) as Arc<dyn Clock>,
            Self::Given(clock) => Arc::clone(clock),
        }
    }
}

impl Context {
    /// Takes note of what the database told when a transaction began: its time, and whether another node has changed the keys.
    fn hear(&self, tx: &OpenTransaction) -> Result<(), Failed> {
        if let Time::Database(clock) = &self.time {
            clock.told(tx.told.millis);
        }
        if let Some(number) = tx.told.keys_number.filter(|number| *number != self.keys_number.load(Ordering::Acquire)) {
            self.records.sealer.replace(schema::keys(tx, &self.key)?);
            self.keys_number.store(number, Ordering::Release);
        }
        Ok(())
    }

    /// The time by which leases lapse, where it is not the database's.
    fn given_time(&self) -> Option<i64> {
        match &self.time {
            Time::Database(_) => None,
            Time::Given(clock) => Some(clock.now().as_millisecond()),
        }
    }

    fn error(&self, ended: Ended) -> StoreError {
        match ended {
            Ended::Undone(Failed::Told(error)) if error.place.is_empty() && !error.reason.is_empty() => {
                StoreError { place: self.place.clone(), ..error }
            }
            Ended::Undone(Failed::Told(error)) => error,
            Ended::Undone(Failed::Sql(error)) => StoreError::unreadable(&self.place, error.to_string()),
            Ended::Undone(Failed::Postgres(error)) => from_database(&self.place, &error),
            Ended::Undone(Failed::Stored(fault)) => self.fault(fault),
            Ended::Unknown(error) => {
                let reason = format!("nobody said whether it was stored: {error}");
                StoreError::new(StoreFault::Busy, &self.place, reason)
            }
            Ended::Panicked => {
                let reason = "a call to it failed inside this program (a bug), and nothing of it was stored";
                StoreError::unreadable(&self.place, reason)
            }
        }
    }

    fn fault(&self, fault: Fault) -> StoreError {
        match fault {
            Fault::Damaged(what) => damaged_in(&self.place, &what),
            Fault::UnknownKey => StoreError::key(
                &self.place,
                self.key.words(),
                "something in it was encrypted with a data key that it does not hold; restore a backup",
            ),
        }
    }
}
