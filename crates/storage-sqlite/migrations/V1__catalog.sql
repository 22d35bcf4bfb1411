-- What is sold: products, their meters, their plans.
-- Ids are UUIDs as text, times are seconds since the epoch (UTC), lists and maps are JSON.

CREATE TABLE products (
    id            TEXT PRIMARY KEY NOT NULL,
    code          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    key_prefix    TEXT NOT NULL,
    scheme        TEXT NOT NULL,
    enforcement   TEXT NOT NULL,
    heartbeat_s   INTEGER NOT NULL,
    grace_s       INTEGER NOT NULL,
    default_plan  TEXT NOT NULL,
    profile       TEXT,
    sunset        TEXT NOT NULL,
    project_seed  BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX products_of_prefix ON products (key_prefix, code);

CREATE TABLE product_secrets (
    id          TEXT PRIMARY KEY NOT NULL,
    product_id  TEXT NOT NULL REFERENCES products (id),
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX product_secrets_of_product ON product_secrets (product_id, created_at);

CREATE TABLE meters (
    product_id  TEXT NOT NULL REFERENCES products (id),
    name        TEXT NOT NULL,
    unit        TEXT NOT NULL,
    scale       INTEGER NOT NULL,
    PRIMARY KEY (product_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
    id                 TEXT PRIMARY KEY NOT NULL,
    product_id         TEXT NOT NULL REFERENCES products (id),
    code               TEXT NOT NULL,
    tier               TEXT NOT NULL,
    rank               INTEGER NOT NULL,
    seats              INTEGER,
    overage            INTEGER NOT NULL,
    reclaim_after_s    INTEGER,
    takeovers_per_day  INTEGER NOT NULL,
    on_clone           TEXT NOT NULL,
    nodes              INTEGER,
    trial_s            INTEGER,
    heartbeat_s        INTEGER,
    grace_s            INTEGER,
    features           TEXT NOT NULL,
    limits             TEXT NOT NULL,
    info               TEXT NOT NULL,
    UNIQUE (product_id, code)
) STRICT;
