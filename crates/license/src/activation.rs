//! The activation proof: that a licence was activated on this machine.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of an `activation+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationProof {
    /// The authority.
    pub iss: String,
    /// The licence.
    pub sub: String,
    /// Product code.
    pub aud: String,
    /// When it was activated.
    pub iat: i64,
    /// The activation.
    pub act: String,
    /// The cluster.
    pub cluster_id: String,
    /// The machine, where it said which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Digest of the integrity manifest that was activated with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<String>,
}

impl Document for ActivationProof {
    const TYP: &'static str = "activation+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
