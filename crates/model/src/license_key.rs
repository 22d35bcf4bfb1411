//! A key of a licence: every issue and re-issue makes one, and a licence handed out in another scheme has two.

use uuid::Uuid;

use crate::Scheme;

/// A key as it rests. One that can be sent again is sealed; one that people type is known by its hash only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseKey {
    /// What a revocation names.
    pub jti: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// Its scheme.
    pub scheme: Scheme,
    /// The signing key; `None` for a key that is not signed by one.
    pub kid: Option<String>,
    /// The key's text, sealed under the master key; `None` where only the hash is kept.
    pub sealed: Option<Vec<u8>>,
    /// Keyed hash by which an unsigned key is found.
    pub lookup: Option<[u8; 32]>,
    /// When it was made.
    pub issued_at: i64,
    /// Since when it counts no more, as after a transfer to another customer.
    pub voided_at: Option<i64>,
}
