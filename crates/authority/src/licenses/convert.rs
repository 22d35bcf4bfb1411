//! A trial that becomes a paid licence: the same licence, its seats, its history, its installations.

use licentia_license::License as Claims;
use licentia_protocol::licenses::Convert;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::grant::{addons, grant};
use crate::licenses::renew::still_alive;
use crate::licenses::term::Term;

impl Authority {
    /// Converts a trial; days count from now. Products that run go on, unless the plan is another: then they
    /// activate again and keep their seats.
    pub async fn convert(
        &self,
        id: Uuid,
        request: Convert,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        let told = Term::needed(&request.term)?;
        let plan = request.plan.clone();
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                still_alive(&license, "converted")?;
                let known = this.know(tx, license).await?;
                if !known.claims.trial {
                    return Err(AuthorityError::NotAllowed {
                        what: "licence",
                        action: "converted",
                        state: "no trial",
                    });
                }
                let (product, former) = this.terms_of(tx, &known).await?;
                let plan = match plan {
                    None => former.clone(),
                    Some(code) => tx.plan_by_code(product.id, &code).await?.ok_or(
                        AuthorityError::NotFound { what: "plan of this product", name: code },
                    )?,
                };
                let (now, scheme) =
                    (this.clock().now(), this.scheme_of_key(tx, &known.license).await?);
                let end = told.end(now, now, scheme)?;
                let mut after = Claims { trial: false, exp: end, ..known.claims.claims().clone() };
                if plan.id != former.id {
                    let agreed = addons(&after);
                    grant(&mut after, &plan, agreed.as_ref());
                }
                let released = this.fit_seats(tx, known.license.id, &after, &plan).await?;
                let mut license = known.license;
                license.plan_id = plan.id;
                let amendment = Amendment {
                    action: "license.convert",
                    actor: &actor,
                    product: &product,
                    before: &known.claims,
                    after,
                    stale_tokens: plan.id != former.id,
                    key: Key::Follows,
                    entry: Entry::new().fact("released", released),
                };
                this.amend(tx, license, amendment).await
            })
        })
        .await
    }
}
