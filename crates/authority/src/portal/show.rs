//! What a customer sees of his licence, and all that is kept about it.

use licentia_protocol::distribution::PullToken;
use licentia_protocol::resource;
use serde::Serialize;

use crate::activations::list::Filter;
use crate::audit::CUSTOMER;
use crate::audit::list::Filter as AuditFilter;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::keys::Key;
use crate::licenses::quotas::Metered;
use crate::paging::MOST;
use crate::portal::enter::Visit;

/// A licence as its customer sees it: the operators' reasons are for operators.
#[derive(Clone, Serialize)]
pub struct Own {
    /// The licence.
    pub license: resource::License,
    /// The name of its product.
    pub product: String,
    /// Its installations.
    pub seats: Vec<resource::Activation>,
    /// What it used.
    pub usage: Vec<Metered>,
    /// Its tokens for a container registry that open something, without their texts.
    pub pull_tokens: Vec<PullToken>,
}

/// All that is kept about a licence.
#[derive(Clone, Serialize)]
pub struct Data {
    /// As it is shown.
    #[serde(flatten)]
    pub own: Own,
    /// Its keys, without their texts.
    pub keys: Vec<Key>,
    /// What was done to it, with the personal values that are kept.
    pub trail: Vec<resource::AuditEntry>,
}

impl Authority {
    /// The visited licence.
    pub async fn own_license(&self, visit: Visit) -> Result<Own, AuthorityError> {
        let id = visit.license_id;
        let mut license = self.show_license(id).await?;
        license.state_reason = None;
        let mut pull_tokens = self.list_pull_tokens(id, None, MOST).await?;
        pull_tokens.retain(|token| token.revoked_at.is_none());
        let seats = Filter { license_id: Some(id), limit: MOST, ..Filter::default() };
        Ok(Own {
            product: self.show_product(license.product.clone()).await?.name,
            seats: self.page_of_activations(seats).await?.items,
            usage: self.license_usage(id).await?,
            pull_tokens,
            license,
        })
    }

    /// All that is kept about the visited licence. Names and addresses of operators are theirs.
    pub async fn own_data(&self, visit: Visit) -> Result<Data, AuthorityError> {
        let subject = Some(format!("license:{}", visit.license_id));
        let trail = AuditFilter { subject, limit: MOST, ..AuditFilter::default() };
        let mut trail = self.list_audit(trail).await?;
        for row in &mut trail {
            if row.actor.starts_with("operator:") || row.actor.starts_with("cli:") {
                row.actor = "vendor".into();
                row.origin = String::new();
            }
            // What operators told each other; a customer's own words are his.
            if row.actor != CUSTOMER {
                row.details.remove("reason");
                row.personal.remove("reason");
            }
        }
        let own = self.own_license(visit).await?;
        Ok(Data { keys: self.license_keys(visit.license_id).await?, own, trail })
    }
}
