//! A side effect that waits to be carried out, and what became of it. It may be carried out twice, and does no harm
//! then.

use uuid::Uuid;

use crate::words;

words! {
    /// What became of a job.
    JobState {
        /// It is due, or will be.
        Waiting = "waiting",
        /// Carried out.
        Done = "done",
        /// Given up: a dead letter. Somebody may send it again.
        Dead = "dead",
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Grows with every job; 0 for one that is not stored yet.
    pub seq: u64,
    /// Known to whoever receives it: the same when it is sent again.
    pub id: Uuid,
    /// Who carries it out, e.g. `mail`, `webhook`.
    pub kind: String,
    /// What makes it known: of two with the same words only the first is queued.
    pub once: Option<String>,
    /// Jobs of one lane are carried out in the order in which they were queued.
    pub lane: Option<String>,
    /// The licence it is about.
    pub license_id: Option<Uuid>,
    /// Where it goes, where a kind has several such: the id of a webhook.
    pub target: Option<Uuid>,
    /// What it tells, e.g. `license.suspended`.
    pub event: String,
    /// What is needed to carry it out, as JSON text; nothing personal.
    pub payload: String,
    /// More of it, sealed under the master key; gone once it is carried out.
    pub sealed: Option<Vec<u8>>,
    /// What became of it.
    pub state: JobState,
    /// How often it was begun since it was queued or sent again.
    pub attempts: u32,
    /// Not before this second. While somebody carries it out: when another one may.
    pub due_at: i64,
    /// What the last attempt ended with: why it failed, or what the receiver said.
    pub outcome: Option<String>,
    /// When it was queued.
    pub created_at: i64,
    /// When it was done or given up.
    pub ended_at: Option<i64>,
}
