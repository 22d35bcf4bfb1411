-- What customers may fetch, and with what.

-- JSON; empty: nothing.
ALTER TABLE plans ADD COLUMN distribution text NOT NULL DEFAULT '{}';

CREATE TABLE pull_tokens (
    id          uuid PRIMARY KEY NOT NULL,
    license_id  uuid NOT NULL REFERENCES licenses (id),
    name        text NOT NULL,
    prefix      text NOT NULL,
    hash        bytea NOT NULL UNIQUE,
    created_at  bigint NOT NULL,
    expires_at  bigint,
    revoked_at  bigint
);

CREATE INDEX pull_tokens_of_license ON pull_tokens (license_id, created_at, id);

CREATE TABLE releases (
    id            uuid PRIMARY KEY NOT NULL,
    product_id    uuid NOT NULL REFERENCES products (id),
    version       text COLLATE "C" NOT NULL,
    channel       text NOT NULL,
    state         text NOT NULL,
    notes         text,
    reason        text,
    created_at    bigint NOT NULL,
    published_at  bigint,
    updated_at    bigint NOT NULL,
    UNIQUE (product_id, version)
);

CREATE INDEX releases_newest ON releases (created_at, id);
CREATE INDEX releases_of_product ON releases (product_id, created_at, id);
CREATE INDEX releases_published ON releases (product_id, state, published_at);

CREATE TABLE artifacts (
    id               uuid PRIMARY KEY NOT NULL,
    release_id       uuid NOT NULL REFERENCES releases (id),
    name             text COLLATE "C" NOT NULL,
    platform         text NOT NULL,
    size             bigint NOT NULL,
    sha256           bytea NOT NULL,
    signature        text,
    personalize      text,
    requires_python  text,
    created_at       bigint NOT NULL,
    stored_at        bigint,
    UNIQUE (release_id, name)
);
