-- Who may call the server, and what was done by whom; said in ../0008_server.sql.

CREATE TABLE api_keys (
    id     BYTEA NOT NULL PRIMARY KEY,
    hash   BYTEA NOT NULL UNIQUE,
    record TEXT  NOT NULL
);

CREATE TABLE audit (
    grant_id BYTEA  NOT NULL,
    number   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    caller   TEXT   NOT NULL,
    act      TEXT   NOT NULL,
    outcome  TEXT   NOT NULL,
    hash     BYTEA  NOT NULL,
    PRIMARY KEY (grant_id, number)
);

CREATE TABLE audit_heads (
    grant_id BYTEA  NOT NULL PRIMARY KEY,
    number   BIGINT NOT NULL,
    hash     BYTEA  NOT NULL
) WITH (fillfactor = 50);
