//! Licences as operators see them.

use licentia_model::{License, LicenseState, Plan, Product};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use licentia_storage::licenses::LicenseFilter;
use uuid::Uuid;

use crate::authority::Authority;
use crate::credential::{Known, seal_name};
use crate::error::AuthorityError;
use crate::licenses::{feature_names, named_limits};
use crate::seats::timestamp;

/// What a list of licences is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Product code.
    pub product: Option<String>,
    /// The customer's e-mail address.
    pub email: Option<String>,
    /// `active`, `suspended` or `revoked`.
    pub state: Option<String>,
    /// Only those after this one.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

impl Authority {
    /// A page of licences, newest first.
    pub async fn list_licenses(
        &self,
        filter: Filter,
    ) -> Result<Vec<resource::License>, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let product_id = match &filter.product {
                    Some(code) => Some(
                        tx.product_by_code(code)
                            .await?
                            .ok_or_else(|| AuthorityError::NotFound {
                                what: "product",
                                name: code.clone(),
                            })?
                            .id,
                    ),
                    None => None,
                };
                let customer_id = match &filter.email {
                    Some(email) => match tx.customer_by_email(email).await? {
                        Some(customer) => Some(customer.id),
                        None => return Ok(Vec::new()),
                    },
                    None => None,
                };
                let filter = LicenseFilter {
                    product_id,
                    customer_id,
                    state: filter.state,
                    after: filter.after,
                    limit: filter.limit,
                };
                let mut list = Vec::new();
                for license in tx.licenses(&filter).await? {
                    list.push(this.view(tx, license).await?);
                }
                Ok(list)
            })
        })
        .await
    }

    /// One licence.
    pub async fn show_license(&self, id: Uuid) -> Result<resource::License, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let license = tx.license(id).await?.ok_or_else(|| missing(id))?;
                this.view(tx, license).await
            })
        })
        .await
    }

    /// Product and plan of a licence.
    pub(crate) async fn terms_of(
        &self,
        tx: &mut dyn Transaction,
        known: &Known,
    ) -> Result<(Product, Plan), AuthorityError> {
        let Known { license, claims } = known;
        let missing = || AuthorityError::NotFound {
            what: "product or plan of the licence",
            name: license.id.to_string(),
        };
        // The row is an index: where it leads elsewhere than the licence says, the licence is followed.
        let product = match tx.product(license.product_id).await? {
            Some(product) if product.code == claims.aud => product,
            _ => tx.product_by_code(&claims.aud).await?.ok_or_else(missing)?,
        };
        let plan = match tx.plan(license.plan_id).await? {
            Some(plan) if plan.code == claims.plan && plan.product_id == product.id => plan,
            _ => tx.plan_by_code(product.id, &claims.plan).await?.ok_or_else(missing)?,
        };
        Ok((product, plan))
    }

    pub(crate) async fn view(
        &self,
        tx: &mut dyn Transaction,
        license: License,
    ) -> Result<resource::License, AuthorityError> {
        let known = self.know(tx, license).await?;
        let (product, plan) = self.terms_of(tx, &known).await?;
        let Known { license, claims } = known;
        let key = tx.license_key(license.key_jti).await?.ok_or_else(|| missing(license.id))?;
        let text = match &key.sealed {
            Some(sealed) => {
                let text = self.master().open(&seal_name(key.jti), sealed)?;
                Some(String::from_utf8_lossy(text.expose()).into_owned())
            }
            None => None,
        };
        let customer =
            tx.customer(license.customer_id).await?.ok_or_else(|| missing(license.id))?;
        let expired = claims.exp.is_some_and(|at| self.clock().now() >= at);
        let state = match (&license.state, expired, claims.trial) {
            (LicenseState::Active, true, _) => "expired",
            (LicenseState::Active, false, true) => "trial",
            (state, ..) => state.as_str(),
        };
        Ok(resource::License {
            id: license.id,
            key: text,
            scheme: key.scheme.to_string(),
            product: product.code,
            plan: plan.code,
            tier: claims.tier.to_string(),
            state: state.to_owned(),
            expires_at: claims.exp.map(timestamp),
            created_at: timestamp(license.created_at),
            token_version: license.token_version,
            seats: claims.seats,
            nodes: claims.nodes,
            features: feature_names(&claims),
            limits: named_limits(&claims),
            customer: resource::Customer {
                id: customer.id,
                email: customer.email,
                name: customer.name,
                organization: customer.organization,
            },
        })
    }
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "licence", name: id.to_string() }
}
