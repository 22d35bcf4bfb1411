//! What a licence used by each meter, against what its plan allows.

use jiff::Timestamp;
use licentia_model::License;
use licentia_storage::Transaction;
use serde::Serialize;
use uuid::Uuid;

use super::list::missing;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::timestamp;
use crate::usage::{scaled, span};

/// A meter of a licence. Amounts are whole numbers in units of the meter's last decimal place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metered {
    /// The meter.
    pub meter: String,
    /// Its unit.
    pub unit: String,
    /// Its decimal places.
    pub scale: u8,
    /// Used in all.
    pub total: i64,
    /// The quota, where there is one and the licence names a limit.
    pub quota: Option<Standing>,
}

/// How a quota stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Counted over: `hour`, `day`, `month` or `total`.
    pub per: String,
    /// `soft` or `hard`.
    pub kind: String,
    /// Used in the window of now.
    pub used: i64,
    /// Allowed in it.
    pub limit: i64,
    /// When the next window begins.
    pub resets_at: Option<Timestamp>,
}

impl Standing {
    /// Whether four fifths of it are used, where products are told so too.
    #[must_use]
    pub fn is_near(&self) -> bool {
        i128::from(self.used) * 100 >= i128::from(self.limit) * 80
    }
}

impl Authority {
    /// Every meter of a licence that counted something or has a quota.
    pub async fn license_usage(&self, id: Uuid) -> Result<Vec<Metered>, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let license = tx.license(id).await?.ok_or_else(|| missing(id))?;
                this.metered(tx, license).await
            })
        })
        .await
    }

    pub(crate) async fn metered(
        &self,
        tx: &mut dyn Transaction,
        license: License,
    ) -> Result<Vec<Metered>, AuthorityError> {
        let (id, now) = (license.id, self.clock().now());
        let known = self.know(tx, license).await?;
        let (product, plan) = self.terms_of(tx, &known).await?;
        let meters = tx.meters(product.id).await?;
        let totals = tx.usage_totals(id).await?;
        let mut names: Vec<&String> = totals.keys().chain(plan.quotas.keys()).collect();
        names.sort();
        names.dedup();
        let mut list = Vec::new();
        for name in names {
            let meter = meters.iter().find(|meter| meter.name == *name);
            let scale = meter.map_or(0, |meter| meter.scale);
            let total = totals.get(name).copied().unwrap_or_default();
            let limit = known.claims.limits.get(name.as_str()).copied().flatten();
            let quota = match (plan.quotas.get(name), limit) {
                (Some(quota), Some(limit)) => {
                    let (used, resets_at) = match span(quota.per, now) {
                        Some((from, to)) => (tx.usage(id, name, from, to).await?, Some(to)),
                        None => (total, None),
                    };
                    Some(Standing {
                        per: quota.per.to_string(),
                        kind: quota.kind.to_string(),
                        used,
                        limit: scaled(limit, scale),
                        resets_at: resets_at.map(timestamp),
                    })
                }
                _ => None,
            };
            list.push(Metered {
                meter: name.clone(),
                unit: meter.map(|meter| meter.unit.clone()).unwrap_or_default(),
                scale,
                total,
                quota,
            });
        }
        Ok(list)
    }
}
