//! `POST /v1/license/heartbeat`: keeps a seat.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the product sends. The activation is named by its id, or by key and cluster.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HeartbeatRequest))]
pub struct Request {
    /// The activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_id: Option<Uuid>,
    /// Instead of the activation: the key…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_key: Option<String>,
    /// …and the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// The access token, here or as `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// The version the product knows.
    pub token_version: u64,
    /// 8 to 128 printable characters, echoed in the signed answer.
    pub nonce: String,
    /// The last generation the product was given.
    pub generation: u64,
    /// Nodes of the cluster now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// Usage since the last report, by meter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub usage: BTreeMap<String, i64>,
    /// Names this report, so that a repeat counts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_id: Option<String>,
}

/// What the authority answers.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HeartbeatAnswer))]
pub struct Answer {
    /// Version of the licence's tokens.
    pub token_version: u64,
    /// When the token ends.
    pub token_expires_at: Timestamp,
    /// A new token, where it was renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Nonce of the authority, renewed by every answer.
    pub server_nonce: String,
    /// The signed lease.
    pub lease: String,
    /// The signed licence, where it changed since the product last had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Version of the authority's keyset.
    pub keyset_version: u64,
    /// Newest revocation list.
    pub revocations_seq: u64,
}
