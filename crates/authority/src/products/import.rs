//! Sets up a product with its plans and meters from a catalogue; repeatable.
//!
//! A plan that the catalogue no longer names stays: licences depend on it. Licences already issued keep what
//! their signed keys say.

use licentia_model::{Plan, Product};
use licentia_protocol::resource;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::catalog::{Catalog, PlanEntry};
use crate::error::AuthorityError;
use crate::products::list::product_view;

/// What an import did.
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
        actor: Actor,
    ) -> Result<Imported, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                // Two imports of one product: the later one wins as a whole.
                tx.lock_audit_head().await?;
                let now = this.clock().now();
                let entry = catalog.product;
                let known = tx.product_by_code(&entry.code).await?;
                let created = known.is_none();
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
                for plan in catalog.plans {
                    let known = tx.plan_by_code(id, &plan.code).await?.map(|known| known.id);
                    let row = row(plan, known.unwrap_or_else(|| this.uuid()), &product);
                    if known.is_some() {
                        tx.update_plan(&row).await?;
                    } else {
                        tx.insert_plan(&row).await?;
                    }
                }
                tx.replace_meters(id, &catalog.meters).await?;
                let entry = Entry::new().fact("created", created).fact("plans", plans as u64);
                let subject = format!("product:{}", product.code);
                this.record(tx, &actor, "product.import", subject, entry).await?;
                Ok(Imported { product: product_view(product, catalog.meters), created, plans })
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
        heartbeat_s: plan.heartbeat_s,
        grace_s: plan.grace_s,
        contacts_per_minute: plan.contacts_per_minute,
        features: plan.features,
        limits: plan.limits,
        quotas: plan.quotas,
        distribution: plan.distribution,
        info: plan.info,
    }
}
