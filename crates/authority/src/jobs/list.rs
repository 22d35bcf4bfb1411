//! Jobs as operators see them.

use licentia_model::{Job, JobState};
use licentia_protocol::resource::{self, Page};
use licentia_storage::Transaction;
use licentia_storage::jobs::Path;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::paging::{Budget, Structured, cursor, limit_of, read_cursor};
use crate::seats::timestamp;

/// What a list of jobs is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<JobState>,
    /// About this licence.
    pub license: Option<Uuid>,
    /// To this target.
    pub target: Option<Uuid>,
    /// Telling this, e.g. `license.suspended`.
    pub event: Option<String>,
    /// Where the last page ended.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Where a list stands.
#[derive(Serialize, Deserialize)]
struct Before {
    seq: u64,
}

impl Structured for Before {}

impl Filter {
    fn path(&self) -> Path {
        match (self.license, self.target, self.state) {
            (Some(license), ..) => Path::OfLicense(license),
            (_, Some(target), _) => Path::OfTarget(target),
            (_, _, Some(state @ (JobState::Waiting | JobState::Dead))) => Path::InState(state),
            _ => Path::All,
        }
    }

    fn fits(&self, job: &Job) -> bool {
        self.kind.as_ref().is_none_or(|kind| *kind == job.kind)
            && self.state.is_none_or(|state| state == job.state)
            && self.license.is_none_or(|license| job.license_id == Some(license))
            && self.target.is_none_or(|target| job.target == Some(target))
            && self.event.as_ref().is_none_or(|event| *event == job.event)
    }
}

impl Authority {
    /// A page of jobs, newest first; it may be short.
    pub async fn list_jobs(&self, filter: Filter) -> Result<Page<resource::Job>, AuthorityError> {
        let limit = limit_of(filter.limit)? as usize;
        self.read(move |_, tx| {
            Box::pin(async move {
                let after = filter.after.as_deref().map(read_cursor::<Before>).transpose()?;
                let mut before = after.map_or(u64::MAX, |after| after.seq);
                let (mut items, mut budget) = (Vec::new(), Budget::default());
                while items.len() < limit && !budget.is_spent() {
                    let ask = budget.ask(limit - items.len(), false);
                    let found = tx.walk_jobs(filter.path(), before, ask).await?;
                    budget.spend(ask);
                    let last = found.len() < ask as usize;
                    for job in found {
                        if items.len() == limit {
                            let next = Some(cursor(&Before { seq: before }));
                            return Ok(Page { items, next });
                        }
                        before = job.seq;
                        if filter.fits(&job) {
                            items.push(job_view(&job));
                        }
                    }
                    if last {
                        return Ok(Page { items, next: None });
                    }
                }
                Ok(Page { items, next: Some(cursor(&Before { seq: before })) })
            })
        })
        .await
    }

    /// One job, with what is sent.
    pub async fn show_job(&self, id: Uuid) -> Result<resource::Job, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let job = tx.job(id).await?.ok_or_else(|| missing(id))?;
                let payload = serde_json::from_str(&job.payload).ok();
                Ok(resource::Job { payload, ..job_view(&job) })
            })
        })
        .await
    }

    pub(crate) async fn job_in(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
    ) -> Result<resource::Job, AuthorityError> {
        Ok(job_view(&tx.job(id).await?.ok_or_else(|| missing(id))?))
    }

    /// How many messages have not become jobs yet, and how many jobs there are by kind that are not done.
    pub async fn count_jobs(&self) -> Result<(u64, Vec<(String, JobState, u64)>), AuthorityError> {
        self.read(|_, tx| {
            Box::pin(async move { Ok((tx.count_messages().await?, tx.count_jobs().await?)) })
        })
        .await
    }
}

pub(crate) fn job_view(job: &Job) -> resource::Job {
    resource::Job {
        id: job.id,
        kind: job.kind.clone(),
        state: job.state.to_string(),
        event: job.event.clone(),
        license_id: job.license_id,
        target: job.target,
        attempts: job.attempts,
        due_at: (job.state == JobState::Waiting).then(|| timestamp(job.due_at)),
        outcome: job.outcome.clone(),
        created_at: timestamp(job.created_at),
        ended_at: job.ended_at.map(timestamp),
        payload: None,
    }
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "job", name: id.to_string() }
}
