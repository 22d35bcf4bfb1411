//! The delegation: a relay's right to lend seats in a network of its own.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::key::Jwk;
use crate::keyset::Purpose;

/// Claims of a `delegation+jwt`. Times are seconds since the epoch, UTC.
///
/// It names a key that may sign leases, so it is for the key that signs licences: one that signs leases
/// cannot make others of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// The authority.
    pub iss: String,
    /// The licence whose seats are lent.
    pub sub: String,
    /// Product code.
    pub aud: String,
    /// This delegation: what a revocation names.
    pub jti: String,
    /// When it was signed.
    pub iat: i64,
    /// From when on the relay may lend no more.
    pub exp: i64,
    /// The relay.
    pub relay: String,
    /// The relay's public key.
    pub jwk: Jwk,
    /// How many seats it may lend at a time.
    pub seats: u32,
}

impl Document for Delegation {
    const TYP: &'static str = "delegation+jwt";
    const PURPOSE: Purpose = Purpose::License;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
