-- Who holds a seat: activations (wide, rarely written), seats (narrow, written by every heartbeat), the
-- tokens that lead to them, and how often a cluster id was taken over.

CREATE TABLE activations (
    id                 uuid PRIMARY KEY NOT NULL,
    license_id         uuid NOT NULL REFERENCES licenses (id),
    cluster_id         text COLLATE "C" NOT NULL,
    hostname           text,
    addresses          text NOT NULL,
    fingerprint        text,
    email              text,
    organization       text,
    terms_accepted_at  bigint,
    artifacts_digest   text,
    salt               bytea NOT NULL,
    created_at         bigint NOT NULL,
    activated_at       bigint NOT NULL,
    UNIQUE (license_id, cluster_id)
);

CREATE INDEX activations_newest ON activations (created_at, id);
CREATE INDEX activations_of_license ON activations (license_id, created_at, id);

-- Every heartbeat writes a new version of its row. It fits on the same page and touches no index (a HOT
-- update) as long as the page has room and no indexed column changes: hence the fill factor, and an index on
-- the day on which a lease ends instead of the second. Old versions then go when the page is next read.
CREATE TABLE seats (
    activation_id        uuid PRIMARY KEY NOT NULL REFERENCES activations (id),
    license_id           uuid NOT NULL REFERENCES licenses (id),
    generation           bigint NOT NULL,
    nonce                text NOT NULL,
    server_nonce         text NOT NULL,
    lease_until          bigint NOT NULL,
    last_seen            bigint NOT NULL,
    nodes                bigint,
    overage              boolean NOT NULL,
    token_hash           bytea NOT NULL,
    previous_token_hash  bytea,
    token_issued_at      bigint NOT NULL,
    token_version        bigint NOT NULL,
    lease_day            bigint NOT NULL GENERATED ALWAYS AS (lease_until / 86400) STORED
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Counting the live seats of a licence must not walk through every seat that ever ended.
CREATE INDEX seats_of_license ON seats (license_id, lease_day);

CREATE TABLE access_tokens (
    hash           bytea PRIMARY KEY NOT NULL,
    activation_id  uuid NOT NULL REFERENCES activations (id),
    expires_at     bigint NOT NULL
);

CREATE INDEX access_tokens_ended ON access_tokens (expires_at);

CREATE TABLE takeovers (
    activation_id  uuid NOT NULL REFERENCES activations (id),
    at             bigint NOT NULL
);

CREATE INDEX takeovers_of_activation ON takeovers (activation_id, at);
