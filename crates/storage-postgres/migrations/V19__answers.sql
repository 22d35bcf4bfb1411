-- What a request with an idempotency key was answered, sealed, where that cannot be looked up again: a signed document, or
-- what an import found.

ALTER TABLE idempotency_keys
    ADD COLUMN answer BYTEA;
