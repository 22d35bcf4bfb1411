//! What operators say about products and plans, field by field; a whole catalogue is a TOML text.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::resource::{Distribution, Meter, Product, Quota, Upgrade};

/// A product to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewProduct {
    /// Short name, `[a-z0-9][a-z0-9-]{0,62}`.
    pub code: String,
    /// The rest; `name` and `default_plan` have to be told.
    #[serde(flatten)]
    pub fields: ProductFields,
}

/// What is told of a product; what is absent stays, or is the default of a new one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductFields {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Prefix of keys and environment variables, `[A-Z0-9]{1,16}`; default: the code in capitals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    /// Scheme of new keys: `jwt` (default), `v2`, `v1` or `short`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Preset of the guard: `strict` (default), `degrade` or `lenient`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<String>,
    /// Seconds between heartbeats; default: 900.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_interval_s: Option<u32>,
    /// Seconds of grace; default: 86,400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_s: Option<u32>,
    /// Code of the plan of licences that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_plan: Option<String>,
    /// Another system's keys that are accepted too: `caio` or `volcanic`; `null`: none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub profile: Option<Option<String>>,
    /// Schemes that are refused from a time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset: Option<BTreeMap<String, Timestamp>>,
    /// Schemes whose holders are told from a time on that they will be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<BTreeMap<String, Timestamp>>,
    /// Of what there is one trial: `customer` (default), `domain` (of the e-mail address), `machine`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_once_per: Option<Vec<String>>,
    /// For installations that never had a licence; `null`: they need one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Upgrade>))]
    pub upgrade: Option<Option<Upgrade>>,
    /// What its licences count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meters: Option<Vec<Meter>>,
}

/// A plan to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPlan {
    /// Product code.
    pub product: String,
    /// Short name, unique within the product.
    pub code: String,
    /// The rest; `tier`, `rank` and `seats` have to be told.
    #[serde(flatten)]
    pub fields: PlanFields,
}

/// What is told of a plan; what is absent stays, or is the default of a new one. `null` is unlimited, or none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanFields {
    /// Tier name, without dash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Order of tiers, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// Clusters at a time.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub seats: Option<Option<u32>>,
    /// Seats granted beyond `seats`; default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overage: Option<u32>,
    /// Seconds of silence after which a seat may be given away; default, `null`: at the end of its lease.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub reclaim_after_s: Option<Option<u32>>,
    /// How often a day a live cluster id may be taken over; default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeovers_per_day: Option<u32>,
    /// What a copied installation leads to: `warn` (default), `reactivate` or `suspend`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_clone: Option<String>,
    /// What a broken chain of actions leads to: `warn` (default) or `revoke`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_chain_broken: Option<String>,
    /// Nodes in one cluster; default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub nodes: Option<Option<u32>>,
    /// Days of a trial.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub trial_days: Option<Option<u32>>,
    /// Whether the product may send what it counts beyond the plan's own quotas; default: no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<bool>,
    /// Seconds between heartbeats, where not the product's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub heartbeat_interval_s: Option<Option<u32>>,
    /// Seconds of grace, where not the product's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub grace_s: Option<Option<u32>>,
    /// How long a machine without network holds its seat, in seconds; `null`: thirty days.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub offline_s: Option<Option<u32>>,
    /// Requests a minute of one licence; `null`: the server's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub contacts_per_minute: Option<Option<u32>>,
    /// Features granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Limits by name; `null` is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<BTreeMap<String, Option<u64>>>,
    /// Quotas by meter; the limit of the same name says how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<BTreeMap<String, Quota>>,
    /// What its customers may fetch; default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// For people: price, support, SLA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<BTreeMap<String, String>>,
}

/// `null` is something else than nothing.
fn told<'de, D, T>(value: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(value).map(Some)
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Imported {
    /// The product as it is now.
    pub product: Product,
    /// Whether the product is new.
    pub created: bool,
    /// Plans in the catalogue.
    pub plans: u32,
}
