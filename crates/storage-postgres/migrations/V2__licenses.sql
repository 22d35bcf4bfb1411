-- Who may use what: customers, licences, their signed keys.

CREATE TABLE customers (
    id            uuid PRIMARY KEY NOT NULL,
    email         text NOT NULL,
    -- Lower case as Unicode has it, which neither database's own lower() promises.
    email_folded  text NOT NULL UNIQUE,
    name          text,
    organization  text,
    created_at    bigint NOT NULL
);

-- tier and expires_at repeat what the signed key says; they are an index and decide nothing.
CREATE TABLE licenses (
    id             uuid PRIMARY KEY NOT NULL,
    product_id     uuid NOT NULL REFERENCES products (id),
    plan_id        uuid NOT NULL REFERENCES plans (id),
    customer_id    uuid NOT NULL REFERENCES customers (id),
    state          text NOT NULL,
    state_at       bigint,
    state_reason   text,
    grace_until    bigint,
    token_version  bigint NOT NULL,
    jti            uuid NOT NULL,
    key_jti        uuid NOT NULL,
    tier           text NOT NULL,
    expires_at     bigint,
    created_at     bigint NOT NULL,
    updated_at     bigint NOT NULL
);

CREATE INDEX licenses_newest ON licenses (created_at, id);
CREATE INDEX licenses_of_product ON licenses (product_id, created_at, id);
CREATE INDEX licenses_of_customer ON licenses (customer_id, created_at, id);

CREATE TABLE license_keys (
    jti         uuid PRIMARY KEY NOT NULL,
    license_id  uuid NOT NULL REFERENCES licenses (id),
    scheme      text NOT NULL,
    kid         text COLLATE "C",
    sealed      bytea,
    lookup      bytea UNIQUE,
    issued_at   bigint NOT NULL
);

CREATE INDEX license_keys_of_signer ON license_keys (kid, license_id);
