-- Deliveries of events to receivers (docs/design/0014-server.md, Webhooks). Empty where no server has any.
--
-- IF NOT EXISTS: nothing of an earlier version stands in these tables, so one that is there is this one.

-- Up to which event deliveries were queued.
CREATE TABLE IF NOT EXISTS webhooks (
    name   TEXT    NOT NULL PRIMARY KEY,
    queued INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS deliveries (
    webhook TEXT    NOT NULL,
    number  INTEGER NOT NULL,              -- of the event
    failed  INTEGER NOT NULL,              -- 1: it is not tried again by itself
    due     INTEGER NOT NULL,              -- when it is tried next, or the end of a claim; when it was given up
    queued  INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    reason  TEXT    NOT NULL,              -- why the last try failed
    record  TEXT    NOT NULL,              -- JSON of core's LoginEvent
    PRIMARY KEY (webhook, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (webhook, failed, due);
