-- Deliveries of events to receivers; said in ../0013_deliveries.sql.

CREATE TABLE webhooks (
    name   TEXT   NOT NULL PRIMARY KEY,
    queued BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE deliveries (
    webhook TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    failed  BIGINT NOT NULL,
    due     BIGINT NOT NULL,
    queued  BIGINT NOT NULL,
    tries   BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    record  TEXT   NOT NULL,
    PRIMARY KEY (webhook, number)
);
CREATE INDEX deliveries_due ON deliveries (webhook, failed, due);
