//! Grace for installations that never had a licence, as long as their product says so (B12). Whoever asks gets it: until
//! that day the product ran without any licence. Nothing is kept of it but a line in the log.

use licentia_license::fingerprint::Fingerprint;
use licentia_license::waiver::GraceGrant;
use licentia_protocol::grace::{Answer, Request};
use licentia_protocol::{Code, Problem};
use licentia_storage::Transaction;

use super::grant::Grant;
use super::term::DAY_S;
use crate::activations::activate::{MAX_FINGERPRINT, check_nonce, text};
use crate::authority::Authority;
use crate::denied::{Asker, Denied, failure};
use crate::error::AuthorityError;
use crate::seats::timestamp;

impl Authority {
    /// `POST /v1/license/grace`.
    pub async fn grace_for_upgrade(&self, request: Request) -> Result<Answer, Problem> {
        let nonce = request.nonce.clone();
        let asker = Asker { nonce: Some(&nonce), cluster_id: None };
        if let Err(denied) = check(&request) {
            return Err(self.refuse(denied, &Asker { nonce: None, cluster_id: None }));
        }
        let granted = self
            .read(move |this, tx| Box::pin(async move { this.upgrade_grant(tx, request).await }))
            .await
            .map_err(|e| failure(&e))?;
        let Some(grant) = granted else {
            return Err(self.refuse(Code::LicenseNeeded.into(), &asker));
        };
        let expires_at = timestamp(grant.exp);
        tracing::info!(product = grant.aud, %expires_at, "an installation without licence runs in grace");
        let grace = self.sign(&grant).map_err(|e| failure(&e))?;
        Ok(Answer { grace, expires_at })
    }

    async fn upgrade_grant(
        &self,
        tx: &mut dyn Transaction,
        request: Request,
    ) -> Result<Option<GraceGrant>, AuthorityError> {
        let now = self.clock().now();
        let Some(product) = tx.product_by_code(&request.product).await? else { return Ok(None) };
        let Some(upgrade) = product.upgrade.filter(|upgrade| now < upgrade.until) else {
            return Ok(None);
        };
        let code = upgrade.plan.as_deref().unwrap_or(&product.default_plan);
        let Some(plan) = tx.plan_by_code(product.id, code).await? else { return Ok(None) };
        let granted = Grant::of(&plan);
        let end = now.saturating_add(i64::from(upgrade.days) * DAY_S);
        Ok(Some(GraceGrant {
            iss: self.issuer().to_owned(),
            aud: product.code,
            iat: now,
            exp: end.min(upgrade.until),
            plan: Some(plan.code),
            tier: plan.tier,
            rank: plan.rank,
            features: granted.features,
            limits: granted.limits,
            fingerprint: request.fingerprint,
            reason: Some("upgrade".into()),
        }))
    }
}

fn check(request: &Request) -> Result<(), Denied> {
    check_nonce(&request.nonce)?;
    text("product", &request.product, 1, 64)?;
    let Some(fingerprint) = &request.fingerprint else { return Ok(()) };
    text("fingerprint", fingerprint, 1, MAX_FINGERPRINT)?;
    match fingerprint.parse::<Fingerprint>() {
        Ok(_) => Ok(()),
        Err(unreadable) => Err(Denied::malformed(format!("`fingerprint`: {}.", unreadable.0))),
    }
}
