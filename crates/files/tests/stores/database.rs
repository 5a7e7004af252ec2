//! A database as a Django program with `bkoauth` leaves it, for tests.

use std::path::Path;

use rusqlite::{Connection, params};

/// A row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// `id`.
    pub(crate) id: i64,
    /// `access_token`.
    pub(crate) access_token: String,
    /// `refresh_token`.
    pub(crate) refresh_token: Option<String>,
    /// `expires`, as Django writes it.
    pub(crate) expires: String,
    /// `env_name`.
    pub(crate) env_name: String,
    /// `user_id`.
    pub(crate) user_id: Option<String>,
}

/// Makes a database with these rows.
pub(crate) fn write_table(file: &Path, rows: &[Row]) {
    write_table_in(file, rows, "PRAGMA journal_mode = DELETE");
}

/// The same for a program that keeps a log beside its database.
pub(crate) fn write_table_with_log(file: &Path, rows: &[Row]) {
    write_table_in(file, rows, "PRAGMA journal_mode = WAL");
}

fn write_table_in(file: &Path, rows: &[Row], mode: &str) {
    let database = Connection::open(file).expect("a new database");
    database.execute_batch(mode).expect("its mode");
    database.execute_batch(SCHEMA).expect("the table");
    for row in rows {
        let insert = "
            INSERT INTO bkoauth_access_token (id, access_token, expires, refresh_token, scope, env_name, user_id, created_at)
            VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, '2026-01-01 00:00:00')";
        let bound = params![row.id, row.access_token, row.expires, row.refresh_token, row.env_name, row.user_id];
        database.execute(insert, bound).expect("a row");
    }
    database.close().expect("closed");
}

/// The columns of migrations 0001 to 0003 (reference/blueking.md §1.4).
const SCHEMA: &str = "
    CREATE TABLE bkoauth_access_token (
        id integer NOT NULL PRIMARY KEY AUTOINCREMENT, access_token varchar(255) NOT NULL UNIQUE, expires datetime NOT NULL,
        refresh_token varchar(255) NULL, scope text NULL, env_name varchar(255) NOT NULL, user_id varchar(64) NULL,
        created_at datetime NOT NULL, extra text NULL)";
