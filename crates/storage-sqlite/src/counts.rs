//! How much there is of everything, for those who watch the authority.

use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::counts::Counts;
use rusqlite::params;

use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    SEATS = "SELECT count(*) FROM seats WHERE lease_until > ?1";
}

#[async_trait]
impl Counts for SqliteTransaction {
    async fn count_seats(&mut self, now: i64) -> Result<u64> {
        Ok(self.integer(SEATS, params![now])?.unsigned_abs())
    }
}
