//! The outbox.

use async_trait::async_trait;
use licentia_model::Message;
use licentia_storage::Result;
use licentia_storage::outbox::Outbox;
use rusqlite::params;
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO outbox (license_id, kind, facts, at, attempts, claimed_until, sealed)
        VALUES (?1, ?2, ?3, ?4, 0, 0, ?5)";
    OLDEST = "SELECT * FROM outbox ORDER BY seq LIMIT ?1";
    DELETE = "DELETE FROM outbox WHERE seq = ?1";
    COUNT = "SELECT count(*) FROM outbox";
}

#[async_trait]
impl Outbox for SqliteTransaction {
    async fn enqueue(
        &mut self,
        license_id: Uuid,
        kind: &str,
        facts: &str,
        sealed: Option<&[u8]>,
        at: i64,
    ) -> Result<()> {
        self.write_one("message", INSERT, params![license_id.to_string(), kind, facts, at, sealed])
    }

    async fn messages(&mut self, limit: u32) -> Result<Vec<Message>> {
        self.all("outbox", OLDEST, params![limit], message)
    }

    async fn acknowledge(&mut self, seq: u64) -> Result<()> {
        self.write(DELETE, params![signed(seq)?]).map(drop)
    }

    async fn count_messages(&mut self) -> Result<u64> {
        self.integer(COUNT, []).map(i64::unsigned_abs)
    }
}

fn message(row: &Columns<'_>) -> Result<Message> {
    Ok(Message {
        seq: row.number("seq")?,
        license_id: row.uuid("license_id")?,
        kind: row.plain("kind")?,
        facts: row.plain("facts")?,
        sealed: row.plain("sealed")?,
        at: row.plain("at")?,
    })
}
