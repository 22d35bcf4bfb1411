-- What was revoked by the id of a key, of this authority or not; and the lists that were published.

CREATE TABLE revocations (
    key_id         text COLLATE "C" PRIMARY KEY NOT NULL,
    revoked_at     bigint NOT NULL,
    reason         text NOT NULL,
    comment        text,
    grace_until    bigint,
    source         text NOT NULL,
    missing_since  bigint,
    lifted_at      bigint
);

-- Keys that count no more are on the list too.
CREATE INDEX license_keys_voided ON license_keys (jti) WHERE voided_at IS NOT NULL;

CREATE TABLE published_lists (
    name        text PRIMARY KEY NOT NULL,
    seq         bigint NOT NULL,
    signed_at   bigint NOT NULL,
    expires_at  bigint NOT NULL,
    document    text NOT NULL
);
