//! Changes how a customer is named. Licences say what they said until they are issued anew.

use licentia_protocol::licenses::EditCustomer;
use licentia_protocol::resource;
use uuid::Uuid;

use super::list::missing;
use super::{check_email, check_name, customer_view};
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;

impl Authority {
    /// Changes what is named, and leaves the rest.
    pub async fn update_customer(
        &self,
        id: Uuid,
        request: EditCustomer,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Customer, AuthorityError> {
        request.email.iter().try_for_each(|email| check_email(email))?;
        check_name("name", request.name.as_ref().and_then(Option::as_deref))?;
        check_name("organization", request.organization.as_ref().and_then(Option::as_deref))?;
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    // An address is locked before the trail, whoever does it; under both, nobody else changes him.
                    let other = match &request.email {
                        Some(email) => tx.customer_by_email(email).await?,
                        None => None,
                    };
                    tx.lock_audit_head().await?;
                    let before = tx.customer(id).await?.ok_or_else(|| missing(id))?;
                    ask.check(&customer_view(before.clone()))?;
                    let mut after = before.clone();
                    if let Some(email) = request.email {
                        if other.is_some_and(|other| other.id != id) {
                            return Err(AuthorityError::Exists { what: "customer", name: email });
                        }
                        after.email = email;
                    }
                    after.name = request.name.unwrap_or(after.name);
                    after.organization = request.organization.unwrap_or(after.organization);
                    tx.update_customer(&after).await?;
                    let entry = Entry::new()
                        .personal("before.email", Some(&before.email))
                        .personal("before.name", before.name.as_deref())
                        .personal("before.organization", before.organization.as_deref())
                        .personal("after.email", Some(&after.email))
                        .personal("after.name", after.name.as_deref())
                        .personal("after.organization", after.organization.as_deref());
                    let subject = format!("customer:{id}");
                    this.record(tx, &ask.actor, "customer.update", subject, entry).await?;
                    Ok((id, customer_view(after)))
                })
            },
            |_, tx, id| {
                Box::pin(async move {
                    tx.customer(id).await?.map(customer_view).ok_or_else(|| missing(id))
                })
            },
        )
        .await
    }
}
