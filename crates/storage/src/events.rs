//! Events for running products.

use async_trait::async_trait;
use licentia_model::{Event, EventKind};
use uuid::Uuid;

use crate::Result;

/// Events.
#[async_trait]
pub trait Events {
    /// Queues an event with the change that causes it; without a licence it is for all.
    async fn insert_event(
        &mut self,
        license_id: Option<Uuid>,
        kind: EventKind,
        at: i64,
    ) -> Result<()>;
    /// Events after `seq`, in order; at most `limit`.
    async fn events_after(&mut self, seq: u64, limit: u32) -> Result<Vec<Event>>;
    /// The last `seq`; 0 where there is none.
    async fn last_event(&mut self) -> Result<u64>;
    /// Forgets events older than this; how many.
    async fn prune_events(&mut self, before: i64) -> Result<u64>;
}
