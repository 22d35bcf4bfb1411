//! Sessions of operators.

use async_trait::async_trait;
use licentia_model::Session;
use uuid::Uuid;

use crate::Result;

/// Sessions of operators.
#[async_trait]
pub trait Sessions {
    /// A new session.
    async fn insert_session(&mut self, session: &Session) -> Result<()>;
    /// By its keyed hash.
    async fn session(&mut self, hash: &[u8; 32]) -> Result<Option<Session>>;
    /// By its id.
    async fn session_by_id(&mut self, id: Uuid) -> Result<Option<Session>>;
    /// Newest first, of one operator or of all, after one; at most `limit`.
    async fn sessions(
        &mut self,
        operator_id: Option<Uuid>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Session>>;
    /// Was used at `at`; whether that is later than what is known.
    async fn touch_session(&mut self, id: Uuid, at: i64) -> Result<bool>;
    /// Ends one; whether it was there.
    async fn delete_session(&mut self, id: Uuid) -> Result<bool>;
    /// Ends all of an operator but `keep`; how many.
    async fn delete_sessions(&mut self, operator_id: Uuid, keep: Option<Uuid>) -> Result<u64>;
    /// Forgets those that ended before; how many.
    async fn prune_sessions(&mut self, before: i64) -> Result<u64>;
}
