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
        INSERT INTO outbox (license_id, kind, facts, at, attempts, claimed_until)
        VALUES (?1, ?2, ?3, ?4, 0, 0)";
    DUE = "SELECT * FROM outbox WHERE claimed_until <= ?1 ORDER BY seq LIMIT ?2";
    CLAIM = "UPDATE outbox SET claimed_until = ?2, attempts = attempts + 1 WHERE seq = ?1";
    DELETE = "DELETE FROM outbox WHERE seq = ?1";
    PRUNE = "DELETE FROM outbox WHERE at < ?1";
}

#[async_trait]
impl Outbox for SqliteTransaction {
    async fn enqueue(&mut self, license_id: Uuid, kind: &str, facts: &str, at: i64) -> Result<()> {
        self.write_one("message", INSERT, params![license_id.to_string(), kind, facts, at])
    }

    async fn claim_messages(&mut self, now: i64, until: i64, limit: u32) -> Result<Vec<Message>> {
        self.writable()?;
        let mut messages = self.all("outbox", DUE, params![now, limit], message)?;
        for message in &mut messages {
            self.write_one("message", CLAIM, params![signed(message.seq)?, until])?;
            message.attempts += 1;
        }
        Ok(messages)
    }

    async fn acknowledge(&mut self, seq: u64) -> Result<()> {
        self.write(DELETE, params![signed(seq)?]).map(drop)
    }

    async fn prune_messages(&mut self, before: i64) -> Result<u64> {
        self.write(PRUNE, params![before])
    }
}

fn message(row: &Columns<'_>) -> Result<Message> {
    Ok(Message {
        seq: row.number("seq")?,
        license_id: row.uuid("license_id")?,
        kind: row.plain("kind")?,
        facts: row.plain("facts")?,
        at: row.plain("at")?,
        attempts: row.number("attempts")?,
    })
}
