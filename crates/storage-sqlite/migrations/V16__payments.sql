-- What payment providers told: purchases, the ids that providers know them by, and events, once each.

CREATE TABLE purchases (
    id          TEXT PRIMARY KEY NOT NULL,
    provider    TEXT NOT NULL,
    license_id  TEXT REFERENCES licenses (id),
    applied     TEXT,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX purchases_of_license ON purchases (license_id, id);

CREATE TABLE purchase_references (
    provider     TEXT NOT NULL,
    reference    TEXT NOT NULL,
    purchase_id  TEXT NOT NULL REFERENCES purchases (id),
    PRIMARY KEY (provider, reference)
) STRICT, WITHOUT ROWID;

CREATE INDEX purchase_references_of_purchase ON purchase_references (purchase_id);

CREATE TABLE payment_events (
    id           TEXT PRIMARY KEY NOT NULL,
    provider     TEXT NOT NULL,
    event        TEXT NOT NULL,
    purchase_id  TEXT NOT NULL REFERENCES purchases (id),
    kind         TEXT NOT NULL,
    at           INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    facts        TEXT NOT NULL,
    UNIQUE (provider, event)
) STRICT;

CREATE INDEX payment_events_of_purchase ON payment_events (purchase_id, at, event);
CREATE INDEX payment_events_newest ON payment_events (received_at, id);
