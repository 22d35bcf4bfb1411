//! Ends a licence that its customer gave up: running products hear of it at once.

use licentia_model::EventKind;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::list::missing;

impl Authority {
    /// Cancels a licence.
    pub async fn cancel(
        &self,
        id: Uuid,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<resource::License, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let mut license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
                let before = license.state.as_str();
                license.state = license.state.cancel(now, reason.clone()).map_err(|e| {
                    AuthorityError::NotAllowed { what: "licence", action: "cancelled", state: e.0 }
                })?;
                license.token_version += 1;
                license.updated_at = now;
                tx.update_license(&license).await?;
                tx.insert_event(Some(id), EventKind::Changed, now).await?;
                let entry = Entry::new()
                    .fact("before", before)
                    .fact("after", license.state.as_str())
                    .fact("token_version", license.token_version)
                    .personal("reason", reason.as_deref());
                this.announce(tx, &actor, "license.cancel", id, entry).await?;
                this.view(tx, license).await
            })
        })
        .await
    }
}
