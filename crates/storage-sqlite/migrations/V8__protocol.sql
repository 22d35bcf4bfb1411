-- What the product protocol keeps: quotas, the chain of actions, hourly usage, side effects to be carried out.

ALTER TABLE plans
    ADD COLUMN on_chain_broken TEXT NOT NULL DEFAULT 'warn';
ALTER TABLE plans
    ADD COLUMN quotas TEXT NOT NULL DEFAULT '{}';

-- The signed record that the last activation handed out: part of the key of the chain of actions.
ALTER TABLE activations
    ADD COLUMN record TEXT;

-- Entries of the chain may be sealed under the nonce before the last one.
ALTER TABLE seats
    ADD COLUMN previous_server_nonce TEXT;

-- The last acknowledged entry of an activation's chain of actions.
CREATE TABLE chains (
    activation_id  TEXT PRIMARY KEY NOT NULL REFERENCES activations (id),
    sequence       INTEGER NOT NULL,
    mac            BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Usage by hour (hours since the epoch, UTC), pruned; and for good, in all.
DROP TABLE usage_counts;

CREATE TABLE usage_hours (
    license_id  TEXT NOT NULL REFERENCES licenses (id),
    meter       TEXT NOT NULL,
    hour        INTEGER NOT NULL,
    amount      INTEGER NOT NULL,
    PRIMARY KEY (license_id, meter, hour)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_hours_old ON usage_hours (hour);

CREATE TABLE usage_totals (
    license_id  TEXT NOT NULL REFERENCES licenses (id),
    meter       TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    PRIMARY KEY (license_id, meter)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_reports_old ON usage_reports (at);

-- Side effects, queued with the change that causes them. AUTOINCREMENT: a number is never given twice.
CREATE TABLE outbox (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    license_id     TEXT NOT NULL REFERENCES licenses (id),
    kind           TEXT NOT NULL,
    facts          TEXT NOT NULL,
    at             INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    claimed_until  INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_old ON outbox (at);
