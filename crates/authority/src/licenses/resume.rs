//! Puts a suspended licence in force again.

use licentia_model::EventKind;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;

impl Authority {
    /// Resumes a licence. Tokens from before the suspension stay stale.
    pub async fn resume(
        &self,
        id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        self.change_license(id, ask.into(), move |this, tx, mut license, actor| {
            Box::pin(async move {
                let now = this.clock().now();
                let before = license.state.as_str();
                license.state = license.state.resume().map_err(|e| AuthorityError::NotAllowed {
                    what: "licence",
                    action: "resumed",
                    state: e.0,
                })?;
                license.updated_at = now;
                tx.update_license(&license).await?;
                tx.insert_event(Some(id), EventKind::Resumed, now).await?;
                let entry = Entry::change(before, license.state.as_str());
                this.announce(tx, &actor, "license.resume", id, entry).await?;
                Ok(license.into())
            })
        })
        .await
    }
}
