-- The authority itself: its keys, its operators and their tokens, its settings.

CREATE TABLE signing_keys (
    kid         TEXT PRIMARY KEY NOT NULL,
    purposes    TEXT NOT NULL,
    state       TEXT NOT NULL,
    public_pem  TEXT NOT NULL,
    sealed      BLOB,
    not_before  INTEGER,
    not_after   INTEGER,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE operators (
    id          TEXT PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL UNIQUE,
    role        TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE api_tokens (
    id           TEXT PRIMARY KEY NOT NULL,
    operator_id  TEXT NOT NULL REFERENCES operators (id),
    name         TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    scopes       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER
) STRICT;

CREATE TABLE settings (
    name   TEXT PRIMARY KEY NOT NULL,
    value  TEXT NOT NULL
) STRICT;
