//! Puts a suspended licence in force again.

use licentia_model::{EventKind, License};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;

impl Authority {
    /// Resumes a licence. Tokens from before the suspension stay stale.
    pub async fn resume(
        &self,
        id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move { Ok(this.resume_in(tx, license, &actor).await?.into()) })
        })
        .await
    }

    /// Resumes within a transaction that has the licence locked.
    pub(crate) async fn resume_in(
        &self,
        tx: &mut dyn Transaction,
        mut license: License,
        actor: &Actor,
    ) -> Result<License, AuthorityError> {
        let now = self.clock().now();
        let before = license.state.as_str();
        license.state = license.state.resume().map_err(|e| AuthorityError::NotAllowed {
            what: "licence",
            action: "resumed",
            state: e.0,
        })?;
        license.updated_at = now;
        tx.update_license(&license).await?;
        tx.insert_event(Some(license.id), EventKind::Resumed, now).await?;
        let entry = Entry::change(before, license.state.as_str());
        self.announce(tx, actor, "license.resume", license.id, entry).await?;
        Ok(license)
    }
}
