//! Logs out.

use uuid::Uuid;

use crate::access::Principal;
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::operators::list::subject;

impl Authority {
    /// Ends a session, one's own or for an owner anybody's; its token opens nothing from the next request on.
    pub async fn end_session(
        &self,
        id: Uuid,
        by: &Principal,
        ask: impl Into<Ask>,
    ) -> Result<(), AuthorityError> {
        let (by, ask) = (by.clone(), ask.into());
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let session = tx.session_by_id(id).await?;
                let session = session.filter(|session| by.reaches(session.operator_id));
                let Some(session) = session else {
                    return Err(AuthorityError::NotFound { what: "session", name: id.to_string() });
                };
                tx.delete_session(id).await?;
                let entry = Entry::change("good", "ended").fact("session", id.to_string());
                let subject = subject(session.operator_id);
                this.record(tx, &ask.actor, "session.end", subject, entry).await
            })
        })
        .await
    }
}
