//! A shared secret of a product's `v1` keys. Several at once: current, previous, emergency.

use uuid::Uuid;

/// A secret as it rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductSecret {
    /// Row id; names it on the command line.
    pub id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// Sealed under the master key.
    pub sealed: Vec<u8>,
    /// When it was imported; the newest signs.
    pub created_at: i64,
}
