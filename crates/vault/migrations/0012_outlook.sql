-- What lies ahead of a login, for those who look at all of them: a server's pages. Empty where no server runs.
--
-- Written by the scheduler where it has found something else than what stands here, and by no rotation. IF NOT EXISTS: nothing of an earlier
-- version stands in this table, so one that is there is this one.

CREATE TABLE IF NOT EXISTS outlook (
    grant_id BLOB    NOT NULL PRIMARY KEY,
    app      TEXT    NOT NULL,
    lives_on INTEGER NOT NULL,             -- 1: refreshes lengthen it
    at       INTEGER NOT NULL              -- when it ends all the same; the greatest number: nobody knows
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outlook_by_end ON outlook (app, lives_on, at);

-- Those that are no longer valid or in doubt, of which there are few: a rotation of any other writes nothing here.
CREATE INDEX IF NOT EXISTS grants_in_trouble ON grants (app, id) WHERE standing ->> 'standing' IN ('in-doubt', 'needs-consent');

CREATE TRIGGER IF NOT EXISTS outlook_of_handed_over AFTER UPDATE OF app ON grants BEGIN
    UPDATE outlook SET app = NEW.app WHERE grant_id = NEW.id AND app <> NEW.app;
END;

CREATE TRIGGER IF NOT EXISTS outlook_of_forgotten AFTER DELETE ON grants BEGIN
    DELETE FROM outlook WHERE grant_id = OLD.id;
END;

-- One that is over has no end ahead of it.
CREATE TRIGGER IF NOT EXISTS outlook_of_over AFTER UPDATE OF standing ON grants
WHEN OLD.standing <> NEW.standing AND NEW.standing ->> 'standing' IN ('needs-consent', 'retired') BEGIN
    UPDATE due SET ends = 9223372036854775807 WHERE grant_id = NEW.id AND ends < 9223372036854775807;
    DELETE FROM outlook WHERE grant_id = NEW.id;
END;

-- One that is valid again is looked at again.
CREATE TRIGGER IF NOT EXISTS outlook_of_revived AFTER UPDATE OF standing ON grants
WHEN OLD.standing ->> 'standing' = 'needs-consent' AND NEW.standing ->> 'standing' = 'live' AND NEW.refresh IS NOT NULL BEGIN
    UPDATE due SET at = NEW.turned WHERE grant_id = NEW.id AND at > NEW.turned;
END;

UPDATE due SET ends = 9223372036854775807 WHERE ends < 9223372036854775807
    AND (SELECT standing ->> 'standing' FROM grants WHERE grants.id = due.grant_id) IN ('needs-consent', 'retired');
INSERT INTO outlook (grant_id, app, lives_on, at)
SELECT id, app, 1, wall FROM grants WHERE wall IS NOT NULL AND standing ->> 'standing' NOT IN ('needs-consent', 'retired')
ON CONFLICT (grant_id) DO NOTHING;
