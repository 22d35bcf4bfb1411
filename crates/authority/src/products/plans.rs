//! Makes and changes a plan, field by field. Licences that were issued keep what their signed keys say.

use std::collections::{BTreeMap, BTreeSet};

use licentia_model::plan::{OnChainBroken, OnClone};
use licentia_model::{Distribution, Plan, Product, Quota, QuotaKind, Window};
use licentia_protocol::catalog::{NewPlan, PlanFields};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use super::edit::{check_times, of_code, told, word, wrong};
use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::catalog::{CODE, TAKEOVERS_PER_DAY, is_code, is_word};
use crate::distribution::coverage;
use crate::error::AuthorityError;
use crate::products::list::plan_view;

const DAY_S: u32 = 86_400;

impl Authority {
    /// Makes a plan.
    pub async fn create_plan(
        &self,
        request: NewPlan,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Plan, AuthorityError> {
        let NewPlan { product, code, fields } = request;
        if !is_code(&code) {
            return Err(wrong("code", format!("it must be {CODE}")));
        }
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    let product = of_code(tx, &product).await?;
                    if tx.plan_by_code(product.id, &code).await?.is_some() {
                        return Err(AuthorityError::Exists {
                            what: "plan of this product",
                            name: code,
                        });
                    }
                    let missing = |field| wrong(field, "it has to be told".into());
                    let mut plan = Plan {
                        id: this.uuid(),
                        product_id: product.id,
                        code,
                        tier: fields.tier.clone().ok_or_else(|| missing("tier"))?,
                        rank: fields.rank.ok_or_else(|| missing("rank"))?,
                        seats: fields.seats.ok_or_else(|| missing("seats"))?,
                        overage: 0,
                        reclaim_after_s: None,
                        takeovers_per_day: TAKEOVERS_PER_DAY,
                        on_clone: OnClone::Warn,
                        on_chain_broken: OnChainBroken::Warn,
                        nodes: None,
                        trial_s: None,
                        telemetry: false,
                        heartbeat_s: None,
                        grace_s: None,
                        offline_s: None,
                        contacts_per_minute: None,
                        features: Vec::new(),
                        limits: BTreeMap::new(),
                        quotas: BTreeMap::new(),
                        distribution: Distribution::default(),
                        info: BTreeMap::new(),
                    };
                    this.apply(tx, &mut plan, &product, fields).await?;
                    tx.insert_plan(&plan).await?;
                    let id = plan.id;
                    let view = plan_view(plan, &product.code);
                    this.record_plan(tx, &ask.actor, "plan.create", None, &view).await?;
                    Ok((id, view))
                })
            },
            |this, tx, id| Box::pin(async move { this.plan_by_id(tx, id).await }),
        )
        .await
    }

    /// Changes what is told of a plan.
    pub async fn update_plan(
        &self,
        product: String,
        code: String,
        fields: PlanFields,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Plan, AuthorityError> {
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    let (product, mut plan) = of_codes(tx, &product, &code).await?;
                    let before = plan_view(plan.clone(), &product.code);
                    ask.check(&before)?;
                    this.apply(tx, &mut plan, &product, fields).await?;
                    tx.update_plan(&plan).await?;
                    let id = plan.id;
                    let view = plan_view(plan, &product.code);
                    let actor = &ask.actor;
                    this.record_plan(tx, actor, "plan.update", Some(&before), &view).await?;
                    Ok((id, view))
                })
            },
            |this, tx, id| Box::pin(async move { this.plan_by_id(tx, id).await }),
        )
        .await
    }

    /// One plan.
    pub async fn show_plan(
        &self,
        product: String,
        code: String,
    ) -> Result<resource::Plan, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let (product, plan) = of_codes(tx, &product, &code).await?;
                Ok(plan_view(plan, &product.code))
            })
        })
        .await
    }

    async fn plan_by_id(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
    ) -> Result<resource::Plan, AuthorityError> {
        let missing = || AuthorityError::NotFound { what: "plan", name: id.to_string() };
        let plan = tx.plan(id).await?.ok_or_else(missing)?;
        let product = tx.product(plan.product_id).await?.ok_or_else(missing)?;
        Ok(plan_view(plan, &product.code))
    }

    async fn record_plan(
        &self,
        tx: &mut dyn Transaction,
        actor: &Actor,
        action: &str,
        before: Option<&resource::Plan>,
        after: &resource::Plan,
    ) -> Result<(), AuthorityError> {
        let entry = Entry::change(told(&before), told(after));
        let subject = format!("plan:{}/{}", after.product, after.code);
        self.record(tx, actor, action, subject, entry).await
    }

    /// Puts what is told into the plan.
    async fn apply(
        &self,
        tx: &mut dyn Transaction,
        plan: &mut Plan,
        product: &Product,
        fields: PlanFields,
    ) -> Result<(), AuthorityError> {
        if let Some(tier) = fields.tier {
            plan.tier = tier;
        }
        if !is_word(&plan.tier) || plan.tier.contains('-') {
            return Err(wrong("tier", "it must be a name without dash and white space".into()));
        }
        plan.rank = fields.rank.unwrap_or(plan.rank);
        if plan.rank == 0 {
            return Err(wrong("rank", "it must be 1 or more".into()));
        }
        plan.seats = fields.seats.unwrap_or(plan.seats);
        plan.overage = fields.overage.unwrap_or(plan.overage);
        plan.reclaim_after_s = fields.reclaim_after_s.unwrap_or(plan.reclaim_after_s);
        plan.takeovers_per_day = fields.takeovers_per_day.unwrap_or(plan.takeovers_per_day);
        if let Some(on_clone) = fields.on_clone {
            plan.on_clone = word("on_clone", &on_clone, OnClone::ALL)?;
        }
        if let Some(on_chain_broken) = fields.on_chain_broken {
            plan.on_chain_broken = word("on_chain_broken", &on_chain_broken, OnChainBroken::ALL)?;
        }
        plan.nodes = fields.nodes.unwrap_or(plan.nodes);
        plan.telemetry = fields.telemetry.unwrap_or(plan.telemetry);
        if let Some(days) = fields.trial_days {
            let seconds = days.map(|days| {
                days.checked_mul(DAY_S)
                    .filter(|seconds| *seconds > 0)
                    .ok_or_else(|| wrong("trial_days", "it must be 1 to 49,710 days".into()))
            });
            plan.trial_s = seconds.transpose()?;
        }
        plan.heartbeat_s = fields.heartbeat_interval_s.unwrap_or(plan.heartbeat_s);
        plan.grace_s = fields.grace_s.unwrap_or(plan.grace_s);
        check_times(
            plan.heartbeat_s.unwrap_or(product.heartbeat_s),
            plan.grace_s.unwrap_or(product.grace_s),
        )?;
        plan.offline_s = fields.offline_s.unwrap_or(plan.offline_s);
        if plan.offline_s == Some(0) {
            return Err(wrong("offline_s", "it must be at least 1".into()));
        }
        plan.contacts_per_minute = fields.contacts_per_minute.unwrap_or(plan.contacts_per_minute);
        if plan.contacts_per_minute == Some(0) {
            return Err(wrong("contacts_per_minute", "it must be at least 1".into()));
        }
        if let Some(features) = fields.features {
            let mut seen = BTreeSet::new();
            let odd = features.iter().find(|name| !is_word(name) || !seen.insert(name.as_str()));
            if let Some(odd) = odd {
                return Err(wrong("features", format!("{odd:?} is no name, or there twice")));
            }
            plan.features = features;
        }
        if let Some(limits) = fields.limits {
            if let Some(odd) = limits.keys().find(|name| !is_word(name)) {
                return Err(wrong("limits", format!("{odd:?} is no name")));
            }
            plan.limits = limits;
        }
        if let Some(quotas) = fields.quotas {
            let meters = tx.meters(product.id).await?;
            let read = |(meter, quota): (String, resource::Quota)| {
                if !meters.iter().any(|known| known.name == meter) {
                    return Err(wrong("quotas", format!("the product has no meter `{meter}`")));
                }
                let per = word("quotas", &quota.per, Window::ALL)?;
                let kind = word("quotas", &quota.kind, QuotaKind::ALL)?;
                Ok((meter, Quota { per, kind }))
            };
            plan.quotas = quotas.into_iter().map(read).collect::<Result<_, AuthorityError>>()?;
        }
        if let Some(meter) = plan.quotas.keys().find(|meter| !plan.limits.contains_key(*meter)) {
            let problem =
                format!("the quota `{meter}` needs a limit of its name, which says how much");
            return Err(wrong("limits", problem));
        }
        if let Some(told) = fields.distribution {
            plan.distribution = distribution(told)?;
        }
        plan.info = fields.info.unwrap_or_else(|| std::mem::take(&mut plan.info));
        Ok(())
    }
}

fn distribution(told: resource::Distribution) -> Result<Distribution, AuthorityError> {
    let resource::Distribution { channels, versions, maintenance_s, repositories } = told;
    let distribution = Distribution { channels, versions, maintenance_s, repositories };
    let wrong = |(key, problem)| wrong("distribution", format!("{key}: {problem}"));
    coverage::check(&distribution).map_err(wrong)?;
    Ok(distribution)
}

async fn of_codes(
    tx: &mut dyn Transaction,
    product: &str,
    code: &str,
) -> Result<(Product, Plan), AuthorityError> {
    let product = of_code(tx, product).await?;
    let plan = tx.plan_by_code(product.id, code).await?.ok_or_else(|| {
        AuthorityError::NotFound { what: "plan of this product", name: code.to_owned() }
    })?;
    Ok((product, plan))
}
