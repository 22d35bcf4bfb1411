//! Plans.

use async_trait::async_trait;
use licentia_model::Plan;
use licentia_storage::Result;
use licentia_storage::plans::Plans;
use rusqlite::params;
use uuid::Uuid;

use crate::columns::{Columns, json};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO plans (id, tier, rank, seats, overage, reclaim_after_s, takeovers_per_day, on_clone,
                           nodes, trial_s, heartbeat_s, grace_s, features, limits, info,
                           contacts_per_minute, on_chain_broken, quotas, distribution, telemetry,
                           offline_s, product_id, code)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                ?21, ?22, ?23)";
    UPDATE = "
        UPDATE plans
        SET tier = ?2, rank = ?3, seats = ?4, overage = ?5, reclaim_after_s = ?6, takeovers_per_day = ?7,
            on_clone = ?8, nodes = ?9, trial_s = ?10, heartbeat_s = ?11, grace_s = ?12, features = ?13,
            limits = ?14, info = ?15, contacts_per_minute = ?16, on_chain_broken = ?17,
            quotas = ?18, distribution = ?19, telemetry = ?20, offline_s = ?21
        WHERE id = ?1";
    BY_ID = "SELECT * FROM plans WHERE id = ?1";
    BY_CODE = "SELECT * FROM plans WHERE product_id = ?1 AND code = ?2";
    OF_PRODUCT = "SELECT * FROM plans WHERE product_id = ?1 ORDER BY rank, code";
}

#[async_trait]
impl Plans for SqliteTransaction {
    async fn insert_plan(&mut self, plan: &Plan) -> Result<()> {
        let params = params![
            plan.id.to_string(),
            plan.tier,
            plan.rank,
            plan.seats,
            plan.overage,
            plan.reclaim_after_s,
            plan.takeovers_per_day,
            plan.on_clone.as_str(),
            plan.nodes,
            plan.trial_s,
            plan.heartbeat_s,
            plan.grace_s,
            json(&plan.features)?,
            json(&plan.limits)?,
            json(&plan.info)?,
            plan.contacts_per_minute,
            plan.on_chain_broken.as_str(),
            json(&plan.quotas)?,
            json(&plan.distribution)?,
            plan.telemetry,
            plan.offline_s,
            plan.product_id.to_string(),
            plan.code,
        ];
        self.touch();
        self.write_one("plan", INSERT, params)
    }

    async fn update_plan(&mut self, plan: &Plan) -> Result<()> {
        let params = params![
            plan.id.to_string(),
            plan.tier,
            plan.rank,
            plan.seats,
            plan.overage,
            plan.reclaim_after_s,
            plan.takeovers_per_day,
            plan.on_clone.as_str(),
            plan.nodes,
            plan.trial_s,
            plan.heartbeat_s,
            plan.grace_s,
            json(&plan.features)?,
            json(&plan.limits)?,
            json(&plan.info)?,
            plan.contacts_per_minute,
            plan.on_chain_broken.as_str(),
            json(&plan.quotas)?,
            json(&plan.distribution)?,
            plan.telemetry,
            plan.offline_s,
        ];
        self.touch();
        self.write_one("plan", UPDATE, params)
    }

    async fn plan(&mut self, id: Uuid) -> Result<Option<Plan>> {
        self.kept_plan(id, |tx| tx.one("plans", BY_ID, params![id.to_string()], plan))
    }

    async fn plan_by_code(&mut self, product_id: Uuid, code: &str) -> Result<Option<Plan>> {
        self.one("plans", BY_CODE, params![product_id.to_string(), code], plan)
    }

    async fn plans(&mut self, product_id: Uuid) -> Result<Vec<Plan>> {
        self.all("plans", OF_PRODUCT, params![product_id.to_string()], plan)
    }
}

fn plan(row: &Columns<'_>) -> Result<Plan> {
    Ok(Plan {
        id: row.uuid("id")?,
        product_id: row.uuid("product_id")?,
        code: row.plain("code")?,
        tier: row.plain("tier")?,
        rank: row.number("rank")?,
        seats: row.optional("seats", Columns::number)?,
        overage: row.number("overage")?,
        reclaim_after_s: row.optional("reclaim_after_s", Columns::number)?,
        takeovers_per_day: row.number("takeovers_per_day")?,
        on_clone: row.word("on_clone")?,
        on_chain_broken: row.word("on_chain_broken")?,
        nodes: row.optional("nodes", Columns::number)?,
        trial_s: row.optional("trial_s", Columns::number)?,
        telemetry: row.flag("telemetry")?,
        heartbeat_s: row.optional("heartbeat_s", Columns::number)?,
        grace_s: row.optional("grace_s", Columns::number)?,
        offline_s: row.optional("offline_s", Columns::number)?,
        contacts_per_minute: row.optional("contacts_per_minute", Columns::number)?,
        features: row.json("features")?,
        limits: row.json("limits")?,
        quotas: row.json("quotas")?,
        distribution: row.json("distribution")?,
        info: row.json("info")?,
    })
}
