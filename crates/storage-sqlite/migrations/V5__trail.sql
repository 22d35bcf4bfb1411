-- What happened: the audit chain, the personal values it commits to, and the events that products follow.

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY NOT NULL,
    at_micros  INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    origin     TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    details    TEXT NOT NULL,
    previous   BLOB NOT NULL,
    hash       BLOB NOT NULL
) STRICT;

CREATE TABLE audit_secrets (
    seq    INTEGER NOT NULL REFERENCES audit (seq),
    field  TEXT NOT NULL,
    salt   BLOB NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a number is never given twice, even after the newest events were forgotten.
CREATE TABLE events (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    license_id  TEXT REFERENCES licenses (id),
    kind        TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

CREATE INDEX events_old ON events (at);
