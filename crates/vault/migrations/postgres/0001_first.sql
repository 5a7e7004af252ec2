-- The first schema. What the columns hold is said in ../0001_first.sql and those after it: the tables are the same, but for leases, which
-- have no lock files here, and links, which are a host's. Times are unix milliseconds of the database's clock; ids are the 16 bytes of a
-- UUID; sealed columns hold blobs of src/seal.rs.

-- One row: written by migrations and by changes of the key, and locked by whatever makes, brings or ends a login (the gate).
CREATE TABLE vault (
    one         BOOLEAN NOT NULL PRIMARY KEY DEFAULT TRUE CHECK (one),
    schema      BIGINT  NOT NULL,                  -- what was run
    least       BIGINT  NOT NULL,                  -- the least schema that a binary must know to write here
    keys        TEXT    NOT NULL,                  -- the wrapped keys, as key.json holds them
    keys_number BIGINT  NOT NULL                   -- how often they were changed
);

-- A turn writes its row once and changes no column that has an index, so the new row goes to the same page (HOT), where there is room.
CREATE TABLE grants (
    id                 BYTEA  NOT NULL PRIMARY KEY,
    app                TEXT   NOT NULL,
    profile            TEXT   UNIQUE,
    generation         BIGINT NOT NULL,
    standing           TEXT   NOT NULL,
    access             BYTEA,
    access_generation  BIGINT NOT NULL,
    access_obtained    BIGINT NOT NULL,
    access_expires     BIGINT NOT NULL,
    refresh            BYTEA,
    refresh_generation BIGINT NOT NULL,
    refresh_expires    BIGINT,
    wall               BIGINT,
    consented          BIGINT NOT NULL,
    turned             BIGINT NOT NULL,
    scopes             TEXT   NOT NULL,
    subject            TEXT,
    issued_by          TEXT   NOT NULL,
    displaced          TEXT,
    brought            TEXT,
    former             TEXT,
    access_unnamed     BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- Written three times a turn: narrow, and without an index but its key.
CREATE TABLE leases (
    grant_id BYTEA  NOT NULL PRIMARY KEY,
    fence    BIGINT NOT NULL,
    holder   TEXT,
    ttl      BIGINT NOT NULL,
    expires  BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE names (
    profile TEXT   NOT NULL PRIMARY KEY,
    fence   BIGINT NOT NULL,
    holder  TEXT,
    ttl     BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    asked   BIGINT
) WITH (fillfactor = 50);

CREATE TABLE intents (
    id          BYTEA  NOT NULL PRIMARY KEY,
    grant_id    BYTEA  NOT NULL,
    generation  BIGINT NOT NULL,
    fingerprint BYTEA  NOT NULL,
    fence       BIGINT NOT NULL,
    sender      TEXT   NOT NULL,
    api         TEXT   NOT NULL,
    begun       BIGINT NOT NULL,
    deadline    BIGINT NOT NULL,
    answer      BYTEA,
    doubted     BIGINT NOT NULL DEFAULT 0,
    closed      BIGINT,
    closing     TEXT,
    late        BIGINT NOT NULL DEFAULT 0
);
-- I1, kept by the schema itself: a grant has at most one open intent.
CREATE UNIQUE INDEX intents_open ON intents (grant_id) WHERE closed IS NULL;
CREATE INDEX intents_late ON intents (grant_id) WHERE late = 1;
CREATE INDEX intents_by_generation ON intents (grant_id, generation);

CREATE TABLE entries (
    id         BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grant_id   BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    by         TEXT,
    event      TEXT   NOT NULL
);
CREATE INDEX entries_by_grant ON entries (grant_id, id);

CREATE TABLE known_fingerprints (
    fingerprint BYTEA  NOT NULL PRIMARY KEY,
    grant_id    BYTEA  NOT NULL,
    generation  BIGINT NOT NULL
);
CREATE INDEX known_fingerprints_by_grant ON known_fingerprints (grant_id);

CREATE TABLE parked (
    id         BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grant_id   BYTEA  NOT NULL,
    intent     BYTEA,
    generation BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    tokens     BYTEA  NOT NULL,
    aside      TEXT,
    awaits     BIGINT
);
CREATE INDEX parked_by_grant ON parked (grant_id, id);
CREATE INDEX parked_awaiting ON parked (grant_id, awaits) WHERE awaits IS NOT NULL;
CREATE UNIQUE INDEX parked_by_intent ON parked (intent) WHERE intent IS NOT NULL;

CREATE TABLE login_answers (
    id      BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile TEXT   NOT NULL,
    app     TEXT   NOT NULL,
    api     TEXT   NOT NULL,
    answer  BYTEA  NOT NULL
);

CREATE TABLE keepsakes (
    kind    TEXT  NOT NULL,
    app     TEXT  NOT NULL,
    value   BYTEA NOT NULL,
    expires BIGINT,
    PRIMARY KEY (kind, app)
);
