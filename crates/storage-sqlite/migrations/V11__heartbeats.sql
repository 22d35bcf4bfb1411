-- Counting the live seats of a licence goes by the day on which a lease ends: the index is touched once a day and
-- seat instead of by every heartbeat.

ALTER TABLE seats
    ADD COLUMN lease_day INTEGER NOT NULL DEFAULT 0;

UPDATE seats SET lease_day = lease_until / 86400;

DROP INDEX seats_of_license;
CREATE INDEX seats_of_license ON seats (license_id, lease_day);
