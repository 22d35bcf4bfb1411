//! A plan: what a licence of a product grants.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::distribution::Distribution;
use crate::usage::Quota;
use crate::words;

words! {
    /// What happens when an installation turns out to be a copy. An old generation must activate again in any case;
    /// the words differ for the licence, and for a copy that shows by its chain of actions.
    OnClone {
        /// An event in the audit trail.
        Warn = "warn",
        /// The copy must activate again, by the rules of take-over.
        Reactivate = "reactivate",
        /// The licence is suspended.
        Suspend = "suspend",
    }
}

words! {
    /// What happens when the chain of actions of an installation does not hold.
    OnChainBroken {
        /// An event in the audit trail.
        Warn = "warn",
        /// The licence is revoked, with a day of grace.
        Revoke = "revoke",
    }
}

/// A plan of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Row id.
    pub id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// Short name, unique within the product.
    pub code: String,
    /// Tier name.
    pub tier: String,
    /// Order of tiers.
    pub rank: u32,
    /// Clusters at a time; `None` is unlimited.
    pub seats: Option<u32>,
    /// Seats granted beyond `seats`, marked as such.
    pub overage: u32,
    /// Seconds of silence after which a seat may be given away; `None`: at the end of its lease.
    pub reclaim_after_s: Option<u32>,
    /// How often a day a live cluster id may be taken over.
    pub takeovers_per_day: u32,
    /// What a copied installation leads to.
    pub on_clone: OnClone,
    /// What a broken chain of actions leads to.
    pub on_chain_broken: OnChainBroken,
    /// Nodes in one cluster; `None` is unlimited.
    pub nodes: Option<u32>,
    /// Length of a trial in seconds.
    pub trial_s: Option<u32>,
    /// Whether the product may send what it counts beyond the plan's own quotas.
    pub telemetry: bool,
    /// Seconds between heartbeats, where not the product's.
    pub heartbeat_s: Option<u32>,
    /// Seconds of grace, where not the product's.
    pub grace_s: Option<u32>,
    /// How long a machine without network holds its seat, in seconds; `None`: thirty days.
    pub offline_s: Option<u32>,
    /// Requests a minute that all products of one licence may send together; `None`: the server's own limit.
    pub contacts_per_minute: Option<u32>,
    /// Features granted.
    pub features: Vec<String>,
    /// Limits by name; `None` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
    /// Quotas by meter; how much is in the licence's limits.
    pub quotas: BTreeMap<String, Quota>,
    /// What its customers may fetch.
    pub distribution: Distribution,
    /// For people: price, support, SLA.
    pub info: BTreeMap<String, String>,
}
