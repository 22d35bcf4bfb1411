//! The outbox.

use async_trait::async_trait;
use licentia_model::Message;
use uuid::Uuid;

use crate::Result;

/// Messages to be sent, at least once.
#[async_trait]
pub trait Outbox {
    /// Queues a message with the change that causes it.
    async fn enqueue(&mut self, license_id: Uuid, kind: &str, facts: &str, at: i64) -> Result<()>;
    /// The oldest messages that nobody has claimed at `now`, at most `limit`. They are the caller's until `until`;
    /// one that is not acknowledged by then is claimed again.
    async fn claim_messages(&mut self, now: i64, until: i64, limit: u32) -> Result<Vec<Message>>;
    /// Forgets a message that was sent; a second time too.
    async fn acknowledge(&mut self, seq: u64) -> Result<()>;
    /// Forgets messages that are older than this; how many.
    async fn prune_messages(&mut self, before: i64) -> Result<u64>;
}
