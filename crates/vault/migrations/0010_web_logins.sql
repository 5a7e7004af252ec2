-- Logins that back ends open for their users. Empty where no server runs.
--
-- IF NOT EXISTS: nothing of an earlier version stands in this table, so one that is there is this one.

CREATE TABLE IF NOT EXISTS web_logins (
    id     BLOB    NOT NULL PRIMARY KEY,
    step   INTEGER NOT NULL,               -- each is taken from the one before, once
    ends   INTEGER NOT NULL,
    record TEXT    NOT NULL,               -- JSON of core's WebLogin
    sealed BLOB    NOT NULL                -- ticket, cookie, state and verifier
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS web_logins_by_end ON web_logins (ends);
