//! The claims of a licence, the same in every key scheme.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use crate::document::Document;
use crate::fingerprint::Bind;
use crate::keyset::Purpose;

/// A short text that costs no allocation up to 23 bytes and none to clone; it reads like a `&str`.
pub type Text = SmolStr;

/// What a licence says. Times are seconds since the epoch, UTC. Unknown claims are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct License {
    /// The authority.
    pub iss: Text,
    /// The licence; survives renewal, upgrade and transfer.
    pub sub: Text,
    /// Product code, e.g. `tmws`.
    pub aud: Text,
    /// This key: what a revocation names. Every re-issue gets a new one.
    pub jti: Text,
    /// Issued at.
    pub iat: i64,
    /// Not valid before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Expired from this second on; none: perpetual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// The plan's tier name, e.g. `ENTERPRISE`.
    #[serde(default)]
    pub tier: Text,
    /// Order of tiers: a higher rank includes the lower.
    #[serde(default)]
    pub rank: u32,
    /// Plan code, e.g. `pro-yearly`.
    #[serde(default)]
    pub plan: Text,
    /// Features granted.
    #[serde(default)]
    pub features: Vec<Text>,
    /// Limits by name; `null` is unlimited, a name that is absent is not granted.
    #[serde(default)]
    pub limits: BTreeMap<Text, Option<u64>>,
    /// Machines or clusters at a time; `null` is unlimited.
    #[serde(default)]
    pub seats: Option<u32>,
    /// Nodes in one cluster; `null` is unlimited.
    #[serde(default)]
    pub nodes: Option<u32>,
    /// A trial licence.
    #[serde(default)]
    pub trial: bool,
    /// The product may send what it counts, beyond what the licence limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub telemetry: bool,
    /// Hardware binding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<Bind>,
    /// Whom it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Free attributes; `email`, `name` and `chargeId` as in Volcanic Pixels' licences.
    #[serde(default, rename = "_attr", skip_serializing_if = "serde_json::Map::is_empty")]
    pub attributes: serde_json::Map<String, Value>,
}

/// The customer a licence names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The customer's id at the authority.
    pub id: Text,
    /// Personal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Text>,
    /// Organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Text>,
}

impl License {
    /// Whether the licence grants a feature.
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        self.features.iter().any(|feature| feature == name)
    }

    /// Whether the product may tell the authority what this meter counted: where the licence limits it, or allows it.
    #[must_use]
    pub fn reports(&self, meter: &str) -> bool {
        self.telemetry || self.limits.contains_key(meter)
    }
}

impl Document for License {
    const TYP: &'static str = "license+jwt";
    const PURPOSE: Purpose = Purpose::License;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
