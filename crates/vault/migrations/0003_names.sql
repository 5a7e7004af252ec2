-- Leases on names: who may ask for tokens that will be kept under a profile's name, whether or not a grant is there.

CREATE TABLE names (
    profile TEXT    NOT NULL PRIMARY KEY,
    fence   INTEGER NOT NULL,                      -- as in leases
    holder  TEXT,
    locked  INTEGER NOT NULL,
    ttl     INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    asked   INTEGER                                -- since when a new set is being asked for; NULL: it is not, or it is there
) WITHOUT ROWID;
