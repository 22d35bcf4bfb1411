//! The lease: the authority's signed answer to an activation or heartbeat, and the offline token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::claims::Text;
use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `lease+jwt`. Times are seconds since the epoch, UTC.
///
/// The seat is held until `exp`; in the product, grace runs from the first missed `next_at` to `exp`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The authority.
    pub iss: String,
    /// The licence.
    pub sub: Text,
    /// Product code.
    pub aud: Text,
    /// When the authority answered.
    pub iat: i64,
    /// End of the lease: the answer's time plus the plan's grace, never past the licence's own end.
    pub exp: i64,
    /// The activation.
    pub act: String,
    /// The cluster that holds the seat.
    pub cluster_id: String,
    /// Raised by suspension, cancellation, plan change and rotation of tokens.
    pub token_version: u64,
    /// Grows by one with every answer.
    pub generation: u64,
    /// The client's nonce, echoed: a recorded answer is no answer.
    pub nonce: String,
    /// Renewed by every answer.
    pub server_nonce: String,
    /// Tier name.
    pub tier: Text,
    /// Order of tiers.
    pub rank: u32,
    /// Features granted.
    pub features: Vec<Text>,
    /// Limits by name; `null` is unlimited.
    pub limits: BTreeMap<Text, Option<u64>>,
    /// Nodes in one cluster; `null` is unlimited.
    #[serde(default)]
    pub nodes: Option<u32>,
    /// How the seat is held.
    pub standing: Standing,
    /// Earliest next heartbeat.
    pub next_at: i64,
    /// Newest revocation list of the authority.
    pub revocations_seq: u64,
    /// The machine it was given to, where it said which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// How a seat is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Standing {
    /// Within the seats paid for.
    Active,
    /// Within the plan's overage.
    Overage,
    /// On a trial licence.
    Trial,
    /// A standing of a later version; still a grant.
    #[serde(other)]
    Other,
}

impl Document for Lease {
    const TYP: &'static str = "lease+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
