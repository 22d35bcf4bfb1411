//! Takes jobs that are due, and puts down how they ended.

use licentia_model::{Job, JobState};
use licentia_storage::jobs::Settled;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::jobs::Backoff;

/// How long whoever claimed a job has it for himself, in seconds: longer than one attempt may take. Where he dies
/// meanwhile, another one takes it after that.
const LEASE_S: i64 = 60;
/// Longest text of an outcome, in characters.
const OUTCOME: usize = 300;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; what the receiver said.
    Done(String),
    /// It failed, and may work later. Not before so many seconds, where the receiver said so.
    Failed {
        /// Why.
        why: String,
        /// What the receiver asked for.
        wait_s: Option<i64>,
    },
    /// It failed, and always will.
    Hopeless(String),
    /// It was not tried; in so many seconds. That is no attempt.
    NotNow(i64),
}

impl Outcome {
    /// Failed, to be tried again by the schedule.
    #[must_use]
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), wait_s: None }
    }
}

impl Authority {
    /// Jobs of a kind that are due, at most so many; whoever gets one carries it out and settles it.
    pub async fn claim_jobs(
        &self,
        kind: &'static str,
        most: u32,
    ) -> Result<Vec<Job>, AuthorityError> {
        let now = self.clock().now();
        self.write(move |_, tx| {
            Box::pin(async move { Ok(tx.claim_jobs(kind, now, now + LEASE_S, most).await?) })
        })
        .await
    }

    /// Puts down how an attempt ended. One that somebody else has taken over meanwhile is his.
    pub async fn settle_job(
        &self,
        job: &Job,
        outcome: Outcome,
        backoff: Backoff,
    ) -> Result<JobState, AuthorityError> {
        let now = self.clock().now();
        let settled =
            settled(job, outcome, backoff, now, u32::from_be_bytes(self.random().bytes()));
        let (seq, until, state) = (job.seq, job.due_at, settled.state);
        self.write(move |_, tx| {
            Box::pin(async move { Ok(tx.settle_job(seq, until, &settled).await?) })
        })
        .await?;
        Ok(state)
    }
}

fn settled(job: &Job, outcome: Outcome, backoff: Backoff, now: i64, drawn: u32) -> Settled {
    let ended = |state, outcome: String| Settled {
        state,
        due_at: now,
        attempts: job.attempts,
        outcome: Some(short(outcome)),
        ended_at: Some(now),
    };
    match outcome {
        Outcome::Done(said) => ended(JobState::Done, said),
        Outcome::Hopeless(why) => ended(JobState::Dead, why),
        Outcome::NotNow(wait) => Settled {
            state: JobState::Waiting,
            due_at: now + wait.max(1),
            attempts: job.attempts.saturating_sub(1),
            outcome: job.outcome.clone(),
            ended_at: None,
        },
        Outcome::Failed { why, wait_s } => match backoff.after(job.attempts, drawn) {
            None => ended(JobState::Dead, why),
            Some(wait) => Settled {
                state: JobState::Waiting,
                due_at: now + wait.max(wait_s.unwrap_or(0).min(24 * 3_600)),
                attempts: job.attempts,
                outcome: Some(short(why)),
                ended_at: None,
            },
        },
    }
}

fn short(text: String) -> String {
    if text.chars().count() <= OUTCOME { text } else { text.chars().take(OUTCOME).collect() }
}
