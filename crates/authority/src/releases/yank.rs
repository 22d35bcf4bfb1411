//! Takes a release back: it is offered to nobody any more. Its bytes stay, for whoever has to look.

use licentia_model::{Release, ReleaseState};
use licentia_protocol::distribution;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::check_reason;
use crate::releases::list::{missing, subject};

impl Authority {
    /// Yanks a release; a second time changes nothing.
    pub async fn yank_release(
        &self,
        id: Uuid,
        reason: Option<String>,
        ask: impl Into<Ask>,
    ) -> Result<distribution::Release, AuthorityError> {
        check_reason(reason.as_deref())?;
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let before = tx.release_by_id(id).await?.ok_or_else(|| missing(id))?;
                if before.state != ReleaseState::Yanked {
                    let release = Release {
                        state: ReleaseState::Yanked,
                        reason,
                        updated_at: this.clock().now(),
                        ..before.clone()
                    };
                    tx.update_release(&release).await?;
                    let entry = Entry::new()
                        .fact("version", release.version)
                        .fact("reason", release.reason)
                        .fact("before", before.state.as_str())
                        .fact("after", "yanked");
                    this.record(tx, &ask.actor, "release.yank", subject(id), entry).await?;
                }
                this.release_view(tx, id).await
            })
        })
        .await
    }
}
