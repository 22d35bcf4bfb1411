//! A key of a licence: every issue and re-issue makes one.

use uuid::Uuid;

use crate::Scheme;

/// A signed key as it rests: sealed, and found by a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseKey {
    /// What a revocation names.
    pub jti: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// Its scheme.
    pub scheme: Scheme,
    /// The signing key.
    pub kid: String,
    /// The key's text, sealed under the master key.
    pub sealed: Vec<u8>,
    /// When it was signed.
    pub issued_at: i64,
}
