//! Sends again what was given up, or what was done.

use licentia_protocol::resource;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::jobs::list::{job_view, missing};

impl Authority {
    /// Makes a job due at once, with the same id. One that waits is left alone.
    pub async fn resend_job(
        &self,
        id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Job, AuthorityError> {
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    let job = tx.job(id).await?.ok_or_else(|| missing(id))?;
                    if tx.revive_job(id, this.clock().now()).await? {
                        let entry = Entry::change(job.state.as_str(), "waiting")
                            .fact("kind", job.kind)
                            .fact("event", job.event);
                        this.record(tx, &ask.actor, "job.resend", format!("job:{id}"), entry)
                            .await?;
                    }
                    let job = tx.job(id).await?.ok_or_else(|| missing(id))?;
                    Ok((id, job_view(&job)))
                })
            },
            move |_, tx, id| {
                Box::pin(
                    async move { Ok(job_view(&tx.job(id).await?.ok_or_else(|| missing(id))?)) },
                )
            },
        )
        .await
    }
}
