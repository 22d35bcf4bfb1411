//! Shows somebody out.

use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::operators::list::{keep_an_owner, locked, subject, view};

impl Authority {
    /// Removes an operator with tokens, sessions and codes. What it did stays in the audit trail.
    pub async fn remove_operator(
        &self,
        id: Uuid,
        ask: impl Into<Ask>,
    ) -> Result<(), AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let operator = locked(tx, id).await?;
                ask.check(&view(tx, &operator).await?)?;
                keep_an_owner(tx, &operator).await?;
                let tokens = tx.delete_api_tokens(id).await?;
                let sessions = tx.delete_sessions(id, None).await?;
                tx.put_recovery_codes(id, &[]).await?;
                tx.delete_operator(id).await?;
                let entry = Entry::change(operator.role.as_str(), "removed")
                    .fact("name", operator.name)
                    .fact("tokens", tokens)
                    .fact("sessions", sessions);
                this.record(tx, &ask.actor, "operator.remove", subject(id), entry).await
            })
        })
        .await
    }
}
