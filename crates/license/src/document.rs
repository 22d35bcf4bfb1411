//! What all signed documents have in common.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::MAX_KEY_BYTES;
use crate::keyset::Purpose;

/// A signed document: a JWS whose `typ` keeps one kind from passing as another (RFC 8725 section 3.11).
pub trait Document: Serialize + DeserializeOwned {
    /// The `typ` of its header, e.g. `license+jwt`.
    const TYP: &'static str;
    /// What the key that signs it must be for.
    const PURPOSE: Purpose;
    /// Longest token of this kind that is looked at, in bytes.
    const MAX_BYTES: usize = MAX_KEY_BYTES;

    /// `iat`, by which a signing key's own validity is judged; seconds since the epoch.
    fn issued_at(&self) -> i64;
}
