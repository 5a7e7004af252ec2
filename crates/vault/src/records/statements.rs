//! Every SQL statement of the engine, in one place to be read beside `migrations/`.
//!
//! `?1`, `?2` … are bound in the order of the arguments at the call. *Open* means: not closed, or closed with an answer that came
//! late and that nobody has read. There is an index of the open ones and one of the late ones, and none of a grant's that is as short: so
//! they are looked for one after the other, and not by an `OR`, for which `SQLite` goes through all that a grant has.

// -- grants -------------------------------------------------------------------------------------------------------

pub(crate) const GRANT_OF: &str = "SELECT id FROM grants WHERE profile = ?1";
// The columns in the order in which `GrantRow` reads them: looking each up by its name took as long as finding the row.
macro_rules! select_grant {
    ($which:literal) => {
        concat!(
            "
    SELECT id, app, profile, former, generation, standing, access, access_generation, access_unnamed, access_obtained,
        access_expires, refresh, refresh_generation, refresh_expires, wall, consented, turned, scopes, subject, issued_by,
        brought, EXISTS (SELECT 1 FROM intents WHERE grant_id = grants.id AND closed IS NULL)
            OR EXISTS (SELECT 1 FROM intents WHERE grant_id = grants.id AND late = 1)
            OR EXISTS (SELECT 1 FROM names WHERE names.profile = grants.profile AND asked IS NOT NULL) AS intent_open,
        EXISTS (SELECT 1 FROM parked WHERE grant_id = grants.id AND awaits = grants.generation)
            OR COALESCE(CAST(displaced ->> 'awaits' AS BIGINT) = generation, FALSE) AS on_trial,
        EXISTS (SELECT 1 FROM links WHERE links.profile = grants.profile) AS linked,
        (SELECT fence FROM leases WHERE grant_id = grants.id AND holder IS NOT NULL) AS fence
    FROM grants ",
            $which
        )
    };
}
pub(crate) const GRANT: &str = select_grant!("WHERE id = ?1");
pub(crate) const GRANTS: &str = select_grant!("ORDER BY id");
/// A page; an empty name stands for every app.
pub(crate) const GRANTS_AFTER: &str = select_grant!("WHERE id > ?1 AND (?2 = '' OR app = ?2) ORDER BY id LIMIT ?3");
/// Those of an app that need somebody: by the index of those alone, whose condition stands here to the letter.
pub(crate) const TROUBLED: &str = select_grant!(
    "WHERE standing ->> 'standing' IN ('in-doubt', 'needs-consent') AND app = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
);
pub(crate) const COUNT_TROUBLED: &str =
    "SELECT COUNT(*) FROM grants WHERE standing ->> 'standing' IN ('in-doubt', 'needs-consent') AND app = ?1";
pub(crate) const GRANT_NAMES: &str = "SELECT id, profile FROM grants ORDER BY id";
pub(crate) const GRANT_BY_PROFILE: &str = select_grant!("WHERE profile = ?1");
pub(crate) const INSERT_GRANT: &str = "
    INSERT INTO grants (id, app, profile, generation, standing, access, access_generation, access_obtained, access_expires,
        refresh, refresh_generation, refresh_expires, wall, consented, turned, scopes, subject, issued_by, access_unnamed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
/// Binds what [`INSERT_GRANT`] does. Profile (`?3`) and app (`?2`) stay what they are: an index is written for each column that is set.
pub(crate) const UPDATE_GRANT: &str = "
    UPDATE grants SET generation = ?4, standing = ?5, access = ?6, access_generation = ?7,
        access_obtained = ?8, access_expires = ?9, refresh = ?10, refresh_generation = ?11, refresh_expires = ?12,
        wall = ?13, consented = ?14, turned = ?15, scopes = ?16, subject = ?17, issued_by = ?18, access_unnamed = ?19
    WHERE id = ?1";
pub(crate) const FREE_PROFILE: &str =
    "UPDATE grants SET former = COALESCE(profile, former), profile = NULL, displaced = NULL WHERE id = ?1";
pub(crate) const HAND_OVER: &str = "UPDATE grants SET app = ?2, profile = NULL, displaced = NULL WHERE id = ?1";
pub(crate) const GIVE_PROFILE: &str = "UPDATE grants SET profile = ?2, displaced = ?3 WHERE id = ?1";
/// What is kept under a name or a user's of it, as a condition on the column `profile` or another.
macro_rules! of_name {
    ($column:literal) => {
        concat!("(", $column, " = ?1 OR substr(", $column, ", 1, length(?1) + 1) = ?1 || ':')")
    };
}
pub(crate) const IS_NAME_TAKEN: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM grants WHERE ",
    of_name!("profile"),
    ") OR EXISTS (SELECT 1 FROM links WHERE ",
    of_name!("profile"),
    ") OR EXISTS (SELECT 1 FROM login_answers WHERE ",
    of_name!("profile"),
    ")"
);
pub(crate) const RENAME_GRANTS: &str =
    concat!("UPDATE grants SET profile = ?2 || substr(profile, length(?1) + 1) WHERE ", of_name!("profile"));
pub(crate) const RENAME_FORMER: &str =
    concat!("UPDATE grants SET former = ?2 || substr(former, length(?1) + 1) WHERE ", of_name!("former"));
pub(crate) const LOGIN_ANSWERS_OF: &str =
    concat!("SELECT id, profile, app, answer FROM login_answers WHERE ", of_name!("profile"), " ORDER BY id");
pub(crate) const RENAME_LOGIN_ANSWER: &str = "UPDATE login_answers SET profile = ?2, answer = ?3 WHERE id = ?1";
pub(crate) const DISPLACED: &str = "SELECT displaced FROM grants WHERE id = ?1";
pub(crate) const DISPLACE: &str = "UPDATE grants SET displaced = ?2 WHERE id = ?1";
pub(crate) const MARK_BROUGHT: &str = "UPDATE grants SET brought = ?2 WHERE id = ?1";
pub(crate) const END_DISPLACING: &str = "UPDATE grants SET displaced = NULL WHERE id = ?1";
pub(crate) const NAME_SUBJECT: &str = "UPDATE grants SET subject = ?2 WHERE id = ?1";
pub(crate) const SET_STANDING: &str = "
    UPDATE grants SET standing = ?3
    WHERE id = ?1 AND generation = ?2 AND standing ->> 'standing' <> 'retired'";
/// What ends before its announced end.
pub(crate) const END_ACCESS: &str = "
    UPDATE grants SET access_expires = ?3
    WHERE id = ?1 AND generation = ?2 AND access IS NOT NULL AND access_expires > ?3";
/// Everything of a grant, the grant itself last.
pub(crate) const FORGET_GRANT: [&str; 6] = [
    "DELETE FROM parked WHERE grant_id = ?1",
    "DELETE FROM intents WHERE grant_id = ?1",
    "DELETE FROM entries WHERE grant_id = ?1",
    "DELETE FROM leases WHERE grant_id = ?1",
    "DELETE FROM known_fingerprints WHERE grant_id = ?1",
    "DELETE FROM grants WHERE id = ?1",
];
pub(crate) const RETIRE: &str = "
    UPDATE grants SET standing = ?2, former = COALESCE(profile, former), profile = NULL, access = NULL, refresh = NULL, refresh_expires = NULL,
        displaced = NULL, brought = NULL
    WHERE id = ?1";
pub(crate) const REMEMBER_FINGERPRINT: &str = "
    INSERT INTO known_fingerprints (fingerprint, grant_id, generation) VALUES (?1, ?2, ?3)
    ON CONFLICT (fingerprint) DO UPDATE SET grant_id = ?2, generation = ?3
        WHERE known_fingerprints.grant_id <> ?2 OR known_fingerprints.generation < ?3";
/// A name that tells less: it gives way to any that is there.
pub(crate) const REMEMBER_BESIDE: &str =
    "INSERT INTO known_fingerprints (fingerprint, grant_id, generation) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
pub(crate) const MOVE_FINGERPRINTS: &str =
    "UPDATE known_fingerprints SET grant_id = ?3 WHERE grant_id = ?1 AND generation >= ?2";
pub(crate) const FIND_FINGERPRINT: &str = "SELECT grant_id, generation FROM known_fingerprints WHERE fingerprint = ?1";
/// Those of many names, given one behind the other, that are known.
pub(crate) const FIND_FINGERPRINTS: &str = "
    WITH RECURSIVE asked(at) AS (SELECT 1 UNION ALL SELECT at + 16 FROM asked WHERE at + 16 <= length(?1))
    SELECT fingerprint, grant_id, generation FROM known_fingerprints
    WHERE fingerprint IN (SELECT substr(?1, at, 16) FROM asked)";

// -- leases ------------------------------------------------------------------------------------------------------

pub(crate) const RELEASE_LEASE: &str =
    "UPDATE leases SET holder = NULL WHERE grant_id = ?1 AND fence = ?2 AND holder IS NOT NULL";
pub(crate) const HOLDS_LEASE: &str = "SELECT 1 FROM leases WHERE grant_id = ?1 AND fence = ?2 AND holder IS NOT NULL";
pub(crate) const RELEASE_NAME: &str =
    "UPDATE names SET holder = NULL WHERE profile = ?1 AND fence = ?2 AND holder IS NOT NULL";
pub(crate) const RECORD_GRANT_REQUEST: &str =
    "UPDATE names SET asked = ?3 WHERE profile = ?1 AND fence = ?2 AND holder IS NOT NULL";
pub(crate) const WITHDRAW_GRANT_REQUEST: &str = "UPDATE names SET asked = NULL WHERE profile = ?1 AND fence = ?2";
pub(crate) const ASKED: &str = "UPDATE names SET asked = NULL WHERE profile = ?1 AND asked IS NOT NULL";

// -- journal ------------------------------------------------------------------------------------------------------

// The columns in the order in which `IntentRow` reads them.
macro_rules! select_intent {
    ($which:literal) => {
        concat!(
            "
    SELECT id, grant_id, generation, fingerprint, fence, sender, api, begun, deadline, answer, doubted, closed, closing
    FROM intents ",
            $which
        )
    };
}
macro_rules! open_of_grant {
    () => {
        "SELECT id FROM intents WHERE grant_id = ?1 AND closed IS NULL
        UNION ALL SELECT id FROM intents WHERE grant_id = ?1 AND late = 1"
    };
}
pub(crate) const INTENT: &str = select_intent!("WHERE id = ?1");
pub(crate) const OPEN_INTENTS: &str = concat!(select_intent!("WHERE id IN ("), open_of_grant!(), ") ORDER BY id");
pub(crate) const IS_GRANT: &str = "SELECT EXISTS (SELECT 1 FROM grants WHERE id = ?1)";
pub(crate) const BEGIN_INTENT: &str = "
    INSERT INTO intents (id, grant_id, generation, fingerprint, fence, sender, api, begun, deadline)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
/// Keeps an answer. It is late when its intent was closed otherwise than by a commit.
pub(crate) const JOURNAL_ANSWER: &str = "
    UPDATE intents SET answer = ?2, late = CASE WHEN closed IS NOT NULL AND closing ->> 'closing' <> 'committed' THEN 1 ELSE 0 END
    WHERE id = ?1";
/// Says so, as the doing of its sender.
pub(crate) const ENTER_ANSWER: &str = "
    INSERT INTO entries (grant_id, at, generation, by, event)
    SELECT grant_id, ?2, generation, sender, ?3 FROM intents WHERE id = ?1";
/// Whether the grant of an intent has others that are open.
pub(crate) const OTHERS_OPEN: &str = "
    SELECT EXISTS (SELECT 1 FROM intents WHERE grant_id = ?1 AND id <> ?2 AND closed IS NULL)
        OR EXISTS (SELECT 1 FROM intents WHERE grant_id = ?1 AND id <> ?2 AND late = 1)";
/// Whether a refresh token of that name has brought the grant a later generation than the one of a spend: the provider gives
/// the same one again.
pub(crate) const ROTATED_SINCE: &str = "
    SELECT EXISTS (SELECT 1 FROM intents WHERE grant_id = ?1 AND id <> ?2 AND fingerprint = ?3 AND generation >= ?4
        AND closing ->> 'closing' = 'committed')";
/// Answers of some generations, the last of them excluded, that are of no more use.
pub(crate) const WIPE_OLD_ANSWERS: &str = "
    UPDATE intents SET answer = NULL
    WHERE grant_id = ?1 AND generation >= ?2 AND generation < ?3 AND answer IS NOT NULL AND closed IS NOT NULL AND late = 0";
pub(crate) const KEEP_ANSWER: &str = "UPDATE intents SET answer = ?2, late = ?3 WHERE id = ?1";
pub(crate) const DOUBT_INTENT: &str = "UPDATE intents SET doubted = 1, late = 0 WHERE id = ?1";
pub(crate) const CLOSE_INTENT: &str = "UPDATE intents SET closed = ?2, closing = ?3, late = 0 WHERE id = ?1";
pub(crate) const CLOSE_OPEN_INTENTS: &str = concat!(
    "
    UPDATE intents SET closed = COALESCE(closed, ?2), closing = ?3, late = 0
    WHERE id IN (",
    open_of_grant!(),
    ") AND id <> ?4 RETURNING id, generation"
);
pub(crate) const ANSWERED_LATE: &str = "
    UPDATE intents SET late = 1 WHERE id = ?1 AND answer IS NOT NULL AND doubted = 0";
pub(crate) const PARK: &str =
    "INSERT INTO parked (grant_id, intent, generation, at, tokens) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
pub(crate) const PARKED: &str =
    "SELECT intent, generation, at, tokens FROM parked WHERE grant_id = ?1 ORDER BY id DESC";
pub(crate) const PUT_ASIDE: &str = "
    INSERT INTO parked (grant_id, generation, at, tokens, aside, awaits) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const PUT_ASIDES: &str = "
    SELECT id, generation, tokens, aside, awaits FROM parked WHERE grant_id = ?1 AND aside IS NOT NULL ORDER BY id DESC";
/// Those that cannot be made present again, since something ended them.
pub(crate) const ENDED_SETS: &str =
    "SELECT generation, tokens FROM parked WHERE grant_id = ?1 AND aside IS NULL AND intent IS NULL ORDER BY id DESC";
pub(crate) const ROTATE_ASIDE: &str = "UPDATE parked SET intent = ?2, tokens = ?3, aside = ?4 WHERE id = ?1";
/// The set without its access token, which the provider called dead.
pub(crate) const END_ACCESS_ASIDE: &str = "UPDATE parked SET tokens = ?2 WHERE id = ?1";
pub(crate) const UNPARK: &str = "DELETE FROM parked WHERE id = ?1";
pub(crate) const MOVE_TRIAL: &str = "UPDATE parked SET awaits = ?3 WHERE grant_id = ?1 AND awaits = ?2";
pub(crate) const END_TRIALS: &str = "UPDATE parked SET awaits = NULL WHERE grant_id = ?1 AND awaits IS NOT NULL";
pub(crate) const END_ADOPTIONS: &str =
    "UPDATE parked SET awaits = NULL, aside = NULL WHERE grant_id = ?1 AND aside IS NOT NULL";
pub(crate) const WRITE_ENTRY: &str =
    "INSERT INTO entries (grant_id, at, generation, by, event) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(crate) const ENTRIES: &str =
    "SELECT at, generation, by, event FROM entries WHERE grant_id = ?1 ORDER BY id DESC LIMIT ?2";

// -- what is no longer useful -------------------------------------------------------------------------------------

pub(crate) const WIPE_ANSWERS: &str = "UPDATE intents SET answer = NULL WHERE grant_id = ?1";
pub(crate) const FORGET_PARKED: &str = "DELETE FROM parked WHERE grant_id = ?1";
pub(crate) const PRUNE_INTENTS: &str = "
    DELETE FROM intents WHERE grant_id = ?1 AND closed IS NOT NULL AND late = 0
       AND id < (SELECT id FROM intents WHERE grant_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
pub(crate) const PRUNE_ENTRIES: &str = "
    DELETE FROM entries WHERE grant_id = ?1
       AND id < (SELECT id FROM entries WHERE grant_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
pub(crate) const PRUNE_PARKED: &str = "
    DELETE FROM parked WHERE grant_id = ?1 AND awaits IS NULL
       AND (aside IS NULL OR NOT EXISTS (SELECT 1 FROM grants WHERE grants.id = ?1 AND brought IS NOT NULL))
       AND id < (SELECT id FROM parked WHERE grant_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";

// -- logins and keepsakes -----------------------------------------------------------------------------------------

pub(crate) const KEEP_LOGIN_ANSWER: &str =
    "INSERT INTO login_answers (profile, app, api, answer) VALUES (?1, ?2, ?3, ?4) RETURNING id";
pub(crate) const LOGIN_ANSWERS: &str = "SELECT id, profile, app, api, answer FROM login_answers ORDER BY id";
pub(crate) const DROP_LOGIN_ANSWER: &str = "DELETE FROM login_answers WHERE id = ?1";
pub(crate) const KEEP: &str = "
    INSERT INTO keepsakes (kind, app, value, expires) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (kind, app) DO UPDATE SET value = ?3, expires = ?4";
pub(crate) const RECALL: &str = "SELECT value, expires FROM keepsakes WHERE kind = ?1 AND app = ?2";
pub(crate) const FORGET: &str = "DELETE FROM keepsakes WHERE kind = ?1 AND app = ?2";

// -- who may call the server, and what was done by whom -------------------------------------------------------------

pub(crate) const ADD_API_KEY: &str = "INSERT INTO api_keys (id, hash, record) VALUES (?1, ?2, ?3)";
pub(crate) const API_KEY_OF: &str = "SELECT record FROM api_keys WHERE hash = ?1";
pub(crate) const API_KEY: &str = "SELECT record FROM api_keys WHERE id = ?1";
pub(crate) const API_KEYS: &str = "SELECT record FROM api_keys ORDER BY id";
pub(crate) const CHANGE_API_KEY: &str = "UPDATE api_keys SET record = ?2 WHERE id = ?1";
pub(crate) const OPEN_WEB_LOGIN: &str =
    "INSERT INTO web_logins (id, step, ends, record, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(crate) const WEB_LOGIN: &str = "SELECT record, sealed FROM web_logins WHERE id = ?1";
pub(crate) const STEP_WEB_LOGIN: &str =
    "UPDATE web_logins SET step = ?2, record = ?3, sealed = ?4 WHERE id = ?1 AND step = ?5";
pub(crate) const FORGET_WEB_LOGINS: &str = "DELETE FROM web_logins WHERE ends < ?1";
/// The end of a chain that has none yet.
pub(crate) const BEGIN_AUDIT: &str =
    "INSERT INTO audit_heads (grant_id, number, hash) VALUES (?1, 0, ?2) ON CONFLICT (grant_id) DO NOTHING";
/// The end of a chain, to be written.
pub(crate) const AUDIT_HEAD: &str = "SELECT number, hash FROM audit_heads WHERE grant_id = ?1";
/// The same, to be looked at.
pub(crate) const AUDIT_END: &str = "SELECT number FROM audit_heads WHERE grant_id = ?1";
pub(crate) const WRITE_AUDIT: &str = "
    INSERT INTO audit (grant_id, number, at, caller, act, outcome, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const END_AUDIT: &str = "UPDATE audit_heads SET number = ?2, hash = ?3 WHERE grant_id = ?1";
pub(crate) const AUDIT_HEADS: &str = "SELECT grant_id, number, hash FROM audit_heads ORDER BY grant_id LIMIT ?1";
pub(crate) const AUDIT_HEADS_AFTER: &str =
    "SELECT grant_id, number, hash FROM audit_heads WHERE grant_id > ?1 ORDER BY grant_id LIMIT ?2";
pub(crate) const AUDIT_ROWS: &str = "
    SELECT number, at, caller, act, outcome, hash FROM audit
    WHERE grant_id = ?1 AND number > ?2 AND number <= ?3 ORDER BY number LIMIT ?4";
pub(crate) const AUDIT_CALLERS: &str = "SELECT caller, MAX(at) AS at FROM audit GROUP BY caller";
pub(crate) const AUDIT_ENDLESS: &str = "
    SELECT grant_id FROM audit
    WHERE number = (SELECT MIN(number) FROM audit AS first WHERE first.grant_id = audit.grant_id)
      AND NOT EXISTS (SELECT 1 FROM audit_heads WHERE audit_heads.grant_id = audit.grant_id) LIMIT ?1";

// -- what is to be refreshed next, and how fast ---------------------------------------------------------------------

/// The most urgent ends first. Nobody else is given these rows before the moment they are set to.
pub(crate) const CLAIM_ENDING: &str = "
    UPDATE due SET at = ?3 WHERE grant_id IN (
        SELECT grant_id FROM due WHERE app = ?1 AND ends <= ?4 AND at <= ?2 ORDER BY ends LIMIT ?5)
    RETURNING grant_id, hot";
/// Those that have waited longest.
pub(crate) const CLAIM_DUE: &str = "
    UPDATE due SET at = ?3 WHERE grant_id IN (
        SELECT grant_id FROM due WHERE app = ?1 AND at <= ?2 ORDER BY at LIMIT ?4)
    RETURNING grant_id, hot";
pub(crate) const SET_DUE: &str = "UPDATE due SET at = ?3, ends = ?4 WHERE grant_id = ?1 AND at = ?2 AND hot = ?5";
pub(crate) const MARK_HOT: &str = "
    UPDATE due SET hot = CASE WHEN hot < ?2 THEN ?2 ELSE hot END, at = CASE WHEN at > ?3 THEN ?3 ELSE at END WHERE grant_id = ?1";
/// Where it is something else than what stands there, and not of one that is over by now.
pub(crate) const SET_OUTLOOK: &str = "
    INSERT INTO outlook (grant_id, app, lives_on, at)
    SELECT id, app, ?2, ?3 FROM grants WHERE id = ?1 AND standing ->> 'standing' NOT IN ('needs-consent', 'retired')
    ON CONFLICT (grant_id) DO UPDATE SET lives_on = ?2, at = ?3 WHERE outlook.lives_on <> ?2 OR outlook.at <> ?3";
pub(crate) const DROP_OUTLOOK: &str = "DELETE FROM outlook WHERE grant_id = ?1";
pub(crate) const ENDING: &str =
    "SELECT grant_id, at FROM outlook WHERE app = ?1 AND lives_on = ?2 AND at <= ?3 ORDER BY at LIMIT ?4";
pub(crate) const COUNT_ENDING: &str =
    "SELECT COUNT(*) FROM outlook WHERE app = ?1 AND lives_on = 0 AND at > ?2 AND at <= ?3";
pub(crate) const COUNT_DUE_ENDS: &str = "SELECT COUNT(*) FROM due WHERE app = ?1 AND ends > ?2 AND ends <= ?3";
pub(crate) const DUE_SINCE: &str = "SELECT MIN(at) FROM due WHERE app = ?1 AND at <= ?2";
pub(crate) const BEGIN_BUDGET: &str = "INSERT INTO budgets (app, booked) VALUES (?1, 0) ON CONFLICT (app) DO NOTHING";
pub(crate) const BUDGET: &str = "SELECT booked FROM budgets WHERE app = ?1";
pub(crate) const BOOK: &str = "UPDATE budgets SET booked = ?2 WHERE app = ?1";

// -- what happened to logins ----------------------------------------------------------------------------------------

pub(crate) const BEGIN_EVENTS: &str =
    "INSERT INTO event_head (id, newest, until, looked) VALUES (?1, 0, 0, 0) ON CONFLICT (id) DO NOTHING";
/// The head of the events, to be written where something is.
pub(crate) const EVENT_HEAD: &str = "SELECT newest, until FROM event_head WHERE id = ?1";
pub(crate) const HAS_OUTBOX: &str = "SELECT EXISTS (SELECT 1 FROM outbox)";
/// What everybody sees by now, oldest first.
pub(crate) const TAKE_OUTBOX: &str = "
    DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?1)
    RETURNING seq, id, grant_id, app, profile, generation, at, standing, ends";
pub(crate) const ADD_EVENT: &str = "INSERT INTO events (number, at, record) VALUES (?1, ?2, ?3)";
pub(crate) const SET_EVENT_HEAD: &str = "UPDATE event_head SET newest = ?2, until = ?3 WHERE id = ?1";
pub(crate) const FORGET_EVENTS_BEFORE: &str = "DELETE FROM events WHERE at < ?1";
pub(crate) const FORGET_EVENTS_UP_TO: &str = "DELETE FROM events WHERE number <= ?1";
pub(crate) const EVENTS_AFTER: &str = "SELECT number, record FROM events WHERE number > ?1 ORDER BY number LIMIT ?2";
/// A look that lies ahead shows a clock that was set back.
pub(crate) const LOOK_FOR_ENDS: &str =
    "UPDATE event_head SET looked = ?2 WHERE id = ?1 AND (looked <= ?3 OR looked > ?2)";
/// Of another end than the one that was told.
pub(crate) const MARK_END_TOLD: &str = "
    INSERT INTO told_ends (grant_id, ends) VALUES (?1, ?2)
    ON CONFLICT (grant_id) DO UPDATE SET ends = ?2 WHERE told_ends.ends <> ?2";
pub(crate) const TELL_END: &str = "
    INSERT INTO outbox (id, grant_id, app, profile, generation, at, refreshed, ends)
    SELECT randomblob(16), id, app, profile, generation, ?2, 0, ?3 FROM grants WHERE id = ?1";
/// The same, to be looked at.
pub(crate) const NEWEST_EVENT: &str = "SELECT newest FROM event_head WHERE id = ?1";

// -- who is still to be told of it ----------------------------------------------------------------------------------

pub(crate) const BEGIN_WEBHOOK: &str =
    "INSERT INTO webhooks (name, queued) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
/// Up to which event deliveries were queued, to be written.
pub(crate) const WEBHOOK: &str = "SELECT queued FROM webhooks WHERE name = ?1";
/// The same, to be looked at.
pub(crate) const WEBHOOK_SEEN: &str = "SELECT queued AS seen FROM webhooks WHERE name = ?1";
pub(crate) const SET_WEBHOOK: &str = "UPDATE webhooks SET queued = ?2 WHERE name = ?1";
pub(crate) const WAITING: &str = "SELECT COUNT(*) FROM deliveries WHERE webhook = ?1 AND failed = 0";
pub(crate) const QUEUE_DELIVERY: &str = "
    INSERT INTO deliveries (webhook, number, failed, due, queued, tries, reason, record)
    VALUES (?1, ?2, 0, ?3, ?3, 0, '', ?4) ON CONFLICT (webhook, number) DO NOTHING";
pub(crate) const FORGET_FAILED: &str = "DELETE FROM deliveries WHERE webhook = ?1 AND failed = 1 AND due < ?2";
/// Nobody else is given these rows before the moment they are set to.
pub(crate) const CLAIM_DELIVERIES: &str = "
    UPDATE deliveries SET due = ?3, tries = tries + 1 WHERE webhook = ?1 AND number IN (
        SELECT number FROM deliveries WHERE webhook = ?1 AND failed = 0 AND due <= ?2 ORDER BY due, number LIMIT ?4)
    RETURNING number, queued, tries - 1 AS tries, record";
pub(crate) const HAS_DUE_DELIVERY: &str =
    "SELECT EXISTS (SELECT 1 FROM deliveries WHERE webhook = ?1 AND failed = 0 AND due <= ?2)";
pub(crate) const DELIVERED: &str = "DELETE FROM deliveries WHERE webhook = ?1 AND number = ?2 AND failed = 0";
pub(crate) const NOT_DELIVERED: &str = "
    UPDATE deliveries SET failed = ?4, due = ?5, reason = ?6 WHERE webhook = ?1 AND number = ?2 AND due = ?3 AND failed = 0";
pub(crate) const RESEND_DELIVERY: &str = "
    UPDATE deliveries SET failed = 0, due = ?3, queued = ?3, tries = 0 WHERE webhook = ?1 AND number = ?2 AND failed = 1";
macro_rules! select_failed {
    ($which:literal) => {
        concat!(
            "SELECT webhook, number, due, queued, tries, reason, record FROM deliveries WHERE failed = 1 AND ",
            $which
        )
    };
}
pub(crate) const FAILED_DELIVERIES: &str =
    select_failed!("(webhook > ?1 OR (webhook = ?1 AND number > ?2)) ORDER BY webhook, number LIMIT ?3");
pub(crate) const FAILED_DELIVERY: &str = select_failed!("webhook = ?1 AND number = ?2");
pub(crate) const COUNT_DELIVERIES: &str =
    "SELECT webhook, failed, COUNT(*) AS count FROM deliveries GROUP BY webhook, failed";
