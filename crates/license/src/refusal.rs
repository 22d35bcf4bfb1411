//! The signed refusal: without it, a 403 from a proxy could stop a paying customer.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `refusal+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The authority.
    pub iss: String,
    /// When it refused.
    pub iat: i64,
    /// From when on it counts no more.
    pub exp: i64,
    /// The stable error code, e.g. `suspended`.
    pub code: String,
    /// The client's nonce, echoed.
    pub nonce: String,
    /// The licence, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The cluster that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Until when the product may go on in full, where the authority allows that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_until: Option<i64>,
}

impl Document for Refusal {
    const TYP: &'static str = "refusal+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
