//! The outbox.

use async_trait::async_trait;
use licentia_model::Message;
use uuid::Uuid;

use crate::Result;

/// What happened and has to be told. Messages become jobs, one a receiver.
#[async_trait]
pub trait Outbox {
    /// Queues a message with the change that causes it.
    async fn enqueue(
        &mut self,
        license_id: Uuid,
        kind: &str,
        facts: &str,
        sealed: Option<&[u8]>,
        at: i64,
    ) -> Result<()>;
    /// The oldest messages, at most `limit`.
    async fn messages(&mut self, limit: u32) -> Result<Vec<Message>>;
    /// Forgets a message that has become jobs; a second time too.
    async fn acknowledge(&mut self, seq: u64) -> Result<()>;
    /// How many wait.
    async fn count_messages(&mut self) -> Result<u64>;
}
