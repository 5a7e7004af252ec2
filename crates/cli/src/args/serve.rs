//! The arguments of `serve` and `audit`.

use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use tokenward_core::{AppName, GrantPattern, Verb};

use super::proxy::address;
use super::values::{BadValue, count, duration, name};

/// `serve`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Serve {
    #[command(subcommand)]
    pub(crate) command: Option<ServeCommand>,
    /// Listen address: address and port, or a port; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address, default_value = "127.0.0.1:9790")]
    pub(crate) listen: SocketAddr,
    /// Listen without TLS on an address that other machines can reach; traffic is not encrypted, so put a proxy with TLS in front
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// TLS certificate with its chain, in PEM: the server speaks HTTPS; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Private key of that certificate, in PEM without a passphrase
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Certificate authority of callers, in PEM: only callers with a certificate of it can connect (mTLS)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// For how long a token that was read is refreshed ahead of its end, so that the next reader does not wait
    #[arg(long, value_name = "TIME", value_parser = span_with_unit, default_value = "6h")]
    pub(crate) hot_for: Duration,
    /// How many logins this node refreshes in the background at once, at most
    #[arg(long, value_name = "COUNT", value_parser = count::<NonZeroU16>, default_value = "16")]
    pub(crate) refreshes_at_once: NonZeroU16,
    /// How many requests a minute each API key may send to this node, on the average; a sixth of it at once
    #[arg(long, value_name = "COUNT", value_parser = count::<NonZeroU32>, default_value = "6000")]
    pub(crate) key_rate: NonZeroU32,
    /// For how long tokens and API keys are good from memory while the database does not answer; 0s switches that off
    #[arg(long, value_name = "TIME", value_parser = span_with_unit, default_value = "15m")]
    pub(crate) offline_for: Duration,
    /// How long before a login expires programs are told of it, by the event login.expires_soon
    #[arg(long, value_name = "TIME", value_parser = span_with_unit, default_value = "7d")]
    pub(crate) expires_soon: Duration,
    /// Refresh a login only when somebody reads its token; other nodes still refresh in the background
    #[arg(long)]
    pub(crate) no_scheduler: bool,
    /// Serve no dashboard: without it, people who sign in with an API key see and manage its logins at /dashboard
    #[arg(long)]
    pub(crate) no_dashboard: bool,
    #[command(flatten)]
    pub(crate) store: StoreFrom,
}

/// `serve …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ServeCommand {
    /// Manage the API keys of callers
    #[command(subcommand)]
    Key(Key),
}

/// `serve key …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Create an API key; it is shown once
    Create(KeyCreate),
    /// List the API keys, without the keys themselves
    List {
        #[command(flatten)]
        store: StoreFrom,
    },
    /// Revoke an API key, at once and on every node
    Revoke {
        /// Its id, from `list`
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        store: StoreFrom,
    },
}

/// `serve key create`.
#[derive(Debug, Args)]
pub(crate) struct KeyCreate {
    /// What you call it, such as the site that uses it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What it permits: token:read, token:refresh, grants:read, grants:import, grants:retire, login, metrics:read, events:read or webhooks:manage; repeatable
    #[arg(long, value_name = "VERB", value_parser = verb, default_value = "token:read")]
    pub(crate) allow: Vec<Verb>,
    /// Only for logins of this app; repeatable; default: every app
    #[arg(long, value_name = "APP", value_parser = name::<AppName>)]
    pub(crate) app: Vec<AppName>,
    /// Only for logins of these profiles; * matches any characters
    #[arg(long, value_name = "PATTERN", value_parser = pattern, default_value = "*")]
    pub(crate) logins: GrantPattern,
    /// When it ends, counted from now, such as 90d; default: never
    #[arg(long, value_name = "TIME", value_parser = span_with_unit)]
    pub(crate) expires_in: Option<Duration>,
    #[command(flatten)]
    pub(crate) store: StoreFrom,
}

/// `audit …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// List entries of the audit trail, the newest last
    List(AuditList),
    /// Check that no entry of the audit trail was changed, removed or added by anybody else
    Verify {
        #[command(flatten)]
        store: StoreFrom,
    },
}

/// `audit list`.
#[derive(Debug, Args)]
pub(crate) struct AuditList {
    /// Only entries of this login: a profile with all its users, one user such as work:=42, or the id of a login
    #[arg(long, value_name = "LOGIN")]
    pub(crate) login: Option<String>,
    /// Only entries of this caller: the name or the id of an API key, or local for this command line
    #[arg(long, value_name = "CALLER")]
    pub(crate) caller: Option<String>,
    /// Only entries that are not older, such as 24h
    #[arg(long, value_name = "TIME", value_parser = span_with_unit)]
    pub(crate) since: Option<Duration>,
    /// How many entries at most; the newest are listed
    #[arg(long, value_name = "COUNT", value_parser = count::<NonZeroU32>, default_value = "100")]
    pub(crate) limit: NonZeroU32,
    #[command(flatten)]
    pub(crate) store: StoreFrom,
}

/// Which store a server stands on.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreFrom {
    /// PostgreSQL database that all nodes share, as postgres://USER@HOST/NAME; a password belongs in TOKENWARD_DATABASE or --database-file; default: the vault of this machine
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// File that holds the URL of the database with its password
    #[arg(long, value_name = "FILE", conflicts_with = "database")]
    pub(crate) database_file: Option<PathBuf>,
    /// Folder of this node alone, on a disk that outlives the process; default: `node` in the home folder
    #[arg(long, value_name = "DIR")]
    pub(crate) node_folder: Option<PathBuf>,
    /// The database is behind pgbouncer or another pooler in transaction mode
    #[arg(long)]
    pub(crate) pooled: bool,
}

/// A key that was to live for days and lives for seconds is found out late: what counts is written.
fn span_with_unit(text: &str) -> Result<Duration, BadValue> {
    match text.parse() {
        Ok(number) => Err(BadValue::NoUnit(number)),
        Err(_) => duration(text),
    }
}

fn verb(text: &str) -> Result<Verb, BadValue> {
    text.parse().map_err(|()| BadValue::Verb)
}

fn pattern(text: &str) -> Result<GrantPattern, BadValue> {
    text.parse().map_err(|_| BadValue::Pattern)
}
