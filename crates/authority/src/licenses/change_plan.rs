//! Another plan of the same product, and what is agreed beside a plan. Running products hear of it at once and
//! activate again; where there are fewer seats now, those that were heard of last keep theirs.

use licentia_license::License as Claims;
use licentia_model::Plan;
use licentia_protocol::licenses::{Addons, ChangePlan};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::grant::{addons, check_addons, grant};
use crate::licenses::renew::still_alive;

impl Authority {
    /// Changes the plan. What was agreed beside the former one stays, unless it is to be dropped.
    pub async fn change_plan(
        &self,
        id: Uuid,
        request: ChangePlan,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        let ChangePlan { plan, drop_addons } = request.clone();
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                still_alive(&license, "changed")?;
                let known = this.know(tx, license).await?;
                let (product, former) = this.terms_of(tx, &known).await?;
                let plan = tx
                    .plan_by_code(product.id, &plan)
                    .await?
                    .ok_or(AuthorityError::NotFound { what: "plan of this product", name: plan })?;
                if plan.id == former.id && !drop_addons {
                    return Err(AuthorityError::NotAllowed {
                        what: "licence",
                        action: "changed to this plan",
                        state: "on it already",
                    });
                }
                let mut after = known.claims.claims().clone();
                let agreed = addons(&after).filter(|_| !drop_addons);
                grant(&mut after, &plan, agreed.as_ref());
                let mut license = known.license;
                license.plan_id = plan.id;
                let released = this.fit_seats(tx, license.id, &after, &plan).await?;
                let amendment = Amendment {
                    action: "license.change_plan",
                    actor: &actor,
                    product: &product,
                    before: &known.claims,
                    after,
                    stale_tokens: true,
                    key: Key::Follows,
                    entry: Entry::new().fact("released", released),
                };
                this.amend(tx, license, amendment).await
            })
        })
        .await
    }

    /// Sets what is granted beside the plan, in place of what was agreed before.
    pub async fn set_addons(
        &self,
        id: Uuid,
        agreed: Addons,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        check_addons(&agreed)?;
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                still_alive(&license, "changed")?;
                let known = this.know(tx, license).await?;
                let (product, plan) = this.terms_of(tx, &known).await?;
                let mut after: Claims = known.claims.claims().clone();
                grant(&mut after, &plan, Some(&agreed));
                let released = this.fit_seats(tx, known.license.id, &after, &plan).await?;
                let amendment = Amendment {
                    action: "license.addons",
                    actor: &actor,
                    product: &product,
                    before: &known.claims,
                    after,
                    stale_tokens: true,
                    key: Key::Follows,
                    entry: Entry::new().fact("released", released),
                };
                this.amend(tx, known.license, amendment).await
            })
        })
        .await
    }

    /// Frees the seats that a licence that is locked no longer has; how many.
    pub(crate) async fn fit_seats(
        &self,
        tx: &mut dyn Transaction,
        license_id: Uuid,
        claims: &Claims,
        plan: &Plan,
    ) -> Result<u64, AuthorityError> {
        match claims.seats {
            None => Ok(0),
            Some(seats) => {
                self.free_seats(tx, license_id, seats.saturating_add(plan.overage)).await
            }
        }
    }
}
