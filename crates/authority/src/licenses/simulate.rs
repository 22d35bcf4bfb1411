//! What a licence would get on a machine at a time, with nothing taken and nothing written.

use jiff::Timestamp;
use licentia_license::fingerprint::Fingerprint;
use licentia_protocol::Code;
use serde::Serialize;
use uuid::Uuid;

use super::examine::Judged;
use super::list::missing;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::{feature_names, named_limits};
use crate::seats::timestamp;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The machine.
    pub machine: Option<Fingerprint>,
    /// Its cluster id, which may hold a seat already.
    pub cluster_id: Option<String>,
    /// Nodes of the cluster.
    pub nodes: Option<u32>,
    /// When; now, if nothing is said.
    pub at: Option<Timestamp>,
}

/// What it would get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Simulated {
    /// Whether an activation would be granted.
    pub verdict: Judged,
    /// When it was asked for.
    pub at: Timestamp,
    /// The tier.
    pub tier: String,
    /// The features, where it is granted.
    pub features: Vec<String>,
    /// The limits, where it is granted.
    pub limits: std::collections::BTreeMap<String, Option<u64>>,
    /// Seats granted; `null` is unlimited.
    pub seats: Option<u32>,
    /// Seats that others hold at that time, as far as their leases run today.
    pub taken: u32,
    /// Whether the cluster has been here before.
    pub known_cluster: bool,
    /// Seconds until its first heartbeat.
    pub heartbeat_s: u32,
    /// Until when the lease would run without another contact.
    pub lease_until: Option<Timestamp>,
    /// The product's preset: what a refusal, or silence, leads to.
    pub enforcement: String,
}

impl Authority {
    /// Judges an activation of this licence as it would be judged then.
    pub async fn simulate(
        &self,
        id: Uuid,
        question: Question,
    ) -> Result<Simulated, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let license = tx.license(id).await?.ok_or_else(|| missing(id))?;
                let now = question.at.map_or_else(|| this.clock().now(), Timestamp::as_second);
                let known = this.know(tx, license).await?;
                let (product, plan) = this.terms_of(tx, &known).await?;
                let machine = question.machine.as_ref().map(ToString::to_string);
                let standing = known.standing(now, None, machine.as_deref());
                let own = match &question.cluster_id {
                    Some(cluster) => tx.activation_of_cluster(id, cluster).await?,
                    None => None,
                };
                let except = own.as_ref().map(|own| own.id);
                let taken = tx.count_live_seats(id, now, plan.reclaim_after_s, except).await?;
                let claims = &known.claims;
                let most = claims.seats.map(|seats| seats.saturating_add(plan.overage));
                let code = match (&standing, most, claims.nodes) {
                    (Err(denied), ..) => Some(denied.code),
                    (Ok(_), _, Some(nodes)) if question.nodes.is_some_and(|own| own > nodes) => {
                        Some(Code::TooManyNodes)
                    }
                    (Ok(_), Some(most), _) if taken >= most => Some(Code::NoFreeSeat),
                    _ => None,
                };
                let grace = i64::from(plan.grace_s.unwrap_or(product.grace_s));
                let lease_until = match (code, standing) {
                    (None, Ok(end)) => {
                        let lease = now.saturating_add(grace);
                        Some(end.map_or(lease, |end| end.min(lease)))
                    }
                    _ => None,
                };
                let granted = code.is_none();
                Ok(Simulated {
                    verdict: Judged {
                        valid: granted,
                        code: code.map_or("valid", Code::as_str).to_owned(),
                        detail: code.map_or_else(String::new, |code| {
                            format!("{}. {}", code.title(), code.advice())
                        }),
                    },
                    at: timestamp(now),
                    tier: claims.tier.to_string(),
                    features: if granted { feature_names(claims) } else { Vec::new() },
                    limits: if granted { named_limits(claims) } else { Default::default() },
                    seats: claims.seats,
                    taken,
                    known_cluster: own.is_some(),
                    heartbeat_s: plan.heartbeat_s.unwrap_or(product.heartbeat_s),
                    lease_until: lease_until.map(timestamp),
                    enforcement: product.enforcement.to_string(),
                })
            })
        })
        .await
    }
}
