//! The table of `bkoauth`, read where it lies and never written (reference/blueking.md §1.4).
//!
//! Enters: where a program keeps its database. Leaves: every row of `bkoauth_access_token`, tokens in the types that do not show
//! them (I4). What a row means is not decided here. A database of `SQLite` is opened
//! read-only; one in WAL mode that nobody has open is opened as immutable, so that not even the files beside it are made.

use std::fmt;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use rusqlite::{Connection, OpenFlags};
use thiserror::Error;
use tokenward_core::{AccessToken, RefreshToken, SecretBytes};
use zeroize::Zeroizing;

/// Where the table is.
#[derive(Clone)]
#[non_exhaustive]
pub enum BkoauthSource {
    /// A file of `SQLite`.
    File(PathBuf),
    /// A server, by its address with user and password (`DATABASE_URL`).
    Server {
        /// Which kind.
        kind: ServerKind,
        /// The whole address.
        url: SecretBytes,
    },
}

/// A kind of database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerKind {
    /// `PostgreSQL`.
    Postgres,
    /// `MySQL` or `MariaDB`.
    MySql,
}

impl ServerKind {
    /// The name as people know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
        }
    }

    /// The feature of this crate and of those above it that reads it.
    pub const fn feature(self) -> &'static str {
        match self {
            Self::Postgres => "bkoauth-postgres",
            Self::MySql => "bkoauth-mysql",
        }
    }
}

impl FromStr for BkoauthSource {
    type Err = BkoauthError;

    /// A path, or an address as `DATABASE_URL` holds it: `sqlite:////srv/app/db.sqlite3` (relative with three slashes),
    /// `postgres://…`, `mysql://…`.
    fn from_str(text: &str) -> Result<Self, BkoauthError> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(Self::File(PathBuf::from(text))) };
        let url = || SecretBytes::new(text.as_bytes().to_vec());
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" | "sqlite3" | "file" => {
                let path = rest.split(['?', '#']).next().unwrap_or_default();
                // `dj-database-url` writes an absolute path with four slashes; people write three.
                let path = match path.strip_prefix('/') {
                    Some(absolute) if absolute.starts_with('/') => absolute,
                    Some(relative) if !Path::new(path).exists() => relative,
                    _ => path,
                };
                Ok(Self::File(PathBuf::from(path)))
            }
            "postgres" | "postgresql" | "pgsql" | "postgis" => {
                Ok(Self::Server { kind: ServerKind::Postgres, url: url() })
            }
            "mysql" | "mysql2" | "mariadb" => Ok(Self::Server { kind: ServerKind::MySql, url: url() }),
            _ => {
                Err(BkoauthError::UnknownScheme(scheme.chars().take(16).filter(char::is_ascii_alphanumeric).collect()))
            }
        }
    }
}

impl fmt::Debug for BkoauthSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string())
    }
}

impl fmt::Display for BkoauthSource {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server { kind, .. } => write!(f, "a database of {}", kind.as_str()),
        }
    }
}

/// A row of the table.
#[derive(Debug)]
#[non_exhaustive]
pub struct BkoauthRow {
    /// Its number; a later row has a higher one.
    pub id: i64,
    /// The access token; `None` for a text that can be none.
    pub access: Option<AccessToken>,
    /// The refresh token, if there is one.
    pub refresh: Option<RefreshToken>,
    /// When the access token ends; `None` for a text that is no time.
    pub expires: Option<Timestamp>,
    /// `prod` or `test`.
    pub environment: String,
    /// Whose it is, as the column has it: nothing for the app's own, and an empty name for an anonymous user.
    pub user: Option<String>,
}

impl BkoauthRow {
    /// A row that the program itself has read. A text that can be no token is none.
    pub fn read(
        id: i64,
        access: &str,
        refresh: Option<&str>,
        expires: Option<Timestamp>,
        environment: &str,
        user: Option<&str>,
    ) -> Self {
        Self {
            id,
            access: AccessToken::parse(access).ok(),
            refresh: refresh.and_then(|token| RefreshToken::parse(token).ok()),
            expires,
            environment: environment.to_owned(),
            user: user.map(str::to_owned),
        }
    }
}

/// Why the table cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BkoauthError {
    /// There is no such file.
    #[error("{} cannot be read: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is no database of `SQLite`.
    #[error("{} is no SQLite database", .0.display())]
    NotSqlite(PathBuf),
    /// The database has no such table.
    #[error("{0} has no table bkoauth_access_token")]
    NoTable(String),
    /// The address is of a kind that nobody knows.
    #[error("{0}:// is no address of a database that bkoauth uses: name a SQLite file, postgres:// or mysql://")]
    UnknownScheme(String),
    /// This build has no driver for it.
    #[error(
        "this build does not read {}: build one that does (`cargo install --path crates/cli --locked --features {}`); or run \
         `python manage.py dumpdata bkoauth` there, load it into a SQLite database (`loaddata` under a settings file that names \
         one), and name that file", .0.as_str(), .0.feature()
    )]
    NotBuiltIn(ServerKind),
    /// The database said no.
    #[error("{place} cannot be read: {reason}")]
    Database {
        /// Which one, without user and password.
        place: String,
        /// Its reason.
        reason: String,
    },
}

/// Reads every row. `offset` is the one that naive times are written in: UTC where Django's `USE_TZ` is on.
pub async fn read_bkoauth(source: &BkoauthSource, offset: Offset) -> Result<Vec<BkoauthRow>, BkoauthError> {
    match source {
        BkoauthSource::File(path) => {
            let (file, place) = (path.clone(), path.display().to_string());
            // A thread that may wait: another program may be writing.
            let read = tokio::task::spawn_blocking(move || read_file(&file, offset)).await;
            read.unwrap_or_else(|error| Err(BkoauthError::Database { place, reason: error.to_string() }))
        }
        #[cfg(feature = "bkoauth-postgres")]
        BkoauthSource::Server { kind: ServerKind::Postgres, url } => postgres::read(source, url, offset).await,
        #[cfg(feature = "bkoauth-mysql")]
        BkoauthSource::Server { kind: ServerKind::MySql, url } => mysql::read(source, url, offset).await,
        #[cfg(not(all(feature = "bkoauth-postgres", feature = "bkoauth-mysql")))]
        BkoauthSource::Server { kind, .. } => Err(BkoauthError::NotBuiltIn(*kind)),
    }
}

fn read_file(path: &Path, offset: Offset) -> Result<Vec<BkoauthRow>, BkoauthError> {
    let io = |source| BkoauthError::Io { path: path.to_owned(), source };
    let mut head = [0; 20];
    let mut file = std::fs::File::open(path).map_err(io)?;
    if file.read_exact(&mut head).is_err() || !head.starts_with(b"SQLite format 3\0") {
        return Err(BkoauthError::NotSqlite(path.to_owned()));
    }
    // Bytes 18 and 19 say how it is written (https://www.sqlite.org/fileformat.html §1.3.3): 2 is a log beside it. Without the
    // log nobody has it open, and nothing can change under an immutable one.
    let is_still = head[18] == 2 && !log_beside(path).exists();
    let place = path.display().to_string();
    let told = |error: rusqlite::Error| BkoauthError::Database { place: place.clone(), reason: error.to_string() };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = if is_still {
        Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(path, flags)
    };
    let connection = opened.map_err(told)?;
    let read = || {
        if !connection.query_row(HAS_TABLE, [], |row| row.get::<_, bool>(0)).map_err(told)? {
            return Err(BkoauthError::NoTable(place.clone()));
        }
        let mut rows = connection.prepare(ROWS).map_err(told)?;
        let raw = rows.query_map([], |row| {
            Ok(Raw {
                id: row.get(0)?,
                access: Zeroizing::new(row.get(1)?),
                refresh: row.get::<_, Option<String>>(2)?.map(Zeroizing::new),
                expires: row.get(3)?,
                environment: row.get(4)?,
                user: row.get(5)?,
            })
        });
        raw.and_then(|raw| raw.map(|raw| Ok(raw?.read(offset))).collect()).map_err(told)
    };
    let rows = read();
    // Whatever came of it: the file is somebody else's, and nothing of ours lies beside it when this returns.
    let closed = connection.close().map_err(|(_, error)| told(error));
    let rows = rows?;
    closed?;
    Ok(rows)
}

/// The address of a file that nobody writes (<https://www.sqlite.org/uri.html>).
fn immutable(path: &Path) -> PathBuf {
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => address.push(char::from(*byte)),
            _ => address.extend(['%'].into_iter().chain(format!("{byte:02X}").chars())),
        }
    }
    address.push_str("?immutable=1");
    PathBuf::from(address)
}

/// A row as the columns have it.
struct Raw {
    id: i64,
    access: Zeroizing<String>,
    refresh: Option<Zeroizing<String>>,
    expires: String,
    environment: Option<String>,
    user: Option<String>,
}

impl Raw {
    fn read(self, offset: Offset) -> BkoauthRow {
        BkoauthRow {
            id: self.id,
            access: AccessToken::parse(self.access.as_str()).ok(),
            refresh: self.refresh.and_then(|token| RefreshToken::parse(token.as_str()).ok()),
            expires: moment(&self.expires, offset),
            environment: self.environment.unwrap_or_default(),
            user: self.user,
        }
    }
}

/// A time as Django writes it: `2026-11-25 23:00:00.123456`, with an offset behind it where the database keeps one.
fn moment(text: &str, offset: Offset) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    offset.to_timestamp(text.parse::<DateTime>().ok()?).ok()
}

/// What a driver says, without a value of the address.
#[cfg(any(feature = "bkoauth-postgres", feature = "bkoauth-mysql"))]
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Configuration(_) => "its address is not well-formed".to_owned(),
        other => other.to_string(),
    }
}

/// A connection, or why there is none. A driver waits for ever for a server that takes the call and says nothing.
#[cfg(any(feature = "bkoauth-postgres", feature = "bkoauth-mysql"))]
async fn answered<C>(place: &str, connecting: impl Future<Output = Result<C, sqlx::Error>>) -> Result<C, BkoauthError> {
    let reason = match tokio::time::timeout(CONNECTING, connecting).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => reason(&error),
        Err(_) => format!("no answer within {} s", CONNECTING.as_secs()),
    };
    Err(BkoauthError::Database { place: place.to_owned(), reason })
}

#[cfg(any(feature = "bkoauth-postgres", feature = "bkoauth-mysql"))]
const CONNECTING: std::time::Duration = std::time::Duration::from_secs(10);

/// `PostgreSQL`, where the build has it.
#[cfg(feature = "bkoauth-postgres")]
mod postgres {
    use sqlx::postgres::{PgConnectOptions, PgRow};
    use sqlx::{ConnectOptions, Connection, Row};

    use super::{BkoauthError, BkoauthRow, BkoauthSource, Offset, Raw, SecretBytes, Zeroizing, answered, reason};

    pub(super) async fn read(
        source: &BkoauthSource,
        url: &SecretBytes,
        offset: Offset,
    ) -> Result<Vec<BkoauthRow>, BkoauthError> {
        let place = source.to_string();
        let told = |error: sqlx::Error| BkoauthError::Database { place: place.clone(), reason: reason(&error) };
        let text = Zeroizing::new(String::from_utf8_lossy(url.expose()).into_owned());
        let options: PgConnectOptions = text.parse().map_err(told)?;
        let options = options.application_name("tokenward").options([("default_transaction_read_only", "on")]);
        let mut connection = answered(&place, options.disable_statement_logging().connect()).await?;
        let there: bool = sqlx::query_scalar(HAS_TABLE_PG).fetch_one(&mut connection).await.map_err(told)?;
        if !there {
            return Err(BkoauthError::NoTable(place));
        }
        let rows = sqlx::query(ROWS_PG).fetch_all(&mut connection).await.map_err(told)?;
        connection.close().await.map_err(told)?;
        let row = |row: &PgRow| -> Result<BkoauthRow, sqlx::Error> {
            Ok(Raw {
                id: row.try_get(0)?,
                access: Zeroizing::new(row.try_get(1)?),
                refresh: row.try_get::<Option<String>, _>(2)?.map(Zeroizing::new),
                expires: row.try_get(3)?,
                environment: row.try_get(4)?,
                user: row.try_get(5)?,
            }
            .read(offset))
        };
        rows.iter().map(row).collect::<Result<_, _>>().map_err(told)
    }

    const HAS_TABLE_PG: &str = "SELECT to_regclass('bkoauth_access_token') IS NOT NULL";
    /// Where the column has a time zone its moments are absolute; where it has none they are naive, as `SQLite`'s.
    const ROWS_PG: &str = "
        SELECT id::bigint, access_token::text, refresh_token::text,
            CASE WHEN pg_typeof(expires) = 'timestamptz'::regtype
                THEN to_char(expires::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
                ELSE to_char(expires::timestamp, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') END,
            env_name::text, user_id::text
        FROM bkoauth_access_token ORDER BY id";
}

/// `MySQL` and `MariaDB`, where the build has them. Without the driver's RSA (an open advisory, RUSTSEC-2023-0071), a password is
/// proven by `mysql_native_password`, or by `caching_sha2_password` from the server's cache.
#[cfg(feature = "bkoauth-mysql")]
mod mysql {
    use sqlx::mysql::{MySqlConnectOptions, MySqlRow};
    use sqlx::{ConnectOptions, Connection, Executor, Row};

    use super::{BkoauthError, BkoauthRow, BkoauthSource, Offset, Raw, SecretBytes, Zeroizing, answered, reason};

    pub(super) async fn read(
        source: &BkoauthSource,
        url: &SecretBytes,
        offset: Offset,
    ) -> Result<Vec<BkoauthRow>, BkoauthError> {
        let place = source.to_string();
        let told = |error: sqlx::Error| BkoauthError::Database { place: place.clone(), reason: reason(&error) };
        let text = Zeroizing::new(String::from_utf8_lossy(url.expose()).into_owned());
        let options: MySqlConnectOptions = text.parse().map_err(told)?;
        let mut connection = answered(&place, options.disable_statement_logging().connect()).await?;
        connection.execute("SET SESSION TRANSACTION READ ONLY").await.map_err(told)?;
        let tables: i64 = sqlx::query_scalar(HAS_TABLE_MY).fetch_one(&mut connection).await.map_err(told)?;
        if tables == 0 {
            return Err(BkoauthError::NoTable(place));
        }
        let rows = sqlx::query(ROWS_MY).fetch_all(&mut connection).await.map_err(told)?;
        connection.close().await.map_err(told)?;
        let row = |row: &MySqlRow| -> Result<BkoauthRow, sqlx::Error> {
            Ok(Raw {
                id: row.try_get(0)?,
                access: Zeroizing::new(row.try_get(1)?),
                refresh: row.try_get::<Option<String>, _>(2)?.map(Zeroizing::new),
                expires: row.try_get(3)?,
                environment: row.try_get(4)?,
                user: row.try_get(5)?,
            }
            .read(offset))
        };
        rows.iter().map(row).collect::<Result<_, _>>().map_err(told)
    }

    const HAS_TABLE_MY: &str = "
        SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name = 'bkoauth_access_token'";
    const ROWS_MY: &str = "
        SELECT CAST(id AS SIGNED), access_token, refresh_token, DATE_FORMAT(expires, '%Y-%m-%d %H:%i:%s.%f'), env_name, user_id
        FROM bkoauth_access_token ORDER BY id";
}

const HAS_TABLE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'bkoauth_access_token')";
const ROWS: &str = "
    SELECT id, CAST(access_token AS TEXT), CAST(refresh_token AS TEXT), CAST(expires AS TEXT), env_name, user_id
    FROM bkoauth_access_token ORDER BY id";

/// Where `SQLite` keeps a database's log.
fn log_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_by_its_address() {
        let file = |text: &str| match text.parse().unwrap() {
            BkoauthSource::File(path) => path.display().to_string(),
            BkoauthSource::Server { .. } => panic!("{text}"),
        };
        assert_eq!(file("db.sqlite3"), "db.sqlite3");
        assert_eq!(file("sqlite:////srv/app/db.sqlite3"), "/srv/app/db.sqlite3");
        assert_eq!(file("sqlite:///no-such-folder/db.sqlite3"), "no-such-folder/db.sqlite3");
        for text in ["postgres://u:secret@h/d", "postgresql://h/d", "mysql://u:secret@h/d"] {
            let source: BkoauthSource = text.parse().unwrap();
            assert!(matches!(source, BkoauthSource::Server { .. }));
            assert!(!format!("{source} {source:?}").contains("secret"));
        }
        assert!(matches!("redis://h".parse::<BkoauthSource>(), Err(BkoauthError::UnknownScheme(_))));
    }

    #[test]
    fn times_are_read_as_django_writes_them() {
        let utc = Offset::UTC;
        let expected: Timestamp = "2026-11-25T23:00:00.5Z".parse().unwrap();
        assert_eq!(moment("2026-11-25 23:00:00.500000", utc), Some(expected));
        assert_eq!(moment("2026-11-25 23:00:00.5+00:00", utc), Some(expected));
        assert_eq!(moment("2026-11-26 07:00:00.5", Offset::from_hours(8).unwrap()), Some(expected));
        assert_eq!(moment("soon", utc), None);
    }
}
