-- What happened to logins, for programs that listen to a server (docs/design/0014-server.md, Events). Empty where no server runs: without a
-- row of event_head that lasts, nothing is recorded.
--
-- IF NOT EXISTS: nothing of an earlier version stands in these tables, so one that is there is this one.

-- Without a number until somebody gives it one: by then it is seen by everybody.
CREATE TABLE IF NOT EXISTS outbox (
    seq        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id         BLOB    NOT NULL,           -- of the event, for ever
    grant_id   BLOB    NOT NULL,
    app        TEXT    NOT NULL,
    profile    TEXT,
    generation INTEGER NOT NULL,
    at         INTEGER,                    -- nothing: what happened says it
    refreshed  INTEGER NOT NULL,
    standing   TEXT,                       -- JSON of core's Standing
    ends       TEXT                        -- JSON of core's LoginEnd
);

CREATE TABLE IF NOT EXISTS events (
    number INTEGER NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    record TEXT    NOT NULL                -- JSON of core's LoginEvent
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_by_time ON events (at);

CREATE TABLE IF NOT EXISTS event_head (
    id     INTEGER NOT NULL PRIMARY KEY,   -- 1
    newest INTEGER NOT NULL,
    until  INTEGER NOT NULL,               -- what happens later is not recorded
    looked INTEGER NOT NULL                -- when somebody looked for logins that end soon
) WITHOUT ROWID;

-- Of which end a login was told.
CREATE TABLE IF NOT EXISTS told_ends (
    grant_id BLOB NOT NULL PRIMARY KEY,
    ends     TEXT NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS event_of_refresh AFTER UPDATE OF closing ON intents
WHEN NEW.closing ->> 'closing' = 'committed' AND COALESCE(OLD.closing ->> 'closing' <> 'committed', TRUE) BEGIN
    INSERT INTO outbox (id, grant_id, app, profile, generation, at, refreshed)
    SELECT randomblob(16), id, app, profile, generation, NEW.closed, 1 FROM grants
    WHERE id = NEW.grant_id AND EXISTS (SELECT 1 FROM event_head WHERE until > NEW.closed);
END;

-- A login changes so at most once from one refresh to the next: that one's time says whether it is recorded.
CREATE TRIGGER IF NOT EXISTS event_of_standing AFTER UPDATE OF standing ON grants
WHEN NEW.standing IS NOT OLD.standing AND NEW.standing ->> 'standing' IN ('needs-consent', 'in-doubt')
    AND NEW.standing ->> 'standing' IS NOT OLD.standing ->> 'standing' BEGIN
    INSERT INTO outbox (id, grant_id, app, profile, generation, refreshed, standing)
    SELECT randomblob(16), NEW.id, NEW.app, NEW.profile, NEW.generation, 0, NEW.standing
    FROM event_head WHERE until > NEW.turned;
END;

CREATE TRIGGER IF NOT EXISTS event_ends_of_forgotten AFTER DELETE ON grants BEGIN
    DELETE FROM told_ends WHERE grant_id = OLD.id;
END;
