//! Makes a customer before the first licence does.

use licentia_protocol::licenses::NewCustomer;
use licentia_protocol::resource;
use serde_json::Value;

use super::{Named, check_named, customer_view};
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;

impl Authority {
    /// Makes a customer; an address is taken once.
    pub async fn create_customer(
        &self,
        request: NewCustomer,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Customer, AuthorityError> {
        let NewCustomer { email, name, organization } = request;
        let named = Named { email, name, organization };
        check_named(&named)?;
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    if tx.customer_by_email(&named.email).await?.is_some() {
                        let name = named.email;
                        return Err(AuthorityError::Exists { what: "customer", name });
                    }
                    let customer = this.new_customer(&named, this.clock().now());
                    tx.insert_customer(&customer).await?;
                    let entry = Entry::new()
                        .fact("before", Value::Null)
                        .personal("after.email", Some(&customer.email))
                        .personal("after.name", customer.name.as_deref())
                        .personal("after.organization", customer.organization.as_deref());
                    let subject = format!("customer:{}", customer.id);
                    this.record(tx, &ask.actor, "customer.create", subject, entry).await?;
                    Ok((customer.id, customer_view(customer)))
                })
            },
            |_, tx, id| {
                Box::pin(async move {
                    let customer = tx.customer(id).await?;
                    customer.map(customer_view).ok_or_else(|| super::list::missing(id))
                })
            },
        )
        .await
    }
}
