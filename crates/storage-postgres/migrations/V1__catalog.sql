-- What is sold: products, their meters, their plans.
-- Times are seconds since the epoch (UTC), lists and maps are JSON as text, as the twin has them. Whole numbers
-- are bigint, so that one reading of a column does for all of them. Text that is ordered by, or is part of a
-- key, sorts by its bytes on every server (COLLATE "C").

CREATE TABLE products (
    id            uuid PRIMARY KEY NOT NULL,
    code          text COLLATE "C" NOT NULL UNIQUE,
    name          text NOT NULL,
    key_prefix    text COLLATE "C" NOT NULL,
    scheme        text NOT NULL,
    enforcement   text NOT NULL,
    heartbeat_s   bigint NOT NULL,
    grace_s       bigint NOT NULL,
    default_plan  text NOT NULL,
    profile       text,
    sunset        text NOT NULL,
    project_seed  bytea NOT NULL,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL
);

CREATE INDEX products_of_prefix ON products (key_prefix, code);

CREATE TABLE product_secrets (
    id          uuid PRIMARY KEY NOT NULL,
    product_id  uuid NOT NULL REFERENCES products (id),
    sealed      bytea NOT NULL,
    created_at  bigint NOT NULL
);

CREATE INDEX product_secrets_of_product ON product_secrets (product_id, created_at);

CREATE TABLE meters (
    product_id  uuid NOT NULL REFERENCES products (id),
    name        text COLLATE "C" NOT NULL,
    unit        text NOT NULL,
    scale       bigint NOT NULL,
    PRIMARY KEY (product_id, name)
);

CREATE TABLE plans (
    id                 uuid PRIMARY KEY NOT NULL,
    product_id         uuid NOT NULL REFERENCES products (id),
    code               text COLLATE "C" NOT NULL,
    tier               text NOT NULL,
    rank               bigint NOT NULL,
    seats              bigint,
    overage            bigint NOT NULL,
    reclaim_after_s    bigint,
    takeovers_per_day  bigint NOT NULL,
    on_clone           text NOT NULL,
    nodes              bigint,
    trial_s            bigint,
    heartbeat_s        bigint,
    grace_s            bigint,
    features           text NOT NULL,
    limits             text NOT NULL,
    info               text NOT NULL,
    UNIQUE (product_id, code)
);
