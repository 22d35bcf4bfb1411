-- Side effects: messages become jobs, one a receiver, and jobs remember what became of them.

-- A key that is shown once and has to be mailed, under the master key.
ALTER TABLE outbox ADD COLUMN sealed BLOB;

CREATE TABLE jobs (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id          TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    once        TEXT UNIQUE,
    lane        TEXT,
    license_id  TEXT REFERENCES licenses (id),
    target      TEXT,
    event       TEXT NOT NULL,
    payload     TEXT NOT NULL,
    sealed      BLOB,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    -- While somebody carries it out: when another one may.
    due_at      INTEGER NOT NULL,
    outcome     TEXT,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER
) STRICT;

CREATE INDEX jobs_due ON jobs (kind, due_at, seq) WHERE state = 'waiting';
CREATE INDEX jobs_in_lane ON jobs (lane, seq) WHERE state = 'waiting';
CREATE INDEX jobs_in_state ON jobs (state, seq) WHERE state <> 'done';
CREATE INDEX jobs_of_license ON jobs (license_id, seq);
CREATE INDEX jobs_of_target ON jobs (target, seq) WHERE target IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
