//! What a request that carried an idempotency key has done.

use uuid::Uuid;

/// An effect that happened once and is not to happen again. It holds no secret: an answer that carries one is
/// made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Keyed hash of credential, route and key.
    pub scope: [u8; 32],
    /// Keyed hash of the request.
    pub request: [u8; 32],
    /// What the effect is about.
    pub result: Uuid,
    /// When.
    pub at: i64,
}
