//! What is said to `PostgreSQL`: the records' statements in its words, leases, and what keeps a transaction alone.
//!
//! A statement of [`crate::records::statements`] is said as it is there, with `$1` for `?1` and JSON looked into by a cast. Those that need
//! more are in [`OWN`].

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::records::statements as sql;

/// How a transaction begins, in one trip: what it may take, how durable it is, and what is known by then: the database's time, and how often
/// the keys were changed. Each setting is for this transaction alone.
macro_rules! begin {
    ($kind:literal, $durable:literal) => {
        concat!(
            "BEGIN ",
            $kind,
            "; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10s';
    SET LOCAL idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', ",
            $durable,
            ", true), (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text, (SELECT keys_number FROM vault)::text"
        )
    };
}
/// Reads see one moment.
pub(super) const BEGIN_READING: &str =
    begin!("ISOLATION LEVEL REPEATABLE READ READ ONLY", "current_setting('synchronous_commit')");
/// Acknowledged when it is on disk, at least (I2): a server that is set to wait for more does.
pub(super) const BEGIN_DURABLE: &str = begin!(
    "ISOLATION LEVEL READ COMMITTED READ WRITE",
    "CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END"
);
/// May be lost with the power: leases and caches.
pub(super) const BEGIN_UNSYNCED: &str = begin!("ISOLATION LEVEL READ COMMITTED READ WRITE", "'off'");

/// The gate: whatever makes, brings, takes back, names or ends a login.
pub(super) const GATE: &str = "SELECT 1 FROM vault FOR UPDATE";
/// Held until the transaction ends: nobody takes the lease meanwhile.
pub(super) const HOLD_STILL: &str = "SELECT 1 FROM leases WHERE grant_id = $1 FOR SHARE";
/// Fails where nothing may be written.
pub(super) const MAY_WRITE: &str = "SELECT 1 FROM vault FOR SHARE";

/// The database's clock, or a test's.
macro_rules! now {
    ($given:literal) => {
        concat!("COALESCE(", $given, "::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)")
    };
}
/// Whether a lease is held: taken, not lapsed, and not for longer than anybody could have asked, which shows a clock that was set back.
macro_rules! is_held {
    ($row:literal, $given:literal) => {
        concat!(
            "(",
            $row,
            ".holder IS NOT NULL AND ",
            $row,
            ".expires > ",
            now!($given),
            " AND ",
            $row,
            ".expires <= ",
            now!($given),
            " + 2 * ",
            $row,
            ".ttl + 60000)"
        )
    };
}
macro_rules! take {
    ($table:literal, $key:literal, $from:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " AS taken (",
            $key,
            ", fence, holder, ttl, expires) SELECT ",
            $from,
            " ON CONFLICT (",
            $key,
            ") DO UPDATE SET fence = taken.fence + 1, holder = $2, ttl = $3, expires = ",
            now!("$4"),
            " + $3 WHERE NOT ",
            is_held!("taken", "$4"),
            " RETURNING fence, expires"
        )
    };
}
/// Takes a lease that nobody holds; no row when somebody does, or when there is no such grant.
pub(super) const TAKE_LEASE: &str = take!(
    "leases",
    "grant_id",
    "id, 1, $2, $3, COALESCE($4::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) + $3 FROM grants WHERE id = $1"
);
pub(super) const TAKE_NAME: &str = take!(
    "names",
    "profile",
    "$1, 1, $2, $3, COALESCE($4::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) + $3"
);
pub(super) const LEASE: &str = concat!(
    "SELECT leases.holder, leases.expires, COALESCE(",
    is_held!("leases", "$2"),
    ", FALSE) AS held FROM grants LEFT JOIN leases ON leases.grant_id = grants.id WHERE grants.id = $1"
);
/// Always a row.
pub(super) const NAME_LEASE: &str = concat!(
    "SELECT names.holder, names.expires, COALESCE(",
    is_held!("names", "$2"),
    ", FALSE) AS held FROM (SELECT 1) AS always LEFT JOIN names ON profile = $1"
);
macro_rules! renew {
    ($table:literal, $key:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET ttl = $3, expires = ",
            now!("$4"),
            " + $3 WHERE ",
            $key,
            " = $1 AND fence = $2 AND holder IS NOT NULL RETURNING expires"
        )
    };
}
pub(super) const RENEW_LEASE: &str = renew!("leases", "grant_id");
pub(super) const RENEW_NAME: &str = renew!("names", "profile");

/// How the records' statements are said where renaming parameters is not enough.
const OWN: &[(&str, &str)] = &[
    // Profile and app are bound and stay what they are. A parameter that stands nowhere has no type.
    (
        sql::UPDATE_GRANT,
        "UPDATE grants SET generation = $4, standing = $5, access = $6, access_generation = $7,
            access_obtained = $8, access_expires = $9, refresh = $10, refresh_generation = $11, refresh_expires = $12,
            wall = $13, consented = $14, turned = $15, scopes = $16, subject = $17, issued_by = $18, access_unnamed = $19
        WHERE id = $1 AND ($2::text IS NULL OR $3::text IS NULL OR TRUE)",
    ),
    // One of a past epoch is late too: whoever holds the grant now finds it by the index.
    (
        sql::JOURNAL_ANSWER,
        "UPDATE intents SET answer = $2, late = CASE
            WHEN closed IS NOT NULL AND closing::jsonb ->> 'closing' <> 'committed' THEN 1
            WHEN closed IS NULL AND fence < (SELECT leases.fence FROM leases WHERE leases.grant_id = intents.grant_id) THEN 1
            ELSE 0 END
        WHERE id = $1",
    ),
    (
        sql::IS_NAME_TAKEN,
        "SELECT EXISTS (SELECT 1 FROM grants WHERE profile = $1 OR substr(profile, 1, length($1) + 1) = $1 || ':')
            OR EXISTS (SELECT 1 FROM login_answers WHERE profile = $1 OR substr(profile, 1, length($1) + 1) = $1 || ':')",
    ),
    // What another node claims at this moment is passed over. The array is made once, whatever the plan.
    (
        sql::CLAIM_ENDING,
        "UPDATE due SET at = $3 WHERE grant_id = ANY (ARRAY(
            SELECT grant_id FROM due WHERE app = $1 AND ends <= $4 AND at <= $2 ORDER BY ends LIMIT $5 FOR UPDATE SKIP LOCKED))
        RETURNING grant_id, hot",
    ),
    (
        sql::CLAIM_DUE,
        "UPDATE due SET at = $3 WHERE grant_id = ANY (ARRAY(
            SELECT grant_id FROM due WHERE app = $1 AND at <= $2 ORDER BY at LIMIT $4 FOR UPDATE SKIP LOCKED))
        RETURNING grant_id, hot",
    ),
    (
        sql::CLAIM_DELIVERIES,
        "UPDATE deliveries SET due = $3, tries = tries + 1 WHERE webhook = $1 AND number = ANY (ARRAY(
            SELECT number FROM deliveries WHERE webhook = $1 AND failed = 0 AND due <= $2
            ORDER BY due, number LIMIT $4 FOR UPDATE SKIP LOCKED))
        RETURNING number, queued, tries - 1 AS tries, record",
    ),
    (
        sql::TELL_END,
        "INSERT INTO outbox (id, grant_id, app, profile, generation, at, refreshed, ends)
        SELECT decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), id, app, profile, generation, $2, 0, $3 FROM grants WHERE id = $1",
    ),
];

/// What is locked before a statement that reads what will be written, by what is bound first.
const LOCKS: &[(&str, &str)] = &[
    (sql::GRANT, LOCK_GRANT),
    (sql::GRANT_BY_PROFILE, "SELECT 1 FROM grants WHERE profile = $1 FOR UPDATE"),
    (sql::INTENT, LOCK_GRANT_OF),
    (sql::JOURNAL_ANSWER, LOCK_GRANT_OF),
    (sql::HOLDS_LEASE, LOCK_GRANT),
    (sql::AUDIT_HEAD, "SELECT 1 FROM audit_heads WHERE grant_id = $1 FOR UPDATE"),
    (sql::BUDGET, "SELECT 1 FROM budgets WHERE app = $1 FOR UPDATE"),
    (sql::API_KEY, "SELECT 1 FROM api_keys WHERE id = $1 FOR UPDATE"),
    (sql::WEBHOOK, "SELECT 1 FROM webhooks WHERE name = $1 FOR UPDATE"),
    (sql::EVENT_HEAD, "SELECT 1 FROM event_head WHERE id = $1 FOR UPDATE"),
];
pub(super) const LOCK_GRANT: &str = "SELECT 1 FROM grants WHERE id = $1 FOR UPDATE";
const LOCK_GRANT_OF: &str =
    "SELECT 1 FROM grants WHERE id = (SELECT grant_id FROM intents WHERE intents.id = $1) FOR UPDATE";

/// What is locked before this statement, if anything.
pub(super) fn lock_before(statement: &str) -> Option<&'static str> {
    LOCKS.iter().find(|(before, _)| *before == statement).map(|(_, lock)| *lock)
}

/// A statement of the records in `PostgreSQL`'s words.
pub(super) fn said(statement: &'static str) -> &'static str {
    static SAID: OnceLock<Mutex<HashMap<&'static str, &'static str>>> = OnceLock::new();
    let mut known = SAID.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    // There are as many as there are constants.
    known.entry(statement).or_insert_with(|| match OWN.iter().find(|(of, _)| *of == statement) {
        Some((_, own)) => own,
        None => Box::leak(translated(statement).into_boxed_str()),
    })
}

fn translated(statement: &str) -> String {
    // Links are a host's.
    let statement = statement.replace("EXISTS (SELECT 1 FROM links WHERE links.profile = grants.profile)", "FALSE");
    statement.replace('?', "$").replace(" ->> ", "::jsonb ->> ")
}
