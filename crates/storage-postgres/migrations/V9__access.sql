-- Who gets in: passwords, second factors, sessions, and what is known of a token.

-- A PHC text of argon2id; null: this operator has tokens only.
ALTER TABLE operators ADD COLUMN password text;
-- Sealed under the master key. The pending one counts once a code of it was shown.
ALTER TABLE operators ADD COLUMN totp bytea;
ALTER TABLE operators ADD COLUMN totp_pending bytea;
-- The time step of the last code: one is used once.
ALTER TABLE operators ADD COLUMN totp_step bigint NOT NULL DEFAULT 0;
ALTER TABLE operators ADD COLUMN updated_at bigint NOT NULL DEFAULT 0;

-- Keyed hashes; each opens once in the place of a code.
CREATE TABLE recovery_codes (
    operator_id  uuid NOT NULL REFERENCES operators (id),
    hash         bytea NOT NULL,
    PRIMARY KEY (operator_id, hash)
);

-- The first letters, so that its owner recognises it.
ALTER TABLE api_tokens ADD COLUMN prefix text NOT NULL DEFAULT '';
ALTER TABLE api_tokens ADD COLUMN last_used_at bigint;
ALTER TABLE api_tokens ADD COLUMN revoked_at bigint;

CREATE INDEX api_tokens_newest ON api_tokens (created_at, id);
CREATE INDEX api_tokens_of_operator ON api_tokens (operator_id, created_at, id);

CREATE TABLE sessions (
    id            uuid PRIMARY KEY NOT NULL,
    operator_id   uuid NOT NULL REFERENCES operators (id),
    hash          bytea NOT NULL UNIQUE,
    origin        text NOT NULL,
    agent         text,
    created_at    bigint NOT NULL,
    last_used_at  bigint NOT NULL,
    expires_at    bigint NOT NULL
);

CREATE INDEX sessions_newest ON sessions (created_at, id);
CREATE INDEX sessions_of_operator ON sessions (operator_id, created_at, id);
CREATE INDEX sessions_ended ON sessions (expires_at);

-- The history of one thing, without a walk through everybody's.
CREATE INDEX audit_of_subject ON audit (subject, seq);
