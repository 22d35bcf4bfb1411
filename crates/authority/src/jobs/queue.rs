//! Queues a job in the transaction of the change that causes it.

use licentia_model::{Job, JobState};
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;

/// A job to be.
#[derive(Debug, Clone, Default)]
pub struct NewJob {
    /// Its id; `None`: a new one.
    pub id: Option<Uuid>,
    /// Who carries it out, e.g. `mail`, `webhook`.
    pub kind: &'static str,
    /// What makes it known: of two with the same words only the first is queued.
    pub once: Option<String>,
    /// Jobs of one lane are carried out in order.
    pub lane: Option<String>,
    /// The licence it is about.
    pub license_id: Option<Uuid>,
    /// Where it goes, where a kind has several such.
    pub target: Option<Uuid>,
    /// What it tells, e.g. `license.suspended`.
    pub event: String,
    /// What is needed to carry it out, as JSON; nothing personal.
    pub payload: serde_json::Value,
    /// More of it, sealed.
    pub sealed: Option<Vec<u8>>,
    /// Not before this second; `None`: at once. Of those that are due the longest due is first, so one that somebody
    /// waits for says a time that has passed.
    pub due_at: Option<i64>,
}

impl Authority {
    /// Queues a job that no other change causes; `false` where it was queued before, by its `once`.
    pub async fn queue_job(&self, new: NewJob) -> Result<bool, AuthorityError> {
        self.write(move |this, tx| Box::pin(async move { this.queue(tx, new).await })).await
    }

    /// Queues it; `false` where it was queued before, by its `once`.
    pub(crate) async fn queue(
        &self,
        tx: &mut dyn Transaction,
        new: NewJob,
    ) -> Result<bool, AuthorityError> {
        let now = self.clock().now();
        let job = Job {
            seq: 0,
            id: new.id.unwrap_or_else(|| self.uuid()),
            kind: new.kind.to_owned(),
            once: new.once,
            lane: new.lane,
            license_id: new.license_id,
            target: new.target,
            event: new.event,
            payload: new.payload.to_string(),
            sealed: new.sealed,
            state: JobState::Waiting,
            attempts: 0,
            due_at: new.due_at.unwrap_or(now),
            outcome: None,
            created_at: now,
            ended_at: None,
        };
        Ok(tx.insert_job(&job).await?)
    }
}
