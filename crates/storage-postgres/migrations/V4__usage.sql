-- What was used: totals by day (days since the epoch, UTC), and the reports that were counted already.

CREATE TABLE usage_counts (
    license_id  uuid NOT NULL REFERENCES licenses (id),
    day         bigint NOT NULL,
    meter       text COLLATE "C" NOT NULL,
    amount      bigint NOT NULL,
    PRIMARY KEY (license_id, day, meter)
);

CREATE TABLE usage_reports (
    activation_id  uuid NOT NULL REFERENCES activations (id),
    report_id      text COLLATE "C" NOT NULL,
    at             bigint NOT NULL,
    PRIMARY KEY (activation_id, report_id)
);
