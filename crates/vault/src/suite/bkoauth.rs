//! A database as a Django program with `bkoauth` leaves it, for tests.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, Executor};

/// A row of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// `id`.
    pub id: i64,
    /// `access_token`.
    pub access_token: String,
    /// `refresh_token`.
    pub refresh_token: Option<String>,
    /// `expires`, as Django writes it.
    pub expires: String,
    /// `env_name`.
    pub env_name: String,
    /// `user_id`.
    pub user_id: Option<String>,
}

/// Makes a database with these rows.
///
/// # Panics
/// When it cannot.
pub async fn write_table(file: &Path, rows: &[Row]) {
    write_table_in(file, rows, SqliteJournalMode::Delete).await;
}

/// The same for a program that keeps a log beside its database.
///
/// # Panics
/// When it cannot.
pub async fn write_table_with_log(file: &Path, rows: &[Row]) {
    write_table_in(file, rows, SqliteJournalMode::Wal).await;
}

async fn write_table_in(file: &Path, rows: &[Row], mode: SqliteJournalMode) {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).journal_mode(mode);
    let mut database = options.connect().await.expect("a new database");
    database.execute(SCHEMA).await.expect("the table");
    for row in rows {
        sqlx::query(
            "INSERT INTO bkoauth_access_token (id, access_token, expires, refresh_token, scope, env_name, user_id, created_at)
             VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, '2026-01-01 00:00:00')",
        )
        .bind(row.id)
        .bind(&row.access_token)
        .bind(&row.expires)
        .bind(&row.refresh_token)
        .bind(&row.env_name)
        .bind(&row.user_id)
        .execute(&mut database)
        .await
        .expect("a row");
    }
    database.close().await.expect("closed");
}

/// The columns of migrations 0001 to 0003 (reference/blueking.md §1.4).
const SCHEMA: &str = "
    CREATE TABLE bkoauth_access_token (
        id integer NOT NULL PRIMARY KEY AUTOINCREMENT, access_token varchar(255) NOT NULL UNIQUE, expires datetime NOT NULL,
        refresh_token varchar(255) NULL, scope text NULL, env_name varchar(255) NOT NULL, user_id varchar(64) NULL,
        created_at datetime NOT NULL, extra text NULL)";
