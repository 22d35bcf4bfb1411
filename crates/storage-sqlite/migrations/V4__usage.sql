-- What was used: totals by day (days since the epoch, UTC), and the reports that were counted already.

CREATE TABLE usage_counts (
    license_id  TEXT NOT NULL REFERENCES licenses (id),
    day         INTEGER NOT NULL,
    meter       TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    PRIMARY KEY (license_id, day, meter)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_reports (
    activation_id  TEXT NOT NULL REFERENCES activations (id),
    report_id      TEXT NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (activation_id, report_id)
) STRICT, WITHOUT ROWID;
