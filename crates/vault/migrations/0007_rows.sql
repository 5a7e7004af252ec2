-- The two tables whose rows hold tokens and answers have row ids: a row of some kilobytes then lies on one page, and is written over
-- where it lies. Keyed by their ids alone they were indexes, where all but the first few hundred bytes of a row goes to pages of its own
-- (https://www.sqlite.org/withoutrowid.html §4), which each rotation freed, wiped and took anew.

CREATE TABLE grants_new (
    id                 BLOB    NOT NULL PRIMARY KEY,
    app                TEXT    NOT NULL,
    profile            TEXT    UNIQUE,
    generation         INTEGER NOT NULL,
    standing           TEXT    NOT NULL,
    access             BLOB,
    access_generation  INTEGER NOT NULL,
    access_obtained    INTEGER NOT NULL,
    access_expires     INTEGER NOT NULL,
    refresh            BLOB,
    refresh_generation INTEGER NOT NULL,
    refresh_expires    INTEGER,
    wall               INTEGER,
    consented          INTEGER NOT NULL,
    turned             INTEGER NOT NULL,
    scopes             TEXT    NOT NULL,
    subject            TEXT,
    issued_by          TEXT    NOT NULL,
    displaced          TEXT,
    brought            TEXT,
    former             TEXT,
    access_unnamed     INTEGER NOT NULL DEFAULT 0  -- 1: an earlier version stored the access token, and may have kept no name of it
);
INSERT INTO grants_new
    SELECT id, app, profile, generation, standing, access, access_generation, access_obtained, access_expires, refresh, refresh_generation,
        refresh_expires, wall, consented, turned, scopes, subject, issued_by, displaced, brought, former, access IS NOT NULL
    FROM grants ORDER BY id;
DROP TABLE grants;
ALTER TABLE grants_new RENAME TO grants;

CREATE TABLE intents_new (
    id          BLOB    NOT NULL PRIMARY KEY,
    grant_id    BLOB    NOT NULL,
    generation  INTEGER NOT NULL,
    fingerprint BLOB    NOT NULL,
    fence       INTEGER NOT NULL,
    sender      TEXT    NOT NULL,
    api         TEXT    NOT NULL,
    begun       INTEGER NOT NULL,
    deadline    INTEGER NOT NULL,
    answer      BLOB,
    doubted     INTEGER NOT NULL DEFAULT 0,
    closed      INTEGER,
    closing     TEXT,
    late        INTEGER NOT NULL DEFAULT 0
);
INSERT INTO intents_new
    SELECT id, grant_id, generation, fingerprint, fence, sender, api, begun, deadline, answer, doubted, closed, closing, late
    FROM intents ORDER BY id;
DROP TABLE intents;
ALTER TABLE intents_new RENAME TO intents;
CREATE UNIQUE INDEX intents_open ON intents (grant_id) WHERE closed IS NULL;
-- Both columns: with the first alone it would be one of two indexes of a grant's intents, and the other one was taken.
CREATE INDEX intents_late ON intents (grant_id, late) WHERE late = 1;
CREATE INDEX intents_by_generation ON intents (grant_id, generation);
