//! Puts a suspended licence in force again.

use licentia_model::EventKind;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::list::missing;

impl Authority {
    /// Resumes a licence. Tokens from before the suspension stay stale.
    pub async fn resume(
        &self,
        id: Uuid,
        actor: Actor,
    ) -> Result<resource::License, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let mut license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
                let before = license.state.as_str();
                license.state = license.state.resume().map_err(|e| AuthorityError::NotAllowed {
                    what: "licence",
                    action: "resumed",
                    state: e.0,
                })?;
                license.updated_at = now;
                tx.update_license(&license).await?;
                tx.insert_event(Some(id), EventKind::Resumed, now).await?;
                let entry =
                    Entry::new().fact("before", before).fact("after", license.state.as_str());
                this.announce(tx, &actor, "license.resume", id, entry).await?;
                this.view(tx, license).await
            })
        })
        .await
    }
}
