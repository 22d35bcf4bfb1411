//! Brings a draft out. From then on it is what it is.

use licentia_model::{Release, ReleaseState};
use licentia_protocol::distribution;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::releases::list::{missing, subject};

impl Authority {
    /// Publishes a draft whose files are all stored. A second time changes nothing.
    pub async fn publish_release(
        &self,
        id: Uuid,
        ask: impl Into<Ask>,
    ) -> Result<distribution::Release, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let release = tx.release_by_id(id).await?.ok_or_else(|| missing(id))?;
                let refused = |state| AuthorityError::NotAllowed {
                    what: "release",
                    action: "published",
                    state,
                };
                match release.state {
                    ReleaseState::Draft => {}
                    ReleaseState::Published => return this.release_view(tx, id).await,
                    ReleaseState::Yanked => return Err(refused("yanked")),
                }
                let artifacts = tx.artifacts(id).await?;
                if artifacts.iter().any(|artifact| artifact.stored_at.is_none()) {
                    return Err(refused("a draft with files that are not stored yet"));
                }
                let now = this.clock().now();
                let release = Release {
                    state: ReleaseState::Published,
                    published_at: Some(now),
                    updated_at: now,
                    ..release
                };
                tx.update_release(&release).await?;
                let entry = Entry::new()
                    .fact("version", release.version.clone())
                    .fact("channel", release.channel.clone())
                    .fact("files", artifacts.len() as u64)
                    .fact("before", "draft")
                    .fact("after", "published");
                this.record(tx, &ask.actor, "release.publish", subject(id), entry).await?;
                this.release_view(tx, id).await
            })
        })
        .await
    }
}
