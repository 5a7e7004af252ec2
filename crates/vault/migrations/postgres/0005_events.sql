-- What happened to logins, for programs that listen; said in ../0011_events.sql.

CREATE TABLE outbox (
    seq        BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         BYTEA  NOT NULL,
    grant_id   BYTEA  NOT NULL,
    app        TEXT   NOT NULL,
    profile    TEXT,
    generation BIGINT NOT NULL,
    at         BIGINT,
    refreshed  BIGINT NOT NULL,
    standing   TEXT,
    ends       TEXT
);

CREATE TABLE events (
    number BIGINT NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    record TEXT   NOT NULL
);
CREATE INDEX events_by_time ON events (at);

CREATE TABLE event_head (
    id     BIGINT NOT NULL PRIMARY KEY,
    newest BIGINT NOT NULL,
    until  BIGINT NOT NULL,
    looked BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE told_ends (
    grant_id BYTEA NOT NULL PRIMARY KEY,
    ends     TEXT  NOT NULL
);

CREATE FUNCTION event_of_refresh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closing::jsonb ->> 'closing' = 'committed' AND COALESCE(OLD.closing::jsonb ->> 'closing' <> 'committed', TRUE) THEN
        INSERT INTO outbox (id, grant_id, app, profile, generation, at, refreshed)
        SELECT decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), id, app, profile, generation, NEW.closed, 1 FROM grants
        WHERE id = NEW.grant_id AND EXISTS (SELECT 1 FROM event_head WHERE until > NEW.closed);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER event_of_refresh AFTER UPDATE OF closing ON intents FOR EACH ROW
WHEN (NEW.closing IS NOT NULL) EXECUTE FUNCTION event_of_refresh();

CREATE FUNCTION event_of_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.standing::jsonb ->> 'standing' IN ('needs-consent', 'in-doubt')
        AND NEW.standing::jsonb ->> 'standing' IS DISTINCT FROM OLD.standing::jsonb ->> 'standing' THEN
        INSERT INTO outbox (id, grant_id, app, profile, generation, refreshed, standing)
        SELECT decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), NEW.id, NEW.app, NEW.profile, NEW.generation, 0, NEW.standing
        FROM event_head WHERE until > NEW.turned;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER event_of_standing AFTER UPDATE OF standing ON grants FOR EACH ROW
WHEN (NEW.standing IS DISTINCT FROM OLD.standing) EXECUTE FUNCTION event_of_standing();

CREATE FUNCTION event_ends_of_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM told_ends WHERE grant_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER event_ends_of_forgotten AFTER DELETE ON grants FOR EACH ROW EXECUTE FUNCTION event_ends_of_forgotten();
