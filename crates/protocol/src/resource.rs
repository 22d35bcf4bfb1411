//! The resources of the operators' side, as the API and `--json` show them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// Short name.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Prefix of keys and environment variables.
    pub key_prefix: String,
    /// Scheme of new keys.
    pub scheme: String,
    /// Enforcement preset the guard is built with.
    pub enforcement: String,
    /// Seconds between heartbeats.
    pub heartbeat_interval_s: u32,
    /// Seconds of grace after the last answer.
    pub grace_s: u32,
    /// Plan of licences that name none.
    pub default_plan: String,
    /// Another system's keys that are accepted too: `caio` or `volcanic`.
    pub profile: Option<String>,
    /// Schemes that are refused from a time on.
    pub sunset: BTreeMap<String, Timestamp>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// Short name.
    pub code: String,
    /// Product code.
    pub product: String,
    /// Tier name.
    pub tier: String,
    /// Order of tiers.
    pub rank: u32,
    /// Features granted.
    pub features: Vec<String>,
    /// Limits by name; `null` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
    /// Clusters at a time; `null` is unlimited.
    pub seats: Option<u32>,
    /// Nodes in one cluster; `null` is unlimited.
    pub nodes: Option<u32>,
    /// Days of a trial.
    pub trial_days: Option<u32>,
    /// For people: price, support, SLA.
    pub info: BTreeMap<String, String>,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Customer {
    /// Id.
    pub id: Uuid,
    /// E-mail address.
    pub email: String,
    /// Personal name.
    pub name: Option<String>,
    /// Organisation.
    pub organization: Option<String>,
}

/// A licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct License {
    /// Id; the `sub` of its keys.
    pub id: Uuid,
    /// The customer's key; `null` where it is not kept (`short`, `v1`), and so shown only when issued.
    pub key: Option<String>,
    /// Scheme of that key.
    pub scheme: String,
    /// Product code.
    pub product: String,
    /// Plan code.
    pub plan: String,
    /// Tier.
    pub tier: String,
    /// `active`, `trial`, `suspended`, `expired`, `cancelled` or `revoked`.
    pub state: String,
    /// End; `null` is perpetual.
    pub expires_at: Option<Timestamp>,
    /// Issued.
    pub created_at: Timestamp,
    /// Version of its tokens.
    pub token_version: u64,
    /// Seats granted; `null` is unlimited.
    pub seats: Option<u32>,
    /// Nodes in one cluster; `null` is unlimited.
    pub nodes: Option<u32>,
    /// Features granted.
    pub features: Vec<String>,
    /// Limits by name; `null` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
    /// Whom it was issued to.
    pub customer: Customer,
}

/// An activation with its seat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activation {
    /// Id.
    pub id: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// The cluster.
    pub cluster_id: String,
    /// Host name, as told by the product.
    pub hostname: Option<String>,
    /// Nodes last reported.
    pub nodes: Option<u32>,
    /// Whether it holds a seat now.
    pub live: bool,
    /// Silent for so long that its seat may be given away, while its lease still runs.
    pub overlapping: bool,
    /// Beyond the seats paid for, within the plan's overage.
    pub overage: bool,
    /// Number of answers so far.
    pub generation: u64,
    /// Last answer.
    pub last_seen: Timestamp,
    /// End of the lease; `null` once given back.
    pub lease_until: Option<Timestamp>,
    /// First activation.
    pub created_at: Timestamp,
}

/// A signing key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// Algorithm.
    pub alg: String,
    /// What it signs.
    pub purposes: Vec<String>,
    /// Where it is in its life.
    pub state: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What the check of the audit trail found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditReport {
    /// Whether the trail is whole.
    pub valid: bool,
    /// Rows read.
    pub rows: u64,
    /// Rows that were edited, removed or moved, in words.
    pub findings: Vec<String>,
}

/// An operator's API token. Sent as `Authorization: Bearer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// Id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// Whose it is: the operator's name.
    pub operator: String,
    /// Its first letters, to recognise it by.
    pub prefix: String,
    /// What it may do, as long as its operator's role allows it: `RESOURCE:read`, `RESOURCE:write`, `admin`.
    pub scopes: Vec<String>,
    /// The token itself; in the answer that makes it, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `null`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute; `null`: never.
    pub last_used_at: Option<Timestamp>,
    /// Since when it opens nothing any more; `null`: it does.
    pub revoked_at: Option<Timestamp>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// `after` of the next part; `null`: this was the last.
    pub next: Option<String>,
}
