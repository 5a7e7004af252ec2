-- Adoptions that can be taken back, and links.

-- How a grant stood when its set was put aside for an adoption or by a person's wish: JSON of adopt.rs's Aside. Such a set can be
-- made the present one again; NULL: it cannot.
ALTER TABLE parked ADD COLUMN aside TEXT;
-- The generation on trial: if the provider refuses that one, this set takes its place. A generation other than the grant's
-- present one is over and means nothing.
ALTER TABLE parked ADD COLUMN awaits INTEGER;
CREATE INDEX parked_awaiting ON parked (grant_id, awaits) WHERE awaits IS NOT NULL;

-- JSON of adopt.rs's Displaced: the grant that lost its name to this one by an adoption; NULL: none, or it cannot be undone.
ALTER TABLE grants ADD COLUMN displaced TEXT;

CREATE TABLE links (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: a late receipt must not meet another link
    profile            TEXT    NOT NULL,
    file               BLOB    NOT NULL,                   -- the path's bytes
    format             TEXT    NOT NULL,                   -- JSON of core's Format
    places             TEXT    NOT NULL,                   -- JSON: core's Slot to core's Place, in the order of the slots
    made               INTEGER NOT NULL,
    receipt_grant      BLOB,                               -- NULL: nothing was delivered yet
    receipt_generation INTEGER,
    receipt_at         INTEGER,
    receipt_stamp      TEXT,                               -- JSON of core's Stamp
    trouble            TEXT                                -- JSON of core's Trouble; NULL since the last receipt
);
CREATE UNIQUE INDEX links_once ON links (profile, file, places);
