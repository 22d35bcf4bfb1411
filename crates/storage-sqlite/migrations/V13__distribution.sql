-- What customers may fetch, and with what.

-- JSON; empty: nothing.
ALTER TABLE plans ADD COLUMN distribution TEXT NOT NULL DEFAULT '{}';

CREATE TABLE pull_tokens (
    id          TEXT PRIMARY KEY NOT NULL,
    license_id  TEXT NOT NULL REFERENCES licenses (id),
    name        TEXT NOT NULL,
    prefix      TEXT NOT NULL,
    hash        BLOB NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER
) STRICT;

CREATE INDEX pull_tokens_of_license ON pull_tokens (license_id, created_at, id);

CREATE TABLE releases (
    id            TEXT PRIMARY KEY NOT NULL,
    product_id    TEXT NOT NULL REFERENCES products (id),
    version       TEXT NOT NULL,
    channel       TEXT NOT NULL,
    state         TEXT NOT NULL,
    notes         TEXT,
    reason        TEXT,
    created_at    INTEGER NOT NULL,
    published_at  INTEGER,
    updated_at    INTEGER NOT NULL,
    UNIQUE (product_id, version)
) STRICT;

CREATE INDEX releases_newest ON releases (created_at, id);
CREATE INDEX releases_of_product ON releases (product_id, created_at, id);
CREATE INDEX releases_published ON releases (product_id, state, published_at);

CREATE TABLE artifacts (
    id               TEXT PRIMARY KEY NOT NULL,
    release_id       TEXT NOT NULL REFERENCES releases (id),
    name             TEXT NOT NULL,
    platform         TEXT NOT NULL,
    size             INTEGER NOT NULL,
    sha256           BLOB NOT NULL,
    signature        TEXT,
    personalize      TEXT,
    requires_python  TEXT,
    created_at       INTEGER NOT NULL,
    stored_at        INTEGER,
    UNIQUE (release_id, name)
) STRICT;
