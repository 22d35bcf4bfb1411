-- Who may use what: customers, licences, their signed keys.

CREATE TABLE customers (
    id            TEXT PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL,
    -- Lower case as Unicode has it, which neither database's own lower() promises.
    email_folded  TEXT NOT NULL UNIQUE,
    name          TEXT,
    organization  TEXT,
    created_at    INTEGER NOT NULL
) STRICT;

-- tier and expires_at repeat what the signed key says; they are an index and decide nothing.
CREATE TABLE licenses (
    id             TEXT PRIMARY KEY NOT NULL,
    product_id     TEXT NOT NULL REFERENCES products (id),
    plan_id        TEXT NOT NULL REFERENCES plans (id),
    customer_id    TEXT NOT NULL REFERENCES customers (id),
    state          TEXT NOT NULL,
    state_at       INTEGER,
    state_reason   TEXT,
    grace_until    INTEGER,
    token_version  INTEGER NOT NULL,
    jti            TEXT NOT NULL,
    key_jti        TEXT NOT NULL,
    tier           TEXT NOT NULL,
    expires_at     INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX licenses_newest ON licenses (created_at, id);
CREATE INDEX licenses_of_product ON licenses (product_id, created_at, id);
CREATE INDEX licenses_of_customer ON licenses (customer_id, created_at, id);

CREATE TABLE license_keys (
    jti         TEXT PRIMARY KEY NOT NULL,
    license_id  TEXT NOT NULL REFERENCES licenses (id),
    scheme      TEXT NOT NULL,
    kid         TEXT,
    sealed      BLOB,
    lookup      BLOB UNIQUE,
    issued_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX license_keys_of_signer ON license_keys (kid, license_id);
