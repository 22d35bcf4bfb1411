-- Where events are told to. Secrets are sealed under the master key.

CREATE TABLE webhooks (
    id            uuid PRIMARY KEY NOT NULL,
    url           text NOT NULL,
    description   text,
    events        text NOT NULL,
    signing       text NOT NULL,
    secret        bytea NOT NULL,
    former        bytea,
    former_until  bigint,
    disabled_at   bigint,
    disabled_why  text,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL
);
