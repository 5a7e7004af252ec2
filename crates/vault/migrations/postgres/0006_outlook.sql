-- What lies ahead of a login; said in ../0012_outlook.sql.

CREATE TABLE outlook (
    grant_id BYTEA  NOT NULL PRIMARY KEY,
    app      TEXT   NOT NULL,
    lives_on BIGINT NOT NULL,
    at       BIGINT NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX outlook_by_end ON outlook (app, lives_on, at);

-- What stands in it changes when a login ends and by no rotation, so a turn stays on its page (HOT).
CREATE INDEX grants_in_trouble ON grants (app, id) WHERE standing::jsonb ->> 'standing' IN ('in-doubt', 'needs-consent');

CREATE FUNCTION outlook_of_handed_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE outlook SET app = NEW.app WHERE grant_id = NEW.id AND app <> NEW.app;
    RETURN NULL;
END $$;
CREATE TRIGGER outlook_of_handed_over AFTER UPDATE OF app ON grants FOR EACH ROW EXECUTE FUNCTION outlook_of_handed_over();

CREATE FUNCTION outlook_of_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM outlook WHERE grant_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER outlook_of_forgotten AFTER DELETE ON grants FOR EACH ROW EXECUTE FUNCTION outlook_of_forgotten();

CREATE FUNCTION outlook_of_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE due SET ends = 9223372036854775807 WHERE grant_id = NEW.id AND ends < 9223372036854775807;
    DELETE FROM outlook WHERE grant_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER outlook_of_over AFTER UPDATE OF standing ON grants FOR EACH ROW
WHEN (OLD.standing <> NEW.standing AND NEW.standing::jsonb ->> 'standing' IN ('needs-consent', 'retired'))
EXECUTE FUNCTION outlook_of_over();

CREATE FUNCTION outlook_of_revived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE due SET at = NEW.turned WHERE grant_id = NEW.id AND at > NEW.turned;
    RETURN NULL;
END $$;
CREATE TRIGGER outlook_of_revived AFTER UPDATE OF standing ON grants FOR EACH ROW
WHEN (OLD.standing::jsonb ->> 'standing' = 'needs-consent' AND NEW.standing::jsonb ->> 'standing' = 'live' AND NEW.refresh IS NOT NULL)
EXECUTE FUNCTION outlook_of_revived();

UPDATE due SET ends = 9223372036854775807 WHERE ends < 9223372036854775807
    AND (SELECT standing::jsonb ->> 'standing' FROM grants WHERE grants.id = due.grant_id) IN ('needs-consent', 'retired');
INSERT INTO outlook (grant_id, app, lives_on, at)
SELECT id, app, 1, wall FROM grants WHERE wall IS NOT NULL AND standing::jsonb ->> 'standing' NOT IN ('needs-consent', 'retired')
ON CONFLICT (grant_id) DO NOTHING;
