//! Air-gapped activation: the file that a machine without network asks with, and the one it gets.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::key::{Jwk, PublicKey};
use crate::keyset::Purpose;
use crate::verify::{Verified, decode_unverified, verify};
use crate::{Invalid, Lease, Trust};

/// Claims of a `request+jwt`. Times are seconds since the epoch, UTC, by the machine's own clock.
///
/// The machine signs it with a key of its own, made for this: [`OfflineRequest::open`] then shows that the
/// file arrived whole, and nothing more. The licence key in it is what it is granted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineRequest {
    /// The cluster that asks; a request has no authority behind it.
    pub iss: String,
    /// When it was made.
    pub iat: i64,
    /// From when on it counts no more.
    pub exp: i64,
    /// Product code.
    pub aud: String,
    /// The licence key, any scheme.
    pub license_key: String,
    /// The cluster.
    pub cluster_id: String,
    /// The machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Fresh random text; the answer echoes it.
    pub nonce: String,
    /// The machine's public key.
    pub jwk: Jwk,
}

impl Document for OfflineRequest {
    const TYP: &'static str = "request+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}

impl OfflineRequest {
    /// Checks a request against the key that it brings.
    pub fn open(token: &str) -> Result<Verified<Self>, Invalid> {
        let (_, claims) = decode_unverified(token)?;
        let key = claims
            .get("jwk")
            .and_then(|jwk| serde_json::from_value::<Jwk>(jwk.clone()).ok())
            .and_then(|jwk| PublicKey::from_jwk(&jwk).ok())
            .ok_or(Invalid::Malformed("the request does not bring a public key"))?;
        verify(token, &Trust::new(vec![key]))
    }
}

/// Claims of an `offline+jwt`: those of a lease for the plan's offline term, with the request's nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfflineLease(pub Lease);

impl Document for OfflineLease {
    const TYP: &'static str = "offline+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.0.iat
    }
}
