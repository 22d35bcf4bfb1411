-- What was used: totals by day (days since the epoch, UTC), and the reports that were counted already.

CREATE TABLE usage_counts (
    license_id  TEXT NOT NULL REFERENCES licenses (id),
    meter       TEXT NOT NULL,
    day         INTEGER NOT NULL,
    amount      INTEGER NOT NULL,
    PRIMARY KEY (license_id, meter, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_reports (
    activation_id  TEXT NOT NULL REFERENCES activations (id),
    report_id      TEXT NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (activation_id, report_id)
) STRICT, WITHOUT ROWID;
