//! Another end for a licence that stays what it is. Running products get it with their next heartbeat.

use licentia_license::License as Claims;
use licentia_model::{License, LicenseState};
use licentia_protocol::licenses;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::grant::prolong;
use crate::licenses::term::Term;

impl Authority {
    /// Renews a licence: days count from its former end, also where that has passed. Tokens stay good.
    pub async fn renew(
        &self,
        id: Uuid,
        term: licenses::Term,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        let told = Term::needed(&term)?;
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                still_alive(&license, "renewed")?;
                let known = this.know(tx, license).await?;
                let (product, plan) = this.terms_of(tx, &known).await?;
                let (now, scheme) =
                    (this.clock().now(), this.scheme_of_key(tx, &known.license).await?);
                let end = match (told, known.claims.exp) {
                    (Term::Days(_), None) => {
                        return Err(AuthorityError::NotAllowed {
                            what: "licence",
                            action: "renewed by days",
                            state: "perpetual",
                        });
                    }
                    (_, exp) => told.end(exp.unwrap_or(now), now, scheme)?,
                };
                let mut after = Claims { exp: end, ..known.claims.claims().clone() };
                prolong(&mut after, &plan);
                let amendment = Amendment {
                    action: "license.renew",
                    actor: &actor,
                    product: &product,
                    before: &known.claims,
                    after,
                    stale_tokens: false,
                    key: Key::Follows,
                    entry: Entry::new(),
                };
                this.amend(tx, known.license, amendment).await
            })
        })
        .await
    }
}

/// What was given up or revoked cannot be changed any more.
pub(crate) fn still_alive(license: &License, action: &'static str) -> Result<(), AuthorityError> {
    match &license.state {
        LicenseState::Active | LicenseState::Suspended { .. } => Ok(()),
        state => Err(AuthorityError::NotAllowed { what: "licence", action, state: state.as_str() }),
    }
}
