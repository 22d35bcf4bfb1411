//! A part of a transaction that may fail alone.

use async_trait::async_trait;

use crate::Result;

/// One savepoint at a time.
#[async_trait]
pub trait Savepoints {
    /// From here on, until it is kept or undone.
    async fn begin_part(&mut self) -> Result<()>;
    /// The part belongs to the transaction.
    async fn keep_part(&mut self) -> Result<()>;
    /// As if the part never ran, whatever failed in it; the transaction goes on. Fails where the database gave
    /// the whole transaction up.
    async fn undo_part(&mut self) -> Result<()>;
}
