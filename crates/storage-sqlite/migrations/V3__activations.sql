-- Who holds a seat: activations (wide, rarely written), seats (narrow, written by every heartbeat), the
-- tokens that lead to them, and how often a cluster id was taken over.

CREATE TABLE activations (
    id                 TEXT PRIMARY KEY NOT NULL,
    license_id         TEXT NOT NULL REFERENCES licenses (id),
    cluster_id         TEXT NOT NULL,
    hostname           TEXT,
    addresses          TEXT NOT NULL,
    fingerprint        TEXT,
    email              TEXT,
    organization       TEXT,
    terms_accepted_at  INTEGER,
    artifacts_digest   TEXT,
    salt               BLOB NOT NULL,
    created_at         INTEGER NOT NULL,
    activated_at       INTEGER NOT NULL,
    UNIQUE (license_id, cluster_id)
) STRICT;

CREATE INDEX activations_newest ON activations (created_at, id);
CREATE INDEX activations_of_license ON activations (license_id, created_at, id);

-- A rowid table, not WITHOUT ROWID: a row takes some 300 bytes, more than a twentieth of a page, so it
-- would make the inner pages of a clustered tree wide; and the entry of seats_of_license that a heartbeat
-- moves carries a rowid of a few bytes instead of a key of 36.
CREATE TABLE seats (
    activation_id        TEXT PRIMARY KEY NOT NULL REFERENCES activations (id),
    license_id           TEXT NOT NULL REFERENCES licenses (id),
    generation           INTEGER NOT NULL,
    nonce                TEXT NOT NULL,
    server_nonce         TEXT NOT NULL,
    lease_until          INTEGER NOT NULL,
    last_seen            INTEGER NOT NULL,
    nodes                INTEGER,
    overage              INTEGER NOT NULL,
    token_hash           BLOB NOT NULL,
    previous_token_hash  BLOB,
    token_issued_at      INTEGER NOT NULL,
    token_version        INTEGER NOT NULL
) STRICT;

-- Counting the live seats of a licence must not walk through every seat that ever ended.
CREATE INDEX seats_of_license ON seats (license_id, lease_until);

CREATE TABLE access_tokens (
    hash           BLOB PRIMARY KEY NOT NULL,
    activation_id  TEXT NOT NULL REFERENCES activations (id),
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX access_tokens_ended ON access_tokens (expires_at);

CREATE TABLE takeovers (
    activation_id  TEXT NOT NULL REFERENCES activations (id),
    at             INTEGER NOT NULL
) STRICT;

CREATE INDEX takeovers_of_activation ON takeovers (activation_id, at);
