//! Stops a licence for a while: running products hear of it at once.

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
    /// Suspends a licence.
    pub async fn suspend(
        &self,
        id: Uuid,
        reason: Option<String>,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        check_reason(reason.as_deref())?;
        self.change_license(id, ask.into(), |this, tx, license, actor| {
            Box::pin(async move { Ok(this.suspend_in(tx, license, reason, &actor).await?.into()) })
        })
        .await
    }

    /// Suspends within a transaction that has the licence locked.
    pub(crate) async fn suspend_in(
        &self,
        tx: &mut dyn Transaction,
        mut license: License,
        reason: Option<String>,
        actor: &Actor,
    ) -> Result<License, AuthorityError> {
        let now = self.clock().now();
        let before = license.state.as_str();
        license.state = license.state.suspend(now, reason.clone()).map_err(|e| {
            AuthorityError::NotAllowed { what: "licence", action: "suspended", state: e.0 }
        })?;
        license.token_version += 1;
        license.updated_at = now;
        tx.update_license(&license).await?;
        tx.insert_event(Some(license.id), EventKind::Suspended, now).await?;
        let entry = Entry::change(before, license.state.as_str())
            .fact("token_version", license.token_version)
            .personal("reason", reason.as_deref());
        self.announce(tx, actor, "license.suspend", license.id, entry).await?;
        Ok(license)
    }
}
