-- When somebody has to look at a login next; said in ../0009_due.sql.

-- Beside `leases` and `grants`: an index on a column that changes ends HOT for its table.
CREATE TABLE due (
    grant_id BYTEA  NOT NULL PRIMARY KEY,
    app      TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    ends     BIGINT NOT NULL,
    hot      BIGINT NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX due_by_moment ON due (app, at);
CREATE INDEX due_by_end ON due (app, ends);

CREATE TABLE budgets (
    app    TEXT   NOT NULL PRIMARY KEY,
    booked BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION due_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO due (grant_id, app, at, ends, hot)
    VALUES (NEW.id, NEW.app, NEW.turned, COALESCE(NEW.refresh_expires, 9223372036854775807), 0) ON CONFLICT (grant_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER due_of_new AFTER INSERT ON grants FOR EACH ROW EXECUTE FUNCTION due_of_new();

CREATE FUNCTION due_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE due SET at = CASE WHEN NEW.refresh IS NULL THEN 9223372036854775807 ELSE NEW.turned END
    WHERE grant_id = NEW.id AND CASE WHEN NEW.refresh IS NULL THEN at < 9223372036854775807
        ELSE at > COALESCE(NEW.turned + (NEW.refresh_expires - NEW.turned) / 2, 9223372036854775806)
            OR (hot > NEW.turned AND at > NEW.access_expires) END;
    RETURN NULL;
END $$;
CREATE TRIGGER due_of_changed AFTER UPDATE OF generation, refresh ON grants FOR EACH ROW EXECUTE FUNCTION due_of_changed();

CREATE FUNCTION due_of_handed_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE due SET app = NEW.app WHERE grant_id = NEW.id AND app <> NEW.app;
    RETURN NULL;
END $$;
CREATE TRIGGER due_of_handed_over AFTER UPDATE OF app ON grants FOR EACH ROW EXECUTE FUNCTION due_of_handed_over();

CREATE FUNCTION due_of_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM due WHERE grant_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER due_of_forgotten AFTER DELETE ON grants FOR EACH ROW EXECUTE FUNCTION due_of_forgotten();

INSERT INTO due (grant_id, app, at, ends, hot)
SELECT id, app, CASE WHEN refresh IS NULL THEN 9223372036854775807 ELSE turned END, COALESCE(refresh_expires, 9223372036854775807), 0
FROM grants ON CONFLICT (grant_id) DO NOTHING;
