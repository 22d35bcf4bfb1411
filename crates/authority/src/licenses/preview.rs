//! What an order would become, without issuing it.

use licentia_license::License as Claims;
use licentia_protocol::resource;
use serde::Serialize;

use super::issue::Order;
use crate::authority::Authority;
use crate::customers::told;
use crate::error::AuthorityError;
use crate::products::list::plan_view;

/// A licence that was not issued: ids are drawn when it is.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// What the licence would say.
    pub claims: Claims,
    /// In which scheme its key would be.
    pub scheme: String,
    /// The plan that it would be on.
    pub plan: resource::Plan,
    /// Whether there is a customer of this address already.
    pub known_customer: bool,
}

impl Authority {
    /// What an order would become.
    pub async fn preview(&self, order: Order) -> Result<Preview, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let terms = order.terms(tx, now).await?;
                let named = order.named();
                let known = tx.customer_by_email(&named.email).await?;
                let known_customer = known.is_some();
                let customer = match known {
                    Some(known) => told(known, &named),
                    None => this.new_customer(&named, now),
                };
                let ids = (this.uuid(), this.uuid());
                let claims = order.claims(this.issuer(), &terms, &customer, ids, now);
                let product = terms.product.code.clone();
                Ok(Preview {
                    claims,
                    scheme: terms.scheme.to_string(),
                    plan: plan_view(terms.plan, &product),
                    known_customer,
                })
            })
        })
        .await
    }
}
