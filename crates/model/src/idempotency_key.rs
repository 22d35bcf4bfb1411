//! What a request that carried an idempotency key has done.

use uuid::Uuid;

/// An effect that happened once and is not to happen again. It holds no secret: an answer that carries one is
/// made anew, and one that is kept is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Keyed hash of credential, route and key.
    pub scope: [u8; 32],
    /// Keyed hash of the request.
    pub request: [u8; 32],
    /// What the effect is about.
    pub result: Uuid,
    /// What was answered, sealed, where that cannot be looked up again.
    pub answer: Option<Vec<u8>>,
    /// When.
    pub at: i64,
}
