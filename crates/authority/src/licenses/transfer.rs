//! A licence goes to another customer. What the former one holds counts no more: his keys are unknown, his seats
//! free, his tokens stale; unless the installations go along, as when a company changes its name.

use licentia_license::License as Claims;
use licentia_license::claims::{Customer as CustomerClaim, Text};
use licentia_model::Customer;
use licentia_protocol::licenses::Transfer;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::customers::{Named, check_named};
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::renew::still_alive;

impl Authority {
    /// Transfers a licence to the customer with this address, who is made where he is new.
    pub async fn transfer(
        &self,
        id: Uuid,
        request: Transfer,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        let to = Named {
            email: request.email.clone(),
            name: request.name.clone(),
            organization: request.organization.clone(),
        };
        check_named(&to)?;
        let keep = request.keep_installations;
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                still_alive(&license, "transferred")?;
                let known = this.know(tx, license).await?;
                let (product, _) = this.terms_of(tx, &known).await?;
                let customer = this.customer_for(tx, &to, this.clock().now()).await?;
                let mut license = known.license;
                if customer.id == license.customer_id {
                    return Err(AuthorityError::NotAllowed {
                        what: "licence",
                        action: "transferred",
                        state: "this customer's already",
                    });
                }
                let claim = Some(claim(&customer));
                let after = Claims { customer: claim, ..known.claims.claims().clone() };
                license.customer_id = customer.id;
                let released = if keep { 0 } else { this.free_seats(tx, license.id, 0).await? };
                let amendment = Amendment {
                    action: "license.transfer",
                    actor: &actor,
                    product: &product,
                    before: &known.claims,
                    after,
                    stale_tokens: !keep,
                    key: if keep { Key::Follows } else { Key::Voids },
                    entry: Entry::new()
                        .fact("released", released)
                        .personal("email", Some(&customer.email)),
                };
                this.amend(tx, license, amendment).await
            })
        })
        .await
    }
}

/// A customer as a licence names him.
pub(crate) fn claim(customer: &Customer) -> CustomerClaim {
    CustomerClaim {
        id: customer.id.to_string().into(),
        name: customer.name.as_deref().map(Text::from),
        email: Some(customer.email.as_str().into()),
        organization: customer.organization.as_deref().map(Text::from),
    }
}
