//! Jobs.

use async_trait::async_trait;
use licentia_model::{Job, JobState};
use licentia_storage::Result;
use licentia_storage::jobs::{Jobs, Path, Settled};
use rusqlite::params;
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO jobs (id, kind, once, lane, license_id, target, event, payload, sealed, state, attempts,
                          due_at, outcome, created_at, ended_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        ON CONFLICT (once) DO NOTHING";
    // Of a lane only the oldest one that waits, whoever has it.
    DUE = "
        SELECT * FROM jobs AS due
        WHERE state = 'waiting' AND kind = ?1 AND due_at <= ?2
          AND (lane IS NULL OR NOT EXISTS (
               SELECT 1 FROM jobs AS before
               WHERE before.lane = due.lane AND before.state = 'waiting' AND before.seq < due.seq))
        ORDER BY due_at, seq LIMIT ?3";
    CLAIM = "UPDATE jobs SET due_at = ?2, attempts = attempts + 1 WHERE seq = ?1";
    SETTLE = "
        UPDATE jobs
        SET state = ?3, due_at = ?4, attempts = ?7, outcome = ?5, ended_at = ?6,
            sealed = CASE WHEN ?3 = 'done' THEN NULL ELSE sealed END
        WHERE seq = ?1 AND state = 'waiting' AND due_at = ?2";
    // Those behind it would only be looked at and left again.
    HOLD_LANE = "
        UPDATE jobs SET due_at = ?2
        WHERE lane = (SELECT lane FROM jobs WHERE seq = ?1) AND state = 'waiting' AND seq > ?1
          AND due_at < ?2";
    REVIVE = "
        UPDATE jobs SET state = 'waiting', attempts = 0, due_at = ?2, outcome = NULL, ended_at = NULL
        WHERE id = ?1 AND state <> 'waiting'";
    BY_ID = "SELECT * FROM jobs WHERE id = ?1";
    KNOWN_BY = "
        SELECT * FROM jobs WHERE once >= ?1 AND once < ?1 || char(0x10ffff)
        ORDER BY once DESC LIMIT ?2";
    ALL = "SELECT * FROM jobs WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
    OF_LICENSE = "SELECT * FROM jobs WHERE license_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    OF_TARGET = "SELECT * FROM jobs WHERE target = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    IN_STATE = "
        SELECT * FROM jobs WHERE state <> 'done' AND state = ?1 AND seq < ?2
        ORDER BY seq DESC LIMIT ?3";
    COUNT = "
        SELECT kind, state, count(*) AS jobs FROM jobs WHERE state <> 'done' GROUP BY kind, state
        ORDER BY kind, state";
    PRUNE = "DELETE FROM jobs WHERE ended_at IS NOT NULL AND ended_at < ?1";
    BURY = "
        UPDATE jobs SET state = 'dead', outcome = ?2, ended_at = ?3
        WHERE target = ?1 AND state = 'waiting'";
}

#[async_trait]
impl Jobs for SqliteTransaction {
    async fn insert_job(&mut self, job: &Job) -> Result<bool> {
        let params = params![
            job.id.to_string(),
            job.kind,
            job.once,
            job.lane,
            job.license_id.map(|id| id.to_string()),
            job.target.map(|id| id.to_string()),
            job.event,
            job.payload,
            job.sealed,
            job.state.as_str(),
            job.attempts,
            job.due_at,
            job.outcome,
            job.created_at,
            job.ended_at,
        ];
        Ok(self.write(INSERT, params)? == 1)
    }

    async fn claim_jobs(
        &mut self,
        kind: &str,
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<Job>> {
        self.writable()?;
        let mut jobs = self.all("jobs", DUE, params![kind, now, limit], job)?;
        for job in &mut jobs {
            self.write_one("job", CLAIM, params![signed(job.seq)?, until])?;
            (job.attempts, job.due_at) = (job.attempts + 1, until);
        }
        jobs.sort_by_key(|job| job.seq);
        Ok(jobs)
    }

    async fn settle_job(&mut self, seq: u64, until: i64, settled: &Settled) -> Result<bool> {
        let Settled { state, due_at, attempts, outcome, ended_at } = settled;
        let params =
            params![signed(seq)?, until, state.as_str(), due_at, outcome, ended_at, attempts];
        if self.write(SETTLE, params)? == 0 {
            return Ok(false);
        }
        if *state == JobState::Waiting {
            self.write(HOLD_LANE, params![signed(seq)?, due_at])?;
        }
        Ok(true)
    }

    async fn revive_job(&mut self, id: Uuid, now: i64) -> Result<bool> {
        Ok(self.write(REVIVE, params![id.to_string(), now])? == 1)
    }

    async fn job(&mut self, id: Uuid) -> Result<Option<Job>> {
        self.one("jobs", BY_ID, params![id.to_string()], job)
    }

    async fn jobs_known_by(&mut self, beginning: &str, limit: u32) -> Result<Vec<Job>> {
        self.all("jobs", KNOWN_BY, params![beginning, limit], job)
    }

    async fn walk_jobs(&mut self, path: Path, before: u64, limit: u32) -> Result<Vec<Job>> {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        match path {
            Path::All => self.all("jobs", ALL, params![before, limit], job),
            Path::OfLicense(id) => {
                self.all("jobs", OF_LICENSE, params![id.to_string(), before, limit], job)
            }
            Path::OfTarget(id) => {
                self.all("jobs", OF_TARGET, params![id.to_string(), before, limit], job)
            }
            Path::InState(state) => {
                self.all("jobs", IN_STATE, params![state.as_str(), before, limit], job)
            }
        }
    }

    async fn count_jobs(&mut self) -> Result<Vec<(String, JobState, u64)>> {
        let count =
            |row: &Columns<'_>| Ok((row.plain("kind")?, row.word("state")?, row.number("jobs")?));
        self.all("jobs", COUNT, params![], count)
    }

    async fn prune_jobs(&mut self, before: i64) -> Result<u64> {
        self.write(PRUNE, params![before])
    }

    async fn bury_jobs(&mut self, target: Uuid, outcome: &str, at: i64) -> Result<u64> {
        self.write(BURY, params![target.to_string(), outcome, at])
    }

    async fn lock_dispatch(&mut self) -> Result<()> {
        // A writing transaction is the only one.
        self.writable()
    }
}

fn job(row: &Columns<'_>) -> Result<Job> {
    Ok(Job {
        seq: row.number("seq")?,
        id: row.uuid("id")?,
        kind: row.plain("kind")?,
        once: row.plain("once")?,
        lane: row.plain("lane")?,
        license_id: row.optional("license_id", Columns::uuid)?,
        target: row.optional("target", Columns::uuid)?,
        event: row.plain("event")?,
        payload: row.plain("payload")?,
        sealed: row.plain("sealed")?,
        state: row.word("state")?,
        attempts: row.number("attempts")?,
        due_at: row.plain("due_at")?,
        outcome: row.plain("outcome")?,
        created_at: row.plain("created_at")?,
        ended_at: row.plain("ended_at")?,
    })
}
