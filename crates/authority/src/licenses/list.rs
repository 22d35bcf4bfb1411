//! Licences as operators see them.

use licentia_license::License as Claims;
use licentia_model::{Customer, License, LicenseState, Plan, Product, Scheme};
use licentia_protocol::resource::{self, Page};
use licentia_storage::Transaction;
use uuid::Uuid;

use super::grant::addons;
pub use super::search::STATES;
use super::search::{self, Wanted, state_at};
use crate::authority::Authority;
use crate::credential::{Known, seal_name};
use crate::customers::{self, customer_view};
use crate::distribution::coverage::maintained_until;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::licenses::{feature_names, named_limits};
use crate::paging::limit_of;
use crate::seats::timestamp;

/// What a list of licences is narrowed to.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Product code.
    pub product: Option<String>,
    /// Code of a plan of that product.
    pub plan: Option<String>,
    /// The customer: e-mail address or id.
    pub customer: Option<String>,
    /// One of [`STATES`].
    pub state: Option<String>,
    /// Only those that end before.
    pub ends_before: Option<i64>,
    /// An id of the licence, of a key or an activation; words that begin words of its customer; or the beginning of
    /// the name of one of its clusters.
    pub search: Option<String>,
    /// Another order than the newest first.
    pub sort: Option<Sort>,
    /// Where the last page ended.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            product: None,
            plan: None,
            customer: None,
            state: None,
            ends_before: None,
            search: None,
            sort: None,
            after: None,
            limit: 100,
        }
    }
}

/// Orders of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Oldest first, or newest.
    Created {
        /// Newest first.
        descending: bool,
    },
    /// Soonest end first, or the other way round; perpetual licences end last.
    Expires {
        /// Latest end first.
        descending: bool,
    },
}

impl std::str::FromStr for Sort {
    type Err = AuthorityError;

    fn from_str(text: &str) -> Result<Self, AuthorityError> {
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        match name {
            "created_at" => Ok(Self::Created { descending }),
            "expires_at" => Ok(Self::Expires { descending }),
            _ => Err(AuthorityError::Invalid {
                field: "sort",
                problem: "it must be `created_at` or `expires_at`, with `-` in front for the other way round"
                    .into(),
            }),
        }
    }
}

impl Row for resource::License {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "product",
        "plan",
        "tier",
        "state",
        "expires_at",
        "created_at",
        "seats",
        "nodes",
        "customer.email",
        "customer.name",
        "customer.organization",
        "customer.id",
        "key_id",
        "scheme",
        "key",
    ];
}

impl Authority {
    /// A page of licences, newest first where nothing else is asked for. A search has its own order.
    pub async fn list_licenses(
        &self,
        filter: Filter,
    ) -> Result<Page<resource::License>, AuthorityError> {
        let limit = limit_of(filter.limit)?;
        self.read(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let Some(wanted) = wanted(tx, &filter).await? else {
                    return Ok(Page { items: Vec::new(), next: None });
                };
                let after = filter.after.as_deref();
                let search =
                    filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
                let (found, next) = match search {
                    Some(_) if filter.sort.is_some() => {
                        return Err(AuthorityError::Invalid {
                            field: "sort",
                            problem: "a search has an order of its own; leave one of the two out"
                                .into(),
                        });
                    }
                    Some(text) => {
                        search::search(tx, text, &wanted, after, limit as usize, now).await?
                    }
                    None => search::walk(tx, &wanted, after, limit as usize, now).await?,
                };
                let mut items = Vec::with_capacity(found.len());
                for license in found {
                    items.push(this.view(tx, license).await?);
                }
                Ok(Page { items, next })
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
        let now = self.clock().now();
        let key = Held { text, scheme: key.scheme };
        Ok(license_view(license, &claims, key, (product.code, plan.code), customer, now))
    }
}

/// The customer's key.
pub(crate) struct Held {
    pub(crate) text: Option<String>,
    pub(crate) scheme: Scheme,
}

/// A licence as operators see it. What its row repeats is taken from what was signed.
pub(crate) fn license_view(
    mut license: License,
    claims: &Claims,
    key: Held,
    (product, plan): (String, String),
    customer: Customer,
    now: i64,
) -> resource::License {
    license.expires_at = claims.exp;
    license.trial = claims.trial;
    let state = state_at(&license, now).to_owned();
    let (since, reason, grace_until) = match license.state {
        LicenseState::Active => (None, None, None),
        LicenseState::Suspended { at, reason } | LicenseState::Cancelled { at, reason } => {
            (Some(at), reason, None)
        }
        LicenseState::Revoked { at, reason, grace_until } => (Some(at), reason, grace_until),
    };
    resource::License {
        id: license.id,
        key: key.text,
        scheme: key.scheme.to_string(),
        product,
        plan,
        tier: claims.tier.to_string(),
        state,
        expires_at: claims.exp.map(timestamp),
        created_at: timestamp(license.created_at),
        token_version: license.token_version,
        seats: claims.seats,
        nodes: claims.nodes,
        features: feature_names(claims),
        limits: named_limits(claims),
        key_id: license.jti,
        starts_at: claims.nbf.map(timestamp),
        trial: claims.trial,
        maintained_until: maintained_until(claims).ok().flatten().map(timestamp),
        telemetry: claims.telemetry,
        addons: addons(claims),
        state_since: since.map(timestamp),
        state_reason: reason,
        grace_until: grace_until.map(timestamp),
        updated_at: timestamp(license.updated_at),
        customer: customer_view(customer),
    }
}

/// What the names in a filter stand for; `None` where one is of nobody, so that nothing is found.
async fn wanted(
    tx: &mut dyn Transaction,
    filter: &Filter,
) -> Result<Option<Wanted>, AuthorityError> {
    let mut wanted = Wanted { ends_before: filter.ends_before, ..Wanted::default() };
    match filter.sort {
        None => {}
        Some(Sort::Created { descending }) => wanted.ascending = !descending,
        Some(Sort::Expires { descending }) => {
            (wanted.by_end, wanted.ascending) = (true, !descending);
        }
    }
    if let Some(state) = &filter.state {
        if !STATES.contains(&state.as_str()) {
            let problem = format!("it must be one of {}", STATES.join(", "));
            return Err(AuthorityError::Invalid { field: "state", problem });
        }
        wanted.state = Some(state.clone());
    }
    if let Some(code) = &filter.product {
        let product = tx
            .product_by_code(code)
            .await?
            .ok_or_else(|| AuthorityError::NotFound { what: "product", name: code.clone() })?;
        wanted.product_id = Some(product.id);
    }
    if let Some(code) = &filter.plan {
        let Some(product) = wanted.product_id else {
            let problem = "name its product too; codes of plans are a product's own".into();
            return Err(AuthorityError::Invalid { field: "plan", problem });
        };
        let plan = tx.plan_by_code(product, code).await?.ok_or_else(|| {
            AuthorityError::NotFound { what: "plan of this product", name: code.clone() }
        })?;
        wanted.plan_id = Some(plan.id);
    }
    if let Some(name) = &filter.customer {
        match customers::list::named(tx, name).await {
            Ok(customer) => wanted.customer_id = Some(customer.id),
            Err(AuthorityError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(wanted))
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "licence", name: id.to_string() }
}
