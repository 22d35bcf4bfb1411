//! A signing key of the authority, its private half sealed.

use licentia_license::keyset::{KeyState, Purpose};

/// An online signing key as it rests; or a root, whose private half is in a file that may be taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs.
    pub purposes: Vec<Purpose>,
    /// Where it is in its life.
    pub state: KeyState,
    /// Public half, PEM.
    pub public_pem: String,
    /// Private half, sealed under the master key; `None` for a root.
    pub sealed: Option<Vec<u8>>,
    /// Earliest `iat` it may sign.
    pub not_before: Option<i64>,
    /// First `iat` it may no longer sign.
    pub not_after: Option<i64>,
    /// When it was made.
    pub created_at: i64,
}
