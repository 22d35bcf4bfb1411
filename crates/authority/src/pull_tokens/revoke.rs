//! Ends a pull token at once; what was signed on its account runs out within minutes.

use licentia_protocol::distribution;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::pull_tokens::list::{missing, view};

impl Authority {
    /// Revokes a pull token; a second time changes nothing.
    pub async fn revoke_pull_token(
        &self,
        id: Uuid,
        ask: impl Into<Ask>,
    ) -> Result<distribution::PullToken, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let mut token = tx.pull_token_by_id(id).await?.ok_or_else(|| missing(id))?;
                if token.revoked_at.is_none() {
                    token.revoked_at = Some(this.clock().now());
                    tx.update_pull_token(&token).await?;
                    let entry = Entry::change("good", "revoked").fact("token", id.to_string());
                    let subject = subject(token.license_id);
                    this.record(tx, &ask.actor, "pull_token.revoke", subject, entry).await?;
                }
                Ok(view(&token))
            })
        })
        .await
    }
}
