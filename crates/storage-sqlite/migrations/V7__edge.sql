-- What a repeated request is answered with, and how often a licence may ask.

-- Which effect a request had, by a keyed hash of credential, route and key: of the request only its hash, of the
-- answer only what it is about.
CREATE TABLE idempotency_keys (
    scope    BLOB PRIMARY KEY NOT NULL,
    request  BLOB NOT NULL,
    result   TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_old ON idempotency_keys (at);

ALTER TABLE plans ADD COLUMN contacts_per_minute INTEGER;
