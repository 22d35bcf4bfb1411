//! The signed online verdict, answer of `validate` to a request that brought a nonce.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `verdict+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlineVerdict {
    /// The authority.
    pub iss: String,
    /// When it was asked.
    pub iat: i64,
    /// From when on it counts no more.
    pub exp: i64,
    /// The client's nonce, echoed.
    pub nonce: String,
    /// Whether the licence is valid.
    pub valid: bool,
    /// `valid`, or why not.
    pub code: String,
    /// The licence, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Which key was asked about: SHA-256 of its text as sent, base64url. A verdict on another key is none on this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Product code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// Plan code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Tier name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Features granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Limits by name; `null` is unlimited.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Option<u64>>,
    /// End of the licence; none: perpetual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_exp: Option<i64>,
}

impl Document for OnlineVerdict {
    const TYP: &'static str = "verdict+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
