//! Which plans cover a release.

use serde::Serialize;
use uuid::Uuid;

use crate::authority::Authority;
use crate::distribution::coverage::{Coverage, WhyNot};
use crate::error::AuthorityError;
use crate::releases::list::missing;

/// What a plan of the product says about a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfPlan {
    /// The plan's code.
    pub plan: String,
    /// Why its licences do not get it; `None`: they do, once it is out, for as long as they are maintained.
    pub why_not: Option<WhyNot>,
    /// Seconds from the start of a licence for which it is maintained; `None`: for ever.
    pub maintenance_s: Option<u32>,
}

impl Authority {
    /// Every plan of a release's product, and whether it covers the release.
    pub async fn release_entitlement(&self, id: Uuid) -> Result<Vec<OfPlan>, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let release = tx.release_by_id(id).await?.ok_or_else(|| missing(id))?;
                let plans = tx.plans(release.product_id).await?;
                let judged = plans.iter().map(|plan| OfPlan {
                    plan: plan.code.clone(),
                    why_not: Coverage::of_plan(plan)
                        .why_not(&release)
                        .filter(|why| *why != WhyNot::NotOut),
                    maintenance_s: plan.distribution.maintenance_s,
                });
                Ok(judged.collect())
            })
        })
        .await
    }
}
