//! `POST /v1/license/activate`: takes or renews a seat.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::heartbeat::ChainHead;

/// What the product sends.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ActivateRequest))]
pub struct Request {
    /// The key, any scheme; the only credential.
    pub license_key: String,
    /// The product that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Who takes the seat, 1 to 128 printable characters.
    pub cluster_id: String,
    /// 8 to 128 printable characters, echoed in the signed answer.
    pub nonce: String,
    /// The last generation this installation was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Addresses, for the operator's eyes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Who set it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For which organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// The machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Host name, for the operator's eyes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Nodes of the cluster now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// When the terms were accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_accepted_at: Option<Timestamp>,
    /// Digest of the integrity manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts_digest: Option<String>,
}

/// What the authority answers: 201, or 200 where the cluster had been activated before.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ActivateAnswer))]
pub struct Answer {
    /// The activation.
    pub activation_id: Uuid,
    /// Bearer of later calls; to be kept in memory only.
    pub access_token: String,
    /// When the token ends.
    pub token_expires_at: Timestamp,
    /// Version of the licence's tokens.
    pub token_version: u64,
    /// The cluster, as sent.
    pub cluster_id: String,
    /// The signed licence in force.
    pub license: String,
    /// The tier in lower case.
    pub license_type: String,
    /// The tier.
    pub tier: String,
    /// Features granted.
    pub features: Vec<String>,
    /// Limits by name; `null` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
    /// Nodes in one cluster; `null` is unlimited.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub max_nodes: Option<u32>,
    /// End of the licence; `null` is perpetual.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub expires_at: Option<Timestamp>,
    /// Seconds between heartbeats.
    pub heartbeat_interval_s: u64,
    /// Seconds of grace after the last answer.
    pub grace_s: u64,
    /// Nonce of the authority, renewed by every answer.
    pub server_nonce: String,
    /// Salt of the chain of actions, fixed at activation; base64url.
    pub salt: String,
    /// The signed lease.
    pub lease: String,
    /// The signed activation proof.
    pub activation_proof: String,
    /// Where the chain of actions goes on: 0 and 64 zeros before the first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainHead>,
}
