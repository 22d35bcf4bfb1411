//! `POST /v1/licenses/validate`: asks about a key without taking a seat.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the caller sends.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ValidateRequest))]
pub struct Request {
    /// The key, any scheme.
    pub license_key: String,
    /// The product that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The machine that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Asks for a signed verdict that echoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// What the authority answers, always with 200: an invalid licence is an answer, not an error.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ValidateAnswer))]
pub struct Answer {
    /// Whether the licence is valid now.
    pub valid: bool,
    /// `valid`, or the error code.
    pub code: String,
    /// The licence; this and what follows only where the key is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_id: Option<Uuid>,
    /// Product code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Plan code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Features granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Limits by name; `null` is unlimited.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Option<u64>>,
    /// End of the licence; `null` is perpetual.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub expires_at: Option<Timestamp>,
    /// What the customer should know, e.g. that the key will not be accepted any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<KeyAdvice>,
    /// Signed verdict, where a nonce was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// A hint about a key. It never changes what the licence grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyAdvice {
    /// `key_retiring`: keys of this scheme are on their way out; ask the vendor for a new one.
    pub kind: String,
    /// From when on it is refused; `null`: that is not decided yet.
    pub from: Option<Timestamp>,
}
