//! Lets a product run before a licence exists (decision 41): for the upgrade of installations that had none, or
//! while an order is on its way. The audit row is all that is kept of it.

use licentia_license::fingerprint::Fingerprint;
use licentia_license::waiver::GraceGrant;
use serde_json::{Value, json};

use super::grant::Grant;
use super::waive::{Exception, check_length, check_text};
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;

/// What to grant.
#[derive(Debug, Clone)]
pub struct GraceOrder {
    /// The product.
    pub product: String,
    /// The plan to run as; none: the product's default plan.
    pub plan: Option<String>,
    /// For how many seconds from now.
    pub seconds: u32,
    /// The machine; none: any.
    pub fingerprint: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Authority {
    /// Signs a grace.
    pub async fn grace(
        &self,
        order: GraceOrder,
        ask: impl Into<Ask> + Send,
    ) -> Result<Exception, AuthorityError> {
        let ask = ask.into();
        check_length(order.seconds)?;
        order.reason.iter().try_for_each(|reason| check_text("reason", reason))?;
        if let Some(Err(unreadable)) = order.fingerprint.as_deref().map(str::parse::<Fingerprint>) {
            return Err(AuthorityError::Invalid {
                field: "fingerprint",
                problem: format!("{}; `licentia fingerprint` tells a machine's", unreadable.0),
            });
        }
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let now = this.clock().now();
                let product = tx.product_by_code(&order.product).await?.ok_or_else(|| {
                    AuthorityError::NotFound { what: "product", name: order.product.clone() }
                })?;
                let code = order.plan.as_deref().unwrap_or(&product.default_plan);
                let plan = tx.plan_by_code(product.id, code).await?.ok_or_else(|| {
                    AuthorityError::NotFound { what: "plan of this product", name: code.to_owned() }
                })?;
                let granted = Grant::of(&plan);
                let grace = GraceGrant {
                    iss: this.issuer().to_owned(),
                    aud: product.code,
                    iat: now,
                    exp: now.saturating_add(order.seconds.into()),
                    plan: Some(plan.code),
                    tier: plan.tier,
                    rank: plan.rank,
                    features: granted.features,
                    limits: granted.limits,
                    fingerprint: order.fingerprint,
                    reason: order.reason,
                };
                let granted = json!({ "until": grace.exp, "plan": grace.plan });
                let entry =
                    Entry::change(Value::Null, granted).personal("reason", grace.reason.as_deref());
                let subject = format!("product:{}", grace.aud);
                this.record(tx, &ask.actor, "license.grace", subject, entry).await?;
                Ok(Exception { token: this.sign(&grace)?, expires_at: grace.exp })
            })
        })
        .await
    }
}
