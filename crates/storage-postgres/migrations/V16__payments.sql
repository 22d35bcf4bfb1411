-- What payment providers told: purchases, the ids that providers know them by, and events, once each.

CREATE TABLE purchases (
    id          uuid PRIMARY KEY NOT NULL,
    provider    text NOT NULL,
    license_id  uuid REFERENCES licenses (id),
    applied     text,
    created_at  bigint NOT NULL
);

CREATE INDEX purchases_of_license ON purchases (license_id, id);

CREATE TABLE purchase_references (
    provider     text COLLATE "C" NOT NULL,
    reference    text COLLATE "C" NOT NULL,
    purchase_id  uuid NOT NULL REFERENCES purchases (id),
    PRIMARY KEY (provider, reference)
);

CREATE INDEX purchase_references_of_purchase ON purchase_references (purchase_id);

CREATE TABLE payment_events (
    id           uuid PRIMARY KEY NOT NULL,
    provider     text NOT NULL,
    event        text COLLATE "C" NOT NULL,
    purchase_id  uuid NOT NULL REFERENCES purchases (id),
    kind         text NOT NULL,
    at           bigint NOT NULL,
    received_at  bigint NOT NULL,
    facts        text NOT NULL,
    UNIQUE (provider, event)
);

CREATE INDEX payment_events_of_purchase ON payment_events (purchase_id, at, event);
CREATE INDEX payment_events_newest ON payment_events (received_at, id);
