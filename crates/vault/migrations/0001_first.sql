-- The first schema. Columns named in docs as sealed hold blobs of src/seal.rs; times are unix milliseconds;
-- ids are the 16 bytes of a UUID, so that their order is the order of birth.

CREATE TABLE grants (
    id                BLOB    NOT NULL PRIMARY KEY,
    app               TEXT    NOT NULL,
    profile           TEXT    UNIQUE,              -- NULL: another user's login took the name, or logged out
    generation        INTEGER NOT NULL,
    standing          TEXT    NOT NULL,            -- JSON of core's Standing
    access            BLOB,                        -- sealed; bound to id and access_generation
    access_generation INTEGER NOT NULL,            -- the generation that brought the access token
    access_obtained   INTEGER NOT NULL,
    access_expires    INTEGER NOT NULL,
    refresh           BLOB,                        -- sealed; bound to id and refresh_generation
    refresh_generation INTEGER NOT NULL,
    refresh_expires   INTEGER,
    wall              INTEGER,
    consented         INTEGER NOT NULL,
    turned            INTEGER NOT NULL,
    scopes            TEXT    NOT NULL,
    subject           TEXT,                        -- JSON of core's Subject
    issued_by         TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE leases (
    grant_id BLOB    NOT NULL PRIMARY KEY,
    fence    INTEGER NOT NULL,                     -- never goes back; stays when the lease is released
    holder   TEXT,                                 -- JSON of core's Holder; NULL: released
    locked   INTEGER NOT NULL,                     -- whether the holder has the lock file too
    ttl      INTEGER NOT NULL,
    expires  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE intents (
    id          BLOB    NOT NULL PRIMARY KEY,
    grant_id    BLOB    NOT NULL,
    generation  INTEGER NOT NULL,
    fingerprint BLOB    NOT NULL,
    fence       INTEGER NOT NULL,
    sender      TEXT    NOT NULL,                  -- JSON of core's Holder
    api         TEXT    NOT NULL,
    begun       INTEGER NOT NULL,
    deadline    INTEGER NOT NULL,
    answer      BLOB,                              -- sealed; bound to id
    doubted     INTEGER NOT NULL DEFAULT 0,
    closed      INTEGER,                           -- NULL: open
    closing     TEXT,                              -- JSON of core's Closing
    late        INTEGER NOT NULL DEFAULT 0         -- an answer came after it was closed and nobody has read it yet
) WITHOUT ROWID;

-- I1, kept by the schema itself: a grant has at most one open intent.
CREATE UNIQUE INDEX intents_open ON intents (grant_id) WHERE closed IS NULL;
CREATE INDEX intents_late ON intents (grant_id) WHERE late = 1;
CREATE INDEX intents_by_generation ON intents (grant_id, generation);

CREATE TABLE entries (
    id         INTEGER PRIMARY KEY,
    grant_id   BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    by         TEXT,                               -- JSON of core's Holder
    event      TEXT    NOT NULL                    -- JSON of core's Event
);
CREATE INDEX entries_by_grant ON entries (grant_id, id);

-- Every refresh token that was ever stored, so that an old file is always known as old.
CREATE TABLE known_fingerprints (
    fingerprint BLOB    NOT NULL PRIMARY KEY,
    grant_id    BLOB    NOT NULL,
    generation  INTEGER NOT NULL
) WITHOUT ROWID;

-- Sets that were issued and are not the present generation of their grant (I3).
CREATE TABLE parked (
    id         INTEGER PRIMARY KEY,
    grant_id   BLOB    NOT NULL,
    intent     BLOB,                               -- the spend that brought it; NULL: replaced by a login
    generation INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    tokens     BLOB    NOT NULL                    -- sealed; bound to grant_id and generation
);
CREATE INDEX parked_by_grant ON parked (grant_id, id);
CREATE UNIQUE INDEX parked_by_intent ON parked (intent) WHERE intent IS NOT NULL;

CREATE TABLE login_answers (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,     -- never reused: a repeated call must not meet another answer
    profile TEXT    NOT NULL,
    app     TEXT    NOT NULL,
    api     TEXT    NOT NULL,
    answer  BLOB    NOT NULL                       -- sealed; bound to profile and app
);

CREATE TABLE keepsakes (
    kind    TEXT    NOT NULL,
    app     TEXT    NOT NULL,
    value   BLOB    NOT NULL,                      -- sealed; bound to kind and app
    expires INTEGER,
    PRIMARY KEY (kind, app)
) WITHOUT ROWID;
