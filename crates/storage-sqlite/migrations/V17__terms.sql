-- Terms that catalogues agree upon: of what there is one trial, when old schemes are warned of, how installations that
-- never had a licence come by one, whether a product may send what it counts.

ALTER TABLE products
    ADD COLUMN warning TEXT NOT NULL DEFAULT '{}';
ALTER TABLE products
    ADD COLUMN trial_once_per TEXT NOT NULL DEFAULT '["customer"]';
ALTER TABLE products
    ADD COLUMN upgrade TEXT NOT NULL DEFAULT 'null';
ALTER TABLE plans
    ADD COLUMN telemetry INTEGER NOT NULL DEFAULT 0;

-- Who or what had a trial of a product, by keyed hash; for a machine its fingerprint, since some of it may change.
CREATE TABLE trial_marks (
    product_id   TEXT NOT NULL REFERENCES products (id),
    mark         BLOB NOT NULL,
    license_id   TEXT NOT NULL REFERENCES licenses (id),
    fingerprint  TEXT,
    PRIMARY KEY (product_id, mark, license_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX trial_marks_of_license ON trial_marks (license_id);
