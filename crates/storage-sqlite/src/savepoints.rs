//! A part of a transaction that may fail alone.

use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::savepoints::Savepoints;

use crate::transaction::SqliteTransaction;

#[async_trait]
impl Savepoints for SqliteTransaction {
    async fn begin_part(&mut self) -> Result<()> {
        self.writable()?;
        self.part_begin()
    }

    async fn keep_part(&mut self) -> Result<()> {
        self.part_release()
    }

    async fn undo_part(&mut self) -> Result<()> {
        self.part_undo()
    }
}
