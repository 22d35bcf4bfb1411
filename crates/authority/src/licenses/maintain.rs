//! Until when updates are part of a licence, apart from the right to use it.

use licentia_license::License as Claims;
use licentia_model::Scheme;
use licentia_protocol::{licenses, resource};
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::distribution::coverage::{MAINTENANCE_UNTIL, maintained_until};
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::renew::still_alive;
use crate::licenses::term::Term;
use crate::seats::timestamp;

/// As far ahead as times go.
const FOR_EVER: &str = "9999-12-01";

impl Authority {
    /// Sets until when releases are part of a licence; days count from the former end, or from now where that has
    /// passed: a time without updates is not paid for afterwards.
    pub async fn maintain(
        &self,
        id: Uuid,
        term: licenses::Term,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        let told = Term::needed(&term)?;
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                still_alive(&license, "maintained")?;
                let known = this.know(tx, license).await?;
                let (product, _) = this.terms_of(tx, &known).await?;
                let now = this.clock().now();
                let former = maintained_until(&known.claims).ok().flatten();
                let from = former.map_or(now, |until| until.max(now));
                let until = told.end(from, now, Scheme::Jwt)?;
                let until =
                    until.map_or_else(|| FOR_EVER.to_owned(), |at| timestamp(at).to_string());
                let mut after: Claims = known.claims.claims().clone();
                after.attributes.insert(MAINTENANCE_UNTIL.to_owned(), until.into());
                let amendment = Amendment {
                    action: "license.maintain",
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
