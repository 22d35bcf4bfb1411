//! Jobs: side effects that wait to be carried out.

use async_trait::async_trait;
use licentia_model::{Job, JobState};
use uuid::Uuid;

use crate::Result;

/// What jobs a list shows, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// All.
    All,
    /// About a licence.
    OfLicense(Uuid),
    /// To a target.
    OfTarget(Uuid),
    /// Waiting, or dead.
    InState(JobState),
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What the job is now.
    pub state: JobState,
    /// When it is due again, where it waits.
    pub due_at: i64,
    /// How often it was begun: one that was put off was not.
    pub attempts: u32,
    /// What the attempt ended with.
    pub outcome: Option<String>,
    /// When it ended, where it does not wait.
    pub ended_at: Option<i64>,
}

/// Jobs, each carried out at least once.
#[async_trait]
pub trait Jobs {
    /// Queues a job with the change that causes it; `false` where one with the same `once` was queued before.
    async fn insert_job(&mut self, job: &Job) -> Result<bool>;
    /// Jobs of a kind that are due at `now`, the longest due first, at most `limit`; of a lane only its oldest. They
    /// are the caller's until `until`; one that is not settled by then is claimed again.
    async fn claim_jobs(
        &mut self,
        kind: &str,
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<Job>>;
    /// Puts down how an attempt ended; `false`, and nothing, where the job is no longer the caller's, who claimed it
    /// until `until`. Where it waits on, those behind it in its lane are due no earlier. What is done keeps no sealed
    /// part.
    async fn settle_job(&mut self, seq: u64, until: i64, settled: &Settled) -> Result<bool>;
    /// Makes a job due at `now` as if it were new; `false` where it waits already.
    async fn revive_job(&mut self, id: Uuid, now: i64) -> Result<bool>;
    /// By id.
    async fn job(&mut self, id: Uuid) -> Result<Option<Job>>;
    /// Those whose `once` begins so, in its order, last first; nothing in it is a wildcard of SQL.
    async fn jobs_known_by(&mut self, beginning: &str, limit: u32) -> Result<Vec<Job>>;
    /// A page, newest first, of those before `before`.
    async fn walk_jobs(&mut self, path: Path, before: u64, limit: u32) -> Result<Vec<Job>>;
    /// How many there are by kind that are not done.
    async fn count_jobs(&mut self) -> Result<Vec<(String, JobState, u64)>>;
    /// Forgets jobs that ended before this; how many.
    async fn prune_jobs(&mut self, before: i64) -> Result<u64>;
    /// Gives up every job that waits for a target; how many.
    async fn bury_jobs(&mut self, target: Uuid, outcome: &str, at: i64) -> Result<u64>;
    /// Waits until nobody else makes jobs of messages; the turn ends with the transaction.
    async fn lock_dispatch(&mut self) -> Result<()>;
}
