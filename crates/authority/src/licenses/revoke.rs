//! Ends a licence for good, at once or after a grace.

use licentia_model::{EventKind, License};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::check_reason;

impl Authority {
    /// Revokes a licence; running products may go on for `grace_s` seconds.
    pub async fn revoke(
        &self,
        id: Uuid,
        reason: Option<String>,
        grace_s: u32,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        check_reason(reason.as_deref())?;
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                Ok(this.revoke_in(tx, license, reason, grace_s, &actor).await?.into())
            })
        })
        .await
    }

    /// Revokes within a transaction that has the licence locked.
    pub(crate) async fn revoke_in(
        &self,
        tx: &mut dyn Transaction,
        mut license: License,
        reason: Option<String>,
        grace_s: u32,
        actor: &Actor,
    ) -> Result<License, AuthorityError> {
        let now = self.clock().now();
        let before = license.state.as_str();
        let grace_until = (grace_s > 0).then(|| now.saturating_add(i64::from(grace_s)));
        license.state = license.state.revoke(now, reason.clone(), grace_until).map_err(|e| {
            AuthorityError::NotAllowed { what: "licence", action: "revoked", state: e.0 }
        })?;
        license.token_version += 1;
        license.updated_at = now;
        tx.update_license(&license).await?;
        tx.insert_event(Some(license.id), EventKind::Revoked, now).await?;
        let entry = Entry::change(before, license.state.as_str())
            .fact("grace_until", grace_until)
            .fact("token_version", license.token_version)
            .personal("reason", reason.as_deref());
        self.announce(tx, actor, "license.revoke", license.id, entry).await?;
        Ok(license)
    }
}
