-- Terms that catalogues agree upon: of what there is one trial, when old schemes are warned of, how installations that
-- never had a licence come by one, whether a product may send what it counts.

ALTER TABLE products
    ADD COLUMN warning text NOT NULL DEFAULT '{}';
ALTER TABLE products
    ADD COLUMN trial_once_per text NOT NULL DEFAULT '["customer"]';
ALTER TABLE products
    ADD COLUMN upgrade text NOT NULL DEFAULT 'null';
ALTER TABLE plans
    ADD COLUMN telemetry boolean NOT NULL DEFAULT false;

-- Who or what had a trial of a product, by keyed hash; for a machine its fingerprint, since some of it may change.
CREATE TABLE trial_marks (
    product_id   uuid NOT NULL REFERENCES products (id),
    mark         bytea NOT NULL,
    license_id   uuid NOT NULL REFERENCES licenses (id),
    fingerprint  text,
    PRIMARY KEY (product_id, mark, license_id)
);

CREATE INDEX trial_marks_of_license ON trial_marks (license_id);
