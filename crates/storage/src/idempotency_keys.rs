//! Idempotency keys.

use async_trait::async_trait;
use licentia_model::IdempotencyKey;

use crate::Result;

/// Idempotency keys; written in the transaction of the effect.
#[async_trait]
pub trait IdempotencyKeys {
    /// Keeps out the same request elsewhere until this transaction ends. It comes before all other locks.
    async fn lock_idempotency_key(&mut self, scope: &[u8; 32]) -> Result<()>;
    /// Inserts or replaces.
    async fn put_idempotency_key(&mut self, key: &IdempotencyKey) -> Result<()>;
    /// By its scope.
    async fn idempotency_key(&mut self, scope: &[u8; 32]) -> Result<Option<IdempotencyKey>>;
    /// Forgets those from before; how many.
    async fn prune_idempotency_keys(&mut self, before: i64) -> Result<u64>;
}
