//! Ends a token at once.

use licentia_protocol::resource;
use uuid::Uuid;

use crate::access::Principal;
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::tokens::list::{missing, subject, view};

impl Authority {
    /// Revokes a token; a second time changes nothing.
    pub async fn revoke_token(
        &self,
        id: Uuid,
        by: &Principal,
        ask: impl Into<Ask>,
    ) -> Result<resource::ApiToken, AuthorityError> {
        let (by, ask) = (by.clone(), ask.into());
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let token = tx.api_token_by_id(id).await?;
                let token = token.filter(|token| by.reaches(token.operator_id));
                let mut token = token.ok_or_else(|| missing(id))?;
                let operator = tx.operator(token.operator_id).await?.ok_or_else(|| missing(id))?;
                if token.revoked_at.is_none() {
                    token.revoked_at = Some(this.clock().now());
                    tx.update_api_token(&token).await?;
                    let entry = Entry::change("good", "revoked")
                        .fact("operator", operator.name.clone())
                        .fact("name", token.name.clone());
                    this.record(tx, &ask.actor, "token.revoke", subject(id), entry).await?;
                }
                Ok(view(&token, &operator.name))
            })
        })
        .await
    }
}
