-- When somebody has to look at a login next, for a server's scheduler; and how many exchanges its app may begin.
--
-- A rotation writes nothing here: a moment that comes too early costs a look. One that would come too late is set by the triggers below,
-- for every version that writes. IF NOT EXISTS: nothing of an earlier version stands in these tables, so one that is there is this one.

CREATE TABLE IF NOT EXISTS due (
    grant_id BLOB    NOT NULL PRIMARY KEY,
    app      TEXT    NOT NULL,
    at       INTEGER NOT NULL,             -- the greatest number: not before it has a newer set
    ends     INTEGER NOT NULL,             -- when the login ends unless it is refreshed, as the scheduler saw it last
    hot      INTEGER NOT NULL              -- until when its token counts as one that is being read; 0: it does not
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due_by_moment ON due (app, at);
CREATE INDEX IF NOT EXISTS due_by_end ON due (app, ends);

CREATE TABLE IF NOT EXISTS budgets (
    app    TEXT    NOT NULL PRIMARY KEY,
    booked INTEGER NOT NULL                -- unix microseconds: up to when exchanges are booked
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS due_of_new AFTER INSERT ON grants BEGIN
    INSERT INTO due (grant_id, app, at, ends, hot)
    VALUES (NEW.id, NEW.app, NEW.turned, COALESCE(NEW.refresh_expires, 9223372036854775807), 0) ON CONFLICT (grant_id) DO NOTHING;
END;

-- A newer set: at once where the moment that stands is in the later half of its life. Without a refresh token: never.
CREATE TRIGGER IF NOT EXISTS due_of_changed AFTER UPDATE OF generation, refresh ON grants BEGIN
    UPDATE due SET at = CASE WHEN NEW.refresh IS NULL THEN 9223372036854775807 ELSE NEW.turned END
    WHERE grant_id = NEW.id AND CASE WHEN NEW.refresh IS NULL THEN at < 9223372036854775807
        ELSE at > COALESCE(NEW.turned + (NEW.refresh_expires - NEW.turned) / 2, 9223372036854775806)
            OR (hot > NEW.turned AND at > NEW.access_expires) END;
END;

CREATE TRIGGER IF NOT EXISTS due_of_handed_over AFTER UPDATE OF app ON grants BEGIN
    UPDATE due SET app = NEW.app WHERE grant_id = NEW.id AND app <> NEW.app;
END;

CREATE TRIGGER IF NOT EXISTS due_of_forgotten AFTER DELETE ON grants BEGIN
    DELETE FROM due WHERE grant_id = OLD.id;
END;

INSERT INTO due (grant_id, app, at, ends, hot)
SELECT id, app, CASE WHEN refresh IS NULL THEN 9223372036854775807 ELSE turned END, COALESCE(refresh_expires, 9223372036854775807), 0
FROM grants WHERE TRUE ON CONFLICT (grant_id) DO NOTHING;
