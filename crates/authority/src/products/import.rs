//! Sets up a product with its plans and meters from a catalogue; repeatable.
//!
//! A plan that the catalogue no longer names stays: licences depend on it. Licences already issued keep what
//! their signed keys say.

use licentia_model::{Plan, Product};
use licentia_protocol::resource;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::catalog::{Catalog, PlanEntry};
use crate::error::AuthorityError;
use crate::products::edit::told;
use crate::products::list::{plan_view, product_view};

/// What an import did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Imported {
    /// The product as it is now.
    pub product: resource::Product,
    /// Whether the product is new.
    pub created: bool,
    /// Plans in the catalogue.
    pub plans: usize,
}

impl Authority {
    /// Creates or updates a product from its catalogue.
    pub async fn import_catalog(
        &self,
        catalog: Catalog,
        ask: impl Into<Ask> + Send,
    ) -> Result<Imported, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                // Two imports of one product: the later one wins as a whole.
                tx.lock_audit_head().await?;
                let now = this.clock().now();
                let entry = catalog.product;
                let known = tx.product_by_code(&entry.code).await?;
                let created = known.is_none();
                let mut before = Map::new();
                if let Some(known) = &known {
                    let meters = tx.meters(known.id).await?;
                    before.insert("product".into(), told(&product_view(known.clone(), meters)));
                }
                let (id, seed, created_at) = match known {
                    Some(product) => (product.id, product.project_seed, product.created_at),
                    None => (this.uuid(), this.random().bytes::<32>().to_vec(), now),
                };
                let product = Product {
                    id,
                    code: entry.code,
                    name: entry.name,
                    key_prefix: entry.key_prefix,
                    scheme: entry.scheme,
                    enforcement: entry.enforcement,
                    heartbeat_s: entry.heartbeat_s,
                    grace_s: entry.grace_s,
                    default_plan: entry.default_plan,
                    profile: entry.profile,
                    sunset: entry.sunset,
                    warning: entry.warning,
                    trial_once_per: entry.trial_once_per,
                    upgrade: entry.upgrade,
                    project_seed: entry.project_seed.unwrap_or(seed),
                    created_at,
                    updated_at: now,
                };
                if created {
                    tx.insert_product(&product).await?;
                } else {
                    tx.update_product(&product).await?;
                }
                let plans = catalog.plans.len();
                let (mut was, mut is) = (Map::new(), Map::new());
                for plan in catalog.plans {
                    let known = tx.plan_by_code(id, &plan.code).await?;
                    let row_id = known.as_ref().map_or_else(|| this.uuid(), |known| known.id);
                    let row = row(plan, row_id, &product);
                    if known.is_some() {
                        tx.update_plan(&row).await?;
                    } else {
                        tx.insert_plan(&row).await?;
                    }
                    if known.as_ref() != Some(&row) {
                        let view = |plan: Plan| told(&plan_view(plan, &product.code));
                        was.insert(row.code.clone(), known.map(view).into());
                        is.insert(row.code.clone(), view(row));
                    }
                }
                tx.replace_meters(id, &catalog.meters).await?;
                let shown = product_view(product.clone(), catalog.meters);
                before.insert("plans".into(), was.into());
                let after = json!({ "product": told(&shown), "plans": is });
                let before = if created { Value::Null } else { before.into() };
                let entry = Entry::change(before, after);
                let subject = format!("product:{}", product.code);
                this.record(tx, &ask.actor, "product.import", subject, entry).await?;
                Ok(Imported { product: shown, created, plans })
            })
        })
        .await
    }
}

fn row(plan: PlanEntry, id: uuid::Uuid, product: &Product) -> Plan {
    Plan {
        id,
        product_id: product.id,
        code: plan.code,
        tier: plan.tier,
        rank: plan.rank,
        seats: plan.seats,
        overage: plan.overage,
        reclaim_after_s: plan.reclaim_after_s,
        takeovers_per_day: plan.takeovers_per_day,
        on_clone: plan.on_clone,
        on_chain_broken: plan.on_chain_broken,
        nodes: plan.nodes,
        trial_s: plan.trial_s,
        telemetry: plan.telemetry,
        heartbeat_s: plan.heartbeat_s,
        grace_s: plan.grace_s,
        offline_s: plan.offline_s,
        contacts_per_minute: plan.contacts_per_minute,
        features: plan.features,
        limits: plan.limits,
        quotas: plan.quotas,
        distribution: plan.distribution,
        info: plan.info,
    }
}
