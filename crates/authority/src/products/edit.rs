//! Makes and changes a product, field by field. Licences that were issued keep what their signed keys say.

use std::collections::BTreeSet;
use std::str::FromStr;

use licentia_model::{Enforcement, Meter, Product, Profile, Scheme, TrialOf, Upgrade};
use licentia_protocol::catalog::{NewProduct, ProductFields};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::catalog::{CODE, GRACE_S, HEARTBEAT_S, KEY_PREFIX, MAX_SCALE, MOST_UPGRADE_DAYS};
use crate::catalog::{is_code, is_key_prefix, is_word};
use crate::error::AuthorityError;
use crate::products::list::product_view;

impl Authority {
    /// Makes a product. Its default plan may still have to be made.
    pub async fn create_product(
        &self,
        request: NewProduct,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Product, AuthorityError> {
        let NewProduct { code, fields } = request;
        if !is_code(&code) {
            return Err(wrong("code", format!("it must be {CODE}")));
        }
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    // Two at once: the later one finds the product of the other.
                    tx.lock_audit_head().await?;
                    if tx.product_by_code(&code).await?.is_some() {
                        return Err(AuthorityError::Exists { what: "product", name: code });
                    }
                    let missing = |field| wrong(field, "it has to be told".into());
                    let now = this.clock().now();
                    let mut product = Product {
                        id: this.uuid(),
                        name: fields.name.clone().ok_or_else(|| missing("name"))?,
                        key_prefix: code.to_ascii_uppercase(),
                        code,
                        scheme: Scheme::Jwt,
                        enforcement: Enforcement::Strict,
                        heartbeat_s: HEARTBEAT_S,
                        grace_s: GRACE_S,
                        default_plan: fields
                            .default_plan
                            .clone()
                            .ok_or_else(|| missing("default_plan"))?,
                        profile: None,
                        sunset: std::collections::BTreeMap::new(),
                        warning: std::collections::BTreeMap::new(),
                        trial_once_per: vec![TrialOf::Customer],
                        upgrade: None,
                        project_seed: this.random().bytes::<32>().to_vec(),
                        created_at: now,
                        updated_at: now,
                    };
                    let meters = apply(&mut product, fields)?.unwrap_or_default();
                    tx.insert_product(&product).await?;
                    tx.replace_meters(product.id, &meters).await?;
                    let id = product.id;
                    let view = product_view(product, meters);
                    this.record_product(tx, &ask.actor, "product.create", None, &view).await?;
                    Ok((id, view))
                })
            },
            |this, tx, id| Box::pin(async move { this.product_by_id(tx, id).await }),
        )
        .await
    }

    /// Changes what is told of a product.
    pub async fn update_product(
        &self,
        code: String,
        fields: ProductFields,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Product, AuthorityError> {
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    let mut product = of_code(tx, &code).await?;
                    let id = product.id;
                    let before = product_view(product.clone(), tx.meters(id).await?);
                    ask.check(&before)?;
                    if let Some(plan) = &fields.default_plan
                        && tx.plan_by_code(id, plan).await?.is_none()
                    {
                        let name = plan.clone();
                        return Err(AuthorityError::NotFound {
                            what: "plan of this product",
                            name,
                        });
                    }
                    let meters = apply(&mut product, fields)?;
                    product.updated_at = this.clock().now();
                    if let Some(meters) = &meters {
                        for plan in tx.plans(id).await? {
                            let counts =
                                |name: &String| meters.iter().any(|meter| meter.name == *name);
                            if let Some(name) = plan.quotas.keys().find(|name| !counts(name)) {
                                let plan = plan.code;
                                return Err(wrong(
                                    "meters",
                                    format!("the plan `{plan}` has a quota on `{name}`"),
                                ));
                            }
                        }
                        tx.replace_meters(id, meters).await?;
                    }
                    tx.update_product(&product).await?;
                    let view = product_view(product, tx.meters(id).await?);
                    let actor = &ask.actor;
                    this.record_product(tx, actor, "product.update", Some(&before), &view).await?;
                    Ok((id, view))
                })
            },
            |this, tx, id| Box::pin(async move { this.product_by_id(tx, id).await }),
        )
        .await
    }

    /// One product.
    pub async fn show_product(&self, code: String) -> Result<resource::Product, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let product = of_code(tx, &code).await?;
                let meters = tx.meters(product.id).await?;
                Ok(product_view(product, meters))
            })
        })
        .await
    }

    async fn product_by_id(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
    ) -> Result<resource::Product, AuthorityError> {
        let product = tx.product(id).await?.ok_or_else(|| missing(&id.to_string()))?;
        let meters = tx.meters(id).await?;
        Ok(product_view(product, meters))
    }

    async fn record_product(
        &self,
        tx: &mut dyn Transaction,
        actor: &Actor,
        action: &str,
        before: Option<&resource::Product>,
        after: &resource::Product,
    ) -> Result<(), AuthorityError> {
        let entry = Entry::change(told(&before), told(after));
        self.record(tx, actor, action, format!("product:{}", after.code), entry).await
    }
}

/// Puts what is told into the product; the meters, where they are told.
fn apply(
    product: &mut Product,
    fields: ProductFields,
) -> Result<Option<Vec<Meter>>, AuthorityError> {
    if let Some(name) = fields.name {
        product.name = name;
    }
    if product.name.trim().is_empty() || product.name.chars().any(char::is_control) {
        return Err(wrong("name", "it must be some text".into()));
    }
    if let Some(prefix) = fields.key_prefix {
        product.key_prefix = prefix;
    }
    if !is_key_prefix(&product.key_prefix) {
        return Err(wrong("key_prefix", format!("it must be {KEY_PREFIX}")));
    }
    if let Some(scheme) = fields.scheme {
        product.scheme =
            word("scheme", &scheme, &[Scheme::Jwt, Scheme::V2, Scheme::V1, Scheme::Short])?;
    }
    if let Some(enforcement) = fields.enforcement {
        product.enforcement = word("enforcement", &enforcement, Enforcement::ALL)?;
    }
    product.heartbeat_s = fields.heartbeat_interval_s.unwrap_or(product.heartbeat_s);
    product.grace_s = fields.grace_s.unwrap_or(product.grace_s);
    check_times(product.heartbeat_s, product.grace_s)?;
    if let Some(plan) = fields.default_plan {
        if !is_code(&plan) {
            return Err(wrong("default_plan", format!("it must be {CODE}")));
        }
        product.default_plan = plan;
    }
    if let Some(profile) = fields.profile {
        product.profile =
            profile.map(|profile| word("profile", &profile, Profile::ALL)).transpose()?;
    }
    if let Some(sunset) = fields.sunset {
        let sunset = sunset
            .into_iter()
            .map(|(scheme, from)| Ok((word("sunset", &scheme, Scheme::ALL)?, from.as_second())));
        product.sunset = sunset.collect::<Result<_, AuthorityError>>()?;
    }
    if let Some(warning) = fields.warning {
        let warning = warning
            .into_iter()
            .map(|(scheme, from)| Ok((word("warning", &scheme, Scheme::ALL)?, from.as_second())));
        product.warning = warning.collect::<Result<_, AuthorityError>>()?;
    }
    if let Some(of) = fields.trial_once_per {
        let of = of.iter().map(|of| word("trial_once_per", of, TrialOf::ALL));
        let of: BTreeSet<TrialOf> = of.collect::<Result<_, _>>()?;
        product.trial_once_per = of.into_iter().collect();
    }
    if let Some(upgrade) = fields.upgrade {
        product.upgrade = upgrade.map(upgraded).transpose()?;
    }
    fields.meters.map(meters).transpose()
}

fn upgraded(told: resource::Upgrade) -> Result<Upgrade, AuthorityError> {
    if !(1..=MOST_UPGRADE_DAYS).contains(&told.days) {
        return Err(wrong("upgrade", "`days` must be 1 to 90".into()));
    }
    Ok(Upgrade { until: told.until.as_second(), days: told.days, plan: told.plan })
}

fn meters(told: Vec<resource::Meter>) -> Result<Vec<Meter>, AuthorityError> {
    let mut names = BTreeSet::new();
    for meter in &told {
        if !is_word(&meter.name) || !names.insert(&meter.name) {
            return Err(wrong("meters", format!("{:?} is no name, or there twice", meter.name)));
        }
        if meter.scale > MAX_SCALE {
            return Err(wrong("meters", format!("at most {MAX_SCALE} decimal places")));
        }
    }
    let meter = |resource::Meter { name, unit, scale }| Meter { name, unit, scale };
    Ok(told.into_iter().map(meter).collect())
}

/// A lease that ends before the next heartbeat is due would stop products that do nothing wrong.
pub(crate) fn check_times(heartbeat_s: u32, grace_s: u32) -> Result<(), AuthorityError> {
    if heartbeat_s == 0 {
        return Err(wrong("heartbeat_interval_s", "it must be at least 1".into()));
    }
    if grace_s < heartbeat_s {
        let problem =
            format!("it must not be shorter than the heartbeat interval ({heartbeat_s} s)");
        return Err(wrong("grace_s", problem));
    }
    Ok(())
}

/// One of the words that a field knows.
pub(crate) fn word<T: FromStr + ToString + Copy + PartialEq>(
    field: &'static str,
    told: &str,
    known: &[T],
) -> Result<T, AuthorityError> {
    told.parse().ok().filter(|word| known.contains(word)).ok_or_else(|| {
        let known: Vec<_> = known.iter().map(ToString::to_string).collect();
        wrong(field, format!("it must be one of {}", known.join(", ")))
    })
}

/// A view, for the trail.
pub(crate) fn told<T: serde::Serialize>(view: &T) -> serde_json::Value {
    serde_json::to_value(view).unwrap_or_default()
}

pub(crate) async fn of_code(
    tx: &mut dyn Transaction,
    code: &str,
) -> Result<Product, AuthorityError> {
    tx.product_by_code(code).await?.ok_or_else(|| missing(code))
}

fn missing(name: &str) -> AuthorityError {
    AuthorityError::NotFound { what: "product", name: name.to_owned() }
}

pub(crate) fn wrong(field: &'static str, problem: String) -> AuthorityError {
    AuthorityError::Invalid { field, problem }
}
