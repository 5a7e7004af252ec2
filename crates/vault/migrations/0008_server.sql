-- Who may call the server, and what was done by whom. Both are empty where no server runs.
--
-- IF NOT EXISTS: nothing of an earlier version stands in these tables, so one that is there is this one.

CREATE TABLE IF NOT EXISTS api_keys (
    id     BLOB    NOT NULL PRIMARY KEY,
    hash   BLOB    NOT NULL UNIQUE,        -- keyed with the naming key; the key itself is nowhere
    record TEXT    NOT NULL                -- JSON of core's ApiKey
);

-- A chain a grant; 16 zero bytes stand for what concerns none.
CREATE TABLE IF NOT EXISTS audit (
    grant_id BLOB    NOT NULL,
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    caller   TEXT    NOT NULL,
    act      TEXT    NOT NULL,
    outcome  TEXT    NOT NULL,
    hash     BLOB    NOT NULL,             -- over the hash of the row before and this row
    PRIMARY KEY (grant_id, number)
) WITHOUT ROWID;

-- The end of each chain: whoever writes the next row locks it.
CREATE TABLE IF NOT EXISTS audit_heads (
    grant_id BLOB    NOT NULL PRIMARY KEY,
    number   INTEGER NOT NULL,
    hash     BLOB    NOT NULL
) WITHOUT ROWID;
