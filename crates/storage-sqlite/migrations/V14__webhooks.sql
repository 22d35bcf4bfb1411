-- Where events are told to. Secrets are sealed under the master key.

CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY NOT NULL,
    url           TEXT NOT NULL,
    description   TEXT,
    events        TEXT NOT NULL,
    signing       TEXT NOT NULL,
    secret        BLOB NOT NULL,
    former        BLOB,
    former_until  INTEGER,
    disabled_at   INTEGER,
    disabled_why  TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
