//! Ends a licence that its customer gave up: running products hear of it at once.

use licentia_model::EventKind;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::check_reason;

impl Authority {
    /// Cancels a licence.
    pub async fn cancel(
        &self,
        id: Uuid,
        reason: Option<String>,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        check_reason(reason.as_deref())?;
        self.change_license(id, ask.into(), move |this, tx, mut license, actor| {
            Box::pin(async move {
                let now = this.clock().now();
                let before = license.state.as_str();
                license.state = license.state.cancel(now, reason.clone()).map_err(|e| {
                    AuthorityError::NotAllowed { what: "licence", action: "cancelled", state: e.0 }
                })?;
                license.token_version += 1;
                license.updated_at = now;
                tx.update_license(&license).await?;
                tx.insert_event(Some(id), EventKind::Changed, now).await?;
                let entry = Entry::change(before, license.state.as_str())
                    .fact("token_version", license.token_version)
                    .personal("reason", reason.as_deref());
                this.announce(tx, &actor, "license.cancel", id, entry).await?;
                Ok(license.into())
            })
        })
        .await
    }
}
