//! What is said to `SQLite` alone: of the database itself, leases with their lock files, links, sealing anew, backups. What every engine says
//! stands in [`crate::records::statements`].

pub(crate) use crate::records::statements::*;

// -- the database itself ------------------------------------------------------------------------------------------

pub(crate) const HEADER: &str = "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id";
pub(crate) const BEGIN_READING: &str = "BEGIN";
/// With the lock on writing from the start: what is read in it is what is changed in it.
pub(crate) const BEGIN_WRITING: &str = "BEGIN IMMEDIATE";
pub(crate) const COMMIT: &str = "COMMIT";
pub(crate) const ROLLBACK: &str = "ROLLBACK";
/// One call of several in a transaction, what it wrote undone, and its end (<https://www.sqlite.org/lang_savepoint.html>).
pub(crate) const SAVEPOINT: &str = "SAVEPOINT call";
pub(crate) const UNDO: &str = "ROLLBACK TO call";
pub(crate) const RELEASE: &str = "RELEASE call";
/// One sync for each commit.
pub(crate) const SYNCED: &str = "PRAGMA synchronous = FULL";
/// No sync.
pub(crate) const UNSYNCED: &str = "PRAGMA synchronous = NORMAL";
/// The log is carried over only where it has grown long: not between *begin* and *commit* of a rotation.
pub(crate) const CARRY_OVER_LATE: &str = "PRAGMA wal_autocheckpoint = 1024";
/// At a quarter of that length: about a dozen rotations, and a log that a lone command reads through in a millisecond when it opens the
/// vault.
pub(crate) const CARRY_OVER_EARLY: &str = "PRAGMA wal_autocheckpoint = 256";
/// What a connection that writes begins with.
pub(crate) const FIRST_SYNCED: &str = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1024";
/// Reads, so that a transaction which reads has begun indeed (<https://www.sqlite.org/lang_transaction.html> §2.1).
pub(crate) const FIRST_LOOK: &str = "SELECT 1 FROM sqlite_schema";
/// What every connection is.
pub(crate) const CONNECTION: &str = "
    PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY";
pub(crate) const ONLY_READS: &str = "PRAGMA query_only = ON";
pub(crate) const WAL: &str = "PRAGMA journal_mode = WAL";
/// Its first column is 1 where somebody kept it from ending (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>).
pub(crate) const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
pub(crate) const VERSION: &str = "SELECT sqlite_version()";
/// At most ten complaints, or the one row `ok` (<https://www.sqlite.org/pragma.html#pragma_integrity_check>).
pub(crate) const INTEGRITY: &str = "PRAGMA integrity_check(10)";
pub(crate) const IS_EMPTY: &str = "
    SELECT NOT EXISTS (SELECT 1 FROM grants) AND NOT EXISTS (SELECT 1 FROM keepsakes)
       AND NOT EXISTS (SELECT 1 FROM login_answers)";

// -- leases -------------------------------------------------------------------------------------------------------

pub(crate) const LEASE: &str = "
    SELECT leases.holder, leases.locked, leases.ttl, leases.expires
    FROM grants LEFT JOIN leases ON leases.grant_id = grants.id WHERE grants.id = ?1";
pub(crate) const TAKE_LEASE: &str = "
    INSERT INTO leases (grant_id, fence, holder, locked, ttl, expires) VALUES (?1, 1, ?2, ?3, ?4, ?5)
    ON CONFLICT (grant_id) DO UPDATE SET fence = fence + 1, holder = ?2, locked = ?3, ttl = ?4, expires = ?5
    RETURNING fence";
/// Takes a lease that nobody holds; no row when somebody does, or when there is no such grant.
pub(crate) const TAKE_FREE_LEASE: &str = "
    INSERT INTO leases (grant_id, fence, holder, locked, ttl, expires)
    SELECT id, 1, ?2, ?3, ?4, ?5 FROM grants WHERE id = ?1
    ON CONFLICT (grant_id) DO UPDATE SET fence = fence + 1, holder = ?2, locked = ?3, ttl = ?4, expires = ?5
        WHERE holder IS NULL
    RETURNING fence";
pub(crate) const RENEW_LEASE: &str =
    "UPDATE leases SET locked = ?3, ttl = ?4, expires = ?5 WHERE grant_id = ?1 AND fence = ?2 AND holder IS NOT NULL";
/// Always a row.
pub(crate) const NAME_LEASE: &str = "
    SELECT names.holder, names.locked, names.ttl, names.expires FROM (SELECT 1) LEFT JOIN names ON profile = ?1";
pub(crate) const TAKE_NAME: &str = "
    INSERT INTO names (profile, fence, holder, locked, ttl, expires) VALUES (?1, 1, ?2, ?3, ?4, ?5)
    ON CONFLICT (profile) DO UPDATE SET fence = fence + 1, holder = ?2, locked = ?3, ttl = ?4, expires = ?5
    RETURNING fence";
pub(crate) const TAKE_FREE_NAME: &str = "
    INSERT INTO names (profile, fence, holder, locked, ttl, expires) VALUES (?1, 1, ?2, ?3, ?4, ?5)
    ON CONFLICT (profile) DO UPDATE SET fence = fence + 1, holder = ?2, locked = ?3, ttl = ?4, expires = ?5
        WHERE holder IS NULL
    RETURNING fence";
pub(crate) const RENEW_NAME: &str =
    "UPDATE names SET locked = ?3, ttl = ?4, expires = ?5 WHERE profile = ?1 AND fence = ?2 AND holder IS NOT NULL";

// -- links --------------------------------------------------------------------------------------------------------

/// What is kept under a name or a user's of it.
pub(crate) const RENAME_LINKS: &str = "
    UPDATE links SET profile = ?2 || substr(profile, length(?1) + 1)
    WHERE profile = ?1 OR substr(profile, 1, length(?1) + 1) = ?1 || ':'";
pub(crate) const MAKE_LINK: &str = "
    INSERT INTO links (profile, file, format, places, made) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (profile, file, places) DO NOTHING RETURNING *";
pub(crate) const SAME_LINK: &str = "SELECT * FROM links WHERE profile = ?1 AND file = ?2 AND places = ?3";
pub(crate) const END_LINK: &str = "DELETE FROM links WHERE id = ?1 RETURNING *";
pub(crate) const LINK: &str = "SELECT * FROM links WHERE id = ?1";
pub(crate) const LINKS: &str = "SELECT * FROM links ORDER BY id";
pub(crate) const LINKS_OF: &str = "SELECT * FROM links WHERE profile = ?1 ORDER BY id";
pub(crate) const GIVE_RECEIPT: &str = "
    UPDATE links SET receipt_grant = ?2, receipt_generation = ?3, receipt_at = ?4, receipt_stamp = ?5, trouble = NULL
    WHERE id = ?1";
pub(crate) const SET_TERMS: &str = "UPDATE links SET terms = ?2 WHERE id = ?1";
pub(crate) const TELL_TROUBLE: &str = "UPDATE links SET trouble = ?2 WHERE id = ?1";

// -- sealing everything anew --------------------------------------------------------------------------------------
// `key` is a blob in each of them, and names the row in the statement that follows.

pub(crate) const SEALED_ACCESS: &str = "SELECT id AS key, id AS grant_id, access_generation AS generation, access AS sealed FROM grants WHERE access NOT NULL";
pub(crate) const RESEAL_ACCESS: &str = "UPDATE grants SET access = ?1 WHERE id = ?2";
pub(crate) const SEALED_REFRESH: &str = "SELECT id AS key, id AS grant_id, refresh_generation AS generation, refresh AS sealed FROM grants WHERE refresh NOT NULL";
pub(crate) const RESEAL_REFRESH: &str = "UPDATE grants SET refresh = ?1 WHERE id = ?2";
pub(crate) const SEALED_ANSWER: &str = "SELECT id AS key, answer AS sealed FROM intents WHERE answer NOT NULL";
pub(crate) const RESEAL_ANSWER: &str = "UPDATE intents SET answer = ?1 WHERE id = ?2";
pub(crate) const SEALED_PARKED: &str =
    "SELECT CAST(id AS BLOB) AS key, grant_id, generation, tokens AS sealed FROM parked";
pub(crate) const RESEAL_PARKED: &str = "UPDATE parked SET tokens = ?1 WHERE CAST(id AS BLOB) = ?2";
pub(crate) const SEALED_LOGIN: &str =
    "SELECT CAST(id AS BLOB) AS key, profile, app, answer AS sealed FROM login_answers";
pub(crate) const RESEAL_LOGIN: &str = "UPDATE login_answers SET answer = ?1 WHERE CAST(id AS BLOB) = ?2";
pub(crate) const SEALED_KEEPSAKE: &str =
    "SELECT CAST(kind || '/' || app AS BLOB) AS key, kind, app, value AS sealed FROM keepsakes";
pub(crate) const RESEAL_KEEPSAKE: &str = "UPDATE keepsakes SET value = ?1 WHERE CAST(kind || '/' || app AS BLOB) = ?2";

pub(crate) const SEALED_WEB_LOGIN: &str = "SELECT id AS key, sealed FROM web_logins";
pub(crate) const RESEAL_WEB_LOGIN: &str = "UPDATE web_logins SET sealed = ?1 WHERE id = ?2";

// -- backup -------------------------------------------------------------------------------------------------------

pub(crate) const COPY: &str = "VACUUM INTO ?1";
pub(crate) const FREE_LEASES: &str = "UPDATE leases SET holder = NULL";
pub(crate) const FREE_NAMES: &str = "UPDATE names SET holder = NULL";

// -- two vaults compared ------------------------------------------------------------------------------------------

pub(crate) const HAS_SERVER_RECORDS: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'api_keys')";
pub(crate) const AUDIT_COUNT: &str = "SELECT COUNT(*) FROM audit";
pub(crate) const AUDIT_ENDS: &str = "SELECT grant_id, number FROM audit_heads";
pub(crate) const AUDIT_HASH: &str = "SELECT hash FROM audit WHERE grant_id = ?1 AND number = ?2";

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::sqlite::connect::memory;

    /// A grant has 64 closed intents and more. What is asked of each grant in each rotation looks at the open ones alone.
    #[test]
    fn open_intents_are_found_without_a_look_at_the_closed_ones() {
        let database = memory().unwrap();
        for statement in [GRANT, GRANT_BY_PROFILE, GRANTS, OPEN_INTENTS, OTHERS_OPEN, CLOSE_OPEN_INTENTS] {
            let plan = plan(&database, statement);
            assert!(plan.contains("intents_open") && plan.contains("intents_late"), "{statement}\n{plan}");
            assert!(!plan.contains("intents_by_generation") && !plan.contains("SCAN intents"), "{statement}\n{plan}");
        }
    }

    /// A server has a million logins. What its pages ask of all of them goes by the indexes made for it, and sorts nothing.
    #[test]
    fn what_is_asked_of_all_logins_goes_by_an_index() {
        let database = memory().unwrap();
        for (statement, index) in [
            (TROUBLED, "USING INDEX grants_in_trouble"),
            (COUNT_TROUBLED, "USING INDEX grants_in_trouble"),
            (ENDING, "USING COVERING INDEX outlook_by_end"),
            (COUNT_ENDING, "USING COVERING INDEX outlook_by_end"),
            (COUNT_DUE_ENDS, "USING COVERING INDEX due_by_end"),
            (CLAIM_ENDING, "USING INDEX due_by_end"),
        ] {
            let plan = plan(&database, statement);
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
        }
    }

    /// `SQLite`'s own words for how it goes about a statement (<https://www.sqlite.org/eqp.html>).
    fn plan(database: &Connection, statement: &str) -> String {
        let mut explain = database.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>("detail"));
        steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }
}
