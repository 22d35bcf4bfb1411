//! How the authority stands, in numbers. Counted over whole tables: for a page that keeps them for a while, not for
//! every request.

use std::collections::BTreeMap;

use licentia_model::JobState;
use serde::Serialize;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::quotas::Metered;

const DAY_S: i64 = 86_400;
/// Days that issues are counted back, and ends ahead.
const DAYS: i64 = 30;
/// Licences whose quotas are looked at: those that reported last.
const LOOKED_AT: u32 = 200;
/// Quotas that are shown.
const SHOWN: usize = 8;

/// How the authority stands.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// When it was counted, in seconds since the epoch.
    pub at: i64,
    /// Licences by state, as answers have it.
    pub states: BTreeMap<String, u64>,
    /// All of them.
    pub licenses: u64,
    /// Seats whose leases run.
    pub seats: u64,
    /// Active licences that end within thirty days.
    pub ending: u64,
    /// The last thirty days and how many were issued on each, oldest first; days since the epoch.
    pub issued: Vec<(i64, u64)>,
    /// Quotas that are near or over, the fullest first, among the licences that reported last.
    pub quotas: Vec<(Uuid, Metered)>,
    /// What is to be told to others: calls and mails that wait.
    pub waiting: u64,
    /// Those that were given up.
    pub dead: u64,
}

impl Authority {
    /// Counts.
    pub async fn overview(&self) -> Result<Overview, AuthorityError> {
        self.read(|this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let mut states = BTreeMap::<String, u64>::new();
                for standing in tx.count_licenses(now).await? {
                    let state = match (standing.state.as_str(), standing.ended, standing.trial) {
                        ("active", true, _) => "expired",
                        ("active", false, true) => "trial",
                        (state, ..) => state,
                    };
                    *states.entry(state.to_owned()).or_default() += standing.count;
                }
                let today = now.div_euclid(DAY_S);
                let first = today - DAYS + 1;
                let issued: BTreeMap<i64, u64> =
                    tx.count_issued(first * DAY_S).await?.into_iter().collect();
                let issued = (first..=today)
                    .map(|day| (day, issued.get(&day).copied().unwrap_or_default()))
                    .collect();
                let mut quotas = Vec::new();
                for id in tx.lately_metered(now - DAY_S, LOOKED_AT).await? {
                    let Some(license) = tx.license(id).await? else { continue };
                    for metered in this.metered(tx, license).await? {
                        if metered.quota.as_ref().is_some_and(|quota| quota.is_near()) {
                            quotas.push((id, metered));
                        }
                    }
                }
                quotas.sort_by_key(|(_, metered)| {
                    let quota = metered.quota.as_ref();
                    let part = quota.map_or(0, |quota| {
                        i128::from(quota.used) * 1_000 / i128::from(quota.limit.max(1))
                    });
                    std::cmp::Reverse(part)
                });
                quotas.truncate(SHOWN);
                let (mut waiting, mut dead) = (tx.count_messages().await?, 0);
                for (_, state, count) in tx.count_jobs().await? {
                    match state {
                        JobState::Waiting => waiting += count,
                        JobState::Dead => dead += count,
                        JobState::Done => {}
                    }
                }
                Ok(Overview {
                    at: now,
                    licenses: states.values().sum(),
                    states,
                    seats: tx.count_seats(now).await?,
                    ending: tx.count_ending(now, now.saturating_add(DAYS * DAY_S)).await?,
                    issued,
                    quotas,
                    waiting,
                    dead,
                })
            })
        })
        .await
    }
}
