-- What was revoked by the id of a key, of this authority or not; and the lists that were published.

CREATE TABLE revocations (
    key_id         TEXT PRIMARY KEY NOT NULL,
    revoked_at     INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    comment        TEXT,
    grace_until    INTEGER,
    source         TEXT NOT NULL,
    missing_since  INTEGER,
    lifted_at      INTEGER
) STRICT;

-- Keys that count no more are on the list too.
CREATE INDEX license_keys_voided ON license_keys (jti) WHERE voided_at IS NOT NULL;

CREATE TABLE published_lists (
    name        TEXT PRIMARY KEY NOT NULL,
    seq         INTEGER NOT NULL,
    signed_at   INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    document    TEXT NOT NULL
) STRICT;
