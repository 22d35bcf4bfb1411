//! Ends a licence for good, at once or after a grace.

use licentia_model::EventKind;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::licenses::list::missing;

impl Authority {
    /// Revokes a licence; running products may go on for `grace_s` seconds.
    pub async fn revoke(
        &self,
        id: Uuid,
        reason: Option<String>,
        grace_s: u32,
        actor: Actor,
    ) -> Result<resource::License, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let mut license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
                let before = license.state.as_str();
                let grace_until = (grace_s > 0).then(|| now.saturating_add(i64::from(grace_s)));
                license.state =
                    license.state.revoke(now, reason.clone(), grace_until).map_err(|e| {
                        AuthorityError::NotAllowed {
                            what: "licence",
                            action: "revoked",
                            state: e.0,
                        }
                    })?;
                license.token_version += 1;
                license.updated_at = now;
                tx.update_license(&license).await?;
                tx.insert_event(Some(id), EventKind::Revoked, now).await?;
                let entry = Entry::new()
                    .fact("before", before)
                    .fact("after", license.state.as_str())
                    .fact("grace_until", grace_until)
                    .fact("token_version", license.token_version)
                    .personal("reason", reason.as_deref());
                this.record(tx, &actor, "license.revoke", subject(id), entry).await?;
                this.view(tx, license).await
            })
        })
        .await
    }
}
