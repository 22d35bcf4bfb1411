-- What a repeated request is answered with, and how often a licence may ask.

-- Which effect a request had, by a keyed hash of credential, route and key: of the request only its hash, of the
-- answer only what it is about.
CREATE TABLE idempotency_keys (
    scope    bytea PRIMARY KEY NOT NULL,
    request  bytea NOT NULL,
    result   uuid NOT NULL,
    at       bigint NOT NULL
);

CREATE INDEX idempotency_keys_old ON idempotency_keys (at);

ALTER TABLE plans ADD COLUMN contacts_per_minute bigint;
