-- What administration looks for: lists of licences by plan, state and end; words that customers are found by;
-- keys that count no more.

-- Repeats what the signed key says, like tier and expires_at.
ALTER TABLE licenses
    ADD COLUMN trial INTEGER NOT NULL DEFAULT 0;

-- expires_at for the order of a list; a perpetual licence ends last.
ALTER TABLE licenses
    ADD COLUMN ends_at INTEGER NOT NULL DEFAULT 9223372036854775807;
UPDATE licenses SET ends_at = expires_at WHERE expires_at IS NOT NULL;

CREATE INDEX licenses_of_plan ON licenses (plan_id, created_at, id);
CREATE INDEX licenses_ending ON licenses (ends_at, id);
CREATE INDEX licenses_of_product_ending ON licenses (product_id, ends_at, id);
-- Nearly all licences are active: an index of the others costs nothing when one is issued.
CREATE INDEX licenses_in_state ON licenses (state, created_at, id) WHERE state <> 'active';
CREATE INDEX licenses_of_product_in_state
    ON licenses (product_id, state, created_at, id) WHERE state <> 'active';
CREATE INDEX licenses_revoked ON licenses (state_at, id) WHERE state = 'revoked';
CREATE INDEX licenses_on_trial ON licenses (created_at, id) WHERE trial = 1;

-- A key from before a transfer: found, and refused.
ALTER TABLE license_keys
    ADD COLUMN voided_at INTEGER;

CREATE INDEX license_keys_of_license ON license_keys (license_id, jti);

CREATE INDEX customers_newest ON customers (created_at, id);

-- Lower-case words that a customer is found by: see `Customer::terms`.
CREATE TABLE customer_terms (
    term         TEXT NOT NULL,
    customer_id  TEXT NOT NULL REFERENCES customers (id),
    PRIMARY KEY (term, customer_id)
) STRICT, WITHOUT ROWID;

-- Customers from before are found by their address, and by their words from their next change on.
INSERT INTO customer_terms (term, customer_id)
SELECT email_folded, id FROM customers;

CREATE INDEX activations_of_cluster ON activations (cluster_id, id);
