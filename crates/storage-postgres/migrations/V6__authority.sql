-- The authority itself: its keys, its operators and their tokens, its settings.

CREATE TABLE signing_keys (
    kid         text COLLATE "C" PRIMARY KEY NOT NULL,
    purposes    text NOT NULL,
    state       text NOT NULL,
    public_pem  text NOT NULL,
    sealed      bytea,
    not_before  bigint,
    not_after   bigint,
    created_at  bigint NOT NULL
);

CREATE TABLE operators (
    id          uuid PRIMARY KEY NOT NULL,
    name        text COLLATE "C" NOT NULL UNIQUE,
    role        text NOT NULL,
    created_at  bigint NOT NULL
);

CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY NOT NULL,
    operator_id  uuid NOT NULL REFERENCES operators (id),
    name         text NOT NULL,
    hash         bytea NOT NULL UNIQUE,
    scopes       text NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint
);

-- The mark of the audit trail's end is one of them and changes with every row of it: room for its versions.
CREATE TABLE settings (
    name   text COLLATE "C" PRIMARY KEY NOT NULL,
    value  text NOT NULL
) WITH (fillfactor = 30);
