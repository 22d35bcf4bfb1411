//! Chains of actions.

use async_trait::async_trait;
use licentia_model::ChainHead;
use uuid::Uuid;

use crate::Result;

/// Heads of the chains of actions.
#[async_trait]
pub trait Chains {
    /// The head of an activation's chain; `None` before its first entry.
    async fn chain_head(&mut self, activation_id: Uuid) -> Result<Option<ChainHead>>;
    /// Inserts or replaces it. Call under `lock_license`.
    async fn put_chain_head(&mut self, head: &ChainHead) -> Result<()>;
}
