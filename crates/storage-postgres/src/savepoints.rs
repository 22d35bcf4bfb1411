//! A part of a transaction that may fail alone.

use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::savepoints::Savepoints;

use crate::transaction::PostgresTransaction;

#[async_trait]
impl Savepoints for PostgresTransaction {
    async fn begin_part(&mut self) -> Result<()> {
        self.writable()?;
        self.part_begin().await
    }

    async fn keep_part(&mut self) -> Result<()> {
        self.part_release().await
    }

    async fn undo_part(&mut self) -> Result<()> {
        self.part_undo().await
    }
}
