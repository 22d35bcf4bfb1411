//! Webhooks.

use async_trait::async_trait;
use licentia_model::Webhook;
use uuid::Uuid;

use crate::Result;

/// Webhooks; there are few.
#[async_trait]
pub trait Webhooks {
    /// A new one.
    async fn insert_webhook(&mut self, webhook: &Webhook) -> Result<()>;
    /// Replaces all but id, signing and `created_at`.
    async fn update_webhook(&mut self, webhook: &Webhook) -> Result<()>;
    /// By id.
    async fn webhook(&mut self, id: Uuid) -> Result<Option<Webhook>>;
    /// All, oldest first.
    async fn webhooks(&mut self) -> Result<Vec<Webhook>>;
    /// Forgets one; `false` where there is none.
    async fn delete_webhook(&mut self, id: Uuid) -> Result<bool>;
}
