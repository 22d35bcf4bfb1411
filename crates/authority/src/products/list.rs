//! Products and plans as operators see them.

use licentia_model::{Distribution, Meter, Plan, Product, Quota};
use licentia_protocol::resource;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::seats::timestamp;

impl Row for resource::Product {
    const COLUMNS: &'static [&'static str] = &[
        "code",
        "name",
        "key_prefix",
        "scheme",
        "enforcement",
        "heartbeat_interval_s",
        "grace_s",
        "default_plan",
        "profile",
        "sunset",
        "meters",
    ];
}

impl Row for resource::Plan {
    const COLUMNS: &'static [&'static str] = &[
        "product",
        "code",
        "tier",
        "rank",
        "seats",
        "nodes",
        "trial_days",
        "features",
        "limits",
        "quotas",
        "overage",
        "reclaim_after_s",
        "takeovers_per_day",
        "on_clone",
        "on_chain_broken",
        "heartbeat_interval_s",
        "grace_s",
        "offline_s",
        "contacts_per_minute",
        "info",
    ];
}

impl Authority {
    /// All products, by code.
    pub async fn list_products(&self) -> Result<Vec<resource::Product>, AuthorityError> {
        self.read(|_, tx| {
            Box::pin(async move {
                let mut list = Vec::new();
                for product in tx.products().await? {
                    let meters = tx.meters(product.id).await?;
                    list.push(product_view(product, meters));
                }
                Ok(list)
            })
        })
        .await
    }

    /// Plans by product and rank; of one product or of all.
    pub async fn list_plans(
        &self,
        product: Option<String>,
    ) -> Result<Vec<resource::Plan>, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let products = match product {
                    Some(code) => vec![
                        tx.product_by_code(&code)
                            .await?
                            .ok_or(AuthorityError::NotFound { what: "product", name: code })?,
                    ],
                    None => tx.products().await?,
                };
                let mut list = Vec::new();
                for product in products {
                    for plan in tx.plans(product.id).await? {
                        list.push(plan_view(plan, &product.code));
                    }
                }
                Ok(list)
            })
        })
        .await
    }
}

pub(crate) fn product_view(product: Product, meters: Vec<Meter>) -> resource::Product {
    resource::Product {
        code: product.code,
        name: product.name,
        key_prefix: product.key_prefix,
        scheme: product.scheme.to_string(),
        enforcement: product.enforcement.to_string(),
        heartbeat_interval_s: product.heartbeat_s,
        grace_s: product.grace_s,
        default_plan: product.default_plan,
        profile: product.profile.map(|profile| profile.to_string()),
        sunset: product
            .sunset
            .into_iter()
            .map(|(scheme, from)| (scheme.to_string(), timestamp(from)))
            .collect(),
        warning: product
            .warning
            .into_iter()
            .map(|(scheme, from)| (scheme.to_string(), timestamp(from)))
            .collect(),
        trial_once_per: product.trial_once_per.iter().map(ToString::to_string).collect(),
        upgrade: product.upgrade.map(|upgrade| resource::Upgrade {
            until: timestamp(upgrade.until),
            days: upgrade.days,
            plan: upgrade.plan,
        }),
        meters: meters
            .into_iter()
            .map(|Meter { name, unit, scale }| resource::Meter { name, unit, scale })
            .collect(),
    }
}

pub(crate) fn plan_view(plan: Plan, product: &str) -> resource::Plan {
    resource::Plan {
        code: plan.code,
        product: product.to_owned(),
        tier: plan.tier,
        rank: plan.rank,
        features: plan.features,
        limits: plan.limits,
        seats: plan.seats,
        nodes: plan.nodes,
        trial_days: plan.trial_s.map(|s| s / 86_400),
        telemetry: plan.telemetry,
        overage: plan.overage,
        reclaim_after_s: plan.reclaim_after_s,
        takeovers_per_day: plan.takeovers_per_day,
        on_clone: plan.on_clone.to_string(),
        on_chain_broken: plan.on_chain_broken.to_string(),
        heartbeat_interval_s: plan.heartbeat_s,
        grace_s: plan.grace_s,
        offline_s: plan.offline_s,
        contacts_per_minute: plan.contacts_per_minute,
        quotas: plan
            .quotas
            .into_iter()
            .map(|(meter, Quota { per, kind })| {
                (meter, resource::Quota { per: per.to_string(), kind: kind.to_string() })
            })
            .collect(),
        distribution: distribution_view(plan.distribution),
        info: plan.info,
    }
}

fn distribution_view(distribution: Distribution) -> resource::Distribution {
    let Distribution { channels, versions, maintenance_s, repositories } = distribution;
    resource::Distribution { channels, versions, maintenance_s, repositories }
}
