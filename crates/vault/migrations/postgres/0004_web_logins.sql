-- Logins that back ends open for their users; said in ../0010_web_logins.sql.

CREATE TABLE web_logins (
    id     BYTEA  NOT NULL PRIMARY KEY,
    step   BIGINT NOT NULL,
    ends   BIGINT NOT NULL,
    record TEXT   NOT NULL,
    sealed BYTEA  NOT NULL
);
CREATE INDEX web_logins_by_end ON web_logins (ends);
