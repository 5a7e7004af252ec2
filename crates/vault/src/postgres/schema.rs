//! The schema and the keys of a database: made, brought forward, read and changed.
//!
//! Migrations are numbered, go forward only, and each is one transaction under the lock of `vault`'s row, so that of many nodes that start
//! at once one runs it. A binary that knows less than `least` may not write here; one that knows less than `schema` may.

use std::time::Duration;

use rusqlite::params;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};
use tokenward_core::ports::{Entropy, StoreError};

use crate::key_sources::{self, ExplicitKey, VaultId};
use crate::records::run_statement::{first, run};
use crate::records::transaction_error::{Failed, Fault, damaged};
use crate::seal::Keys;

use super::connection_transactions::{Connections, OpenTransaction};
use super::transaction_error::from_database;

/// What an opened database tells.
pub(super) struct Opened {
    pub(super) keys: Keys,
    pub(super) keys_number: i64,
    /// Its time.
    pub(super) millis: i64,
}

/// Opens the database: makes it where there is nothing, brings it forward where it is older.
pub(super) async fn open(
    connections: &Connections,
    place: &str,
    key: &ExplicitKey,
    entropy: &dyn Entropy,
) -> Result<Opened, StoreError> {
    let mut connection = connections.connect().await.map_err(|error| from_database(place, &error))?;
    let mut tries = TRIES;
    loop {
        match attempt(&mut connection, place, key, entropy).await {
            Ok(opened) => {
                drop(connection.close().await);
                return Ok(opened);
            }
            // Another node makes it at this moment: the names of tables are a race that one of them loses.
            Err(Refused::Raced(_)) if tries > 0 => tries -= 1,
            Err(Refused::Raced(error)) => return Err(from_database(place, &error)),
            Err(Refused::Told(error)) => return Err(error),
        }
        drop(sqlx::raw_sql("ROLLBACK").execute(&mut connection).await);
        tokio::time::sleep(PAUSE).await;
    }
}

enum Refused {
    Raced(sqlx::Error),
    Told(StoreError),
}

async fn attempt(
    connection: &mut PgConnection,
    place: &str,
    key: &ExplicitKey,
    entropy: &dyn Entropy,
) -> Result<Opened, Refused> {
    let at = |error: sqlx::Error| match &error {
        // A table, type or row of that name came into being meanwhile.
        sqlx::Error::Database(said)
            if matches!(said.code().as_deref(), Some("23505" | "42P07" | "42710" | "40P01")) =>
        {
            Refused::Raced(error)
        }
        _ => Refused::Told(from_database(place, &error)),
    };
    let told = |error| Refused::Told(error);
    sqlx::raw_sql("BEGIN; SET LOCAL lock_timeout = '30s'").execute(&mut *connection).await.map_err(at)?;
    let is_there = sqlx::raw_sql("SELECT (to_regclass('vault') IS NOT NULL)::text").fetch_one(&mut *connection).await;
    let is_there: String = is_there.and_then(|row| row.try_get(0)).map_err(at)?;
    if is_there != "true" {
        for migration in MIGRATIONS {
            sqlx::raw_sql(migration).execute(&mut *connection).await.map_err(at)?;
        }
        let vault = VaultId::draw(entropy);
        let refuse = |reason: String| Refused::Told(StoreError::key(place, key.words(), reason));
        let wrapped = key_sources::wrap_explicit(vault, key, &Keys::fresh(entropy), entropy).map_err(refuse)?;
        sqlx::query("INSERT INTO vault (schema, least, keys, keys_number) VALUES ($1, $2, $3, 1)")
            .persistent(false)
            .bind(KNOWN)
            .bind(LEAST)
            .bind(wrapped)
            .execute(&mut *connection)
            .await
            .map_err(at)?;
    }
    let row = sqlx::raw_sql(
        "SELECT schema::text, least::text, keys, keys_number::text, (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text
         FROM vault FOR UPDATE",
    );
    let row = row.fetch_one(&mut *connection).await.map_err(at)?;
    let number = |column: usize| -> Result<i64, Refused> {
        let text: String = row.try_get(column).map_err(at)?;
        text.parse().map_err(|_| told(StoreError::unreadable(place, "its header is damaged")))
    };
    let (schema, least) = (number(0)?, number(1)?);
    if least > KNOWN {
        return Err(told(StoreError::newer(place, least, KNOWN)));
    }
    let run = usize::try_from(schema).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(run) {
        sqlx::raw_sql(*migration).execute(&mut *connection).await.map_err(at)?;
    }
    if schema < KNOWN {
        sqlx::query("UPDATE vault SET schema = $1, least = $2")
            .persistent(false)
            .bind(KNOWN)
            .bind(LEAST)
            .execute(&mut *connection)
            .await
            .map_err(at)?;
    }
    let wrapped: String = row.try_get(2).map_err(at)?;
    let (_, keys) = key_sources::unwrap_explicit(&wrapped, key)
        .map_err(|reason| told(StoreError::key(place, key.words(), reason)))?;
    let (keys_number, millis) = (number(3)?, number(4)?);
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await.map_err(at)?;
    Ok(Opened { keys, keys_number, millis })
}

/// The keys as they are now.
pub(super) fn keys(tx: &OpenTransaction, key: &ExplicitKey) -> Result<Keys, Failed> {
    let (_, keys) = read_keys(tx, key)?;
    Ok(keys)
}

fn read_keys(tx: &OpenTransaction, key: &ExplicitKey) -> Result<(VaultId, Keys), Failed> {
    let wrapped: Option<String> = first(tx, KEYS, params![], |row| row.get(0))?;
    let wrapped = wrapped.ok_or_else(|| damaged("the row of its keys"))?;
    key_sources::unwrap_explicit(&wrapped, key).map_err(|_| Failed::Stored(Fault::UnknownKey))
}

/// Adds a data key to the keys.
pub(super) fn renew_data_key(
    tx: &OpenTransaction,
    key: &ExplicitKey,
    place: &str,
    entropy: &dyn Entropy,
) -> Result<(), Failed> {
    let (vault, keys) = read_keys(tx, key)?;
    let wrapped = key_sources::wrap_explicit(vault, key, &keys.renewed(entropy), entropy)
        .map_err(|reason| StoreError::key(place, key.words(), reason))?;
    run(tx, RENEW_KEYS, params![wrapped])?;
    Ok(())
}

const KEYS: &str = "SELECT keys FROM vault";
const RENEW_KEYS: &str = "UPDATE vault SET keys = ?1, keys_number = keys_number + 1";

/// In their order, the first for a database where there is nothing.
const MIGRATIONS: [&str; 7] = [
    include_str!("../../migrations/postgres/0001_first.sql"),
    include_str!("../../migrations/postgres/0002_server.sql"),
    include_str!("../../migrations/postgres/0003_due.sql"),
    include_str!("../../migrations/postgres/0004_web_logins.sql"),
    include_str!("../../migrations/postgres/0005_events.sql"),
    include_str!("../../migrations/postgres/0006_outlook.sql"),
    include_str!("../../migrations/postgres/0007_deliveries.sql"),
];
/// The newest schema that this version knows.
const KNOWN: i64 = 7;
const _: () = assert!(MIGRATIONS.len() == 7, "each is known");
/// The least schema that a binary must know to write what this one reads.
const LEAST: i64 = 1;
/// How often a node that lost a race tries again.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);
