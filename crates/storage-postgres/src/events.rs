//! Events for running products.

use crate::params;
use async_trait::async_trait;
use licentia_model::{Event, EventKind};
use licentia_storage::events::Events;
use licentia_storage::{Result, StorageError};
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    // Heard when the transaction commits, by every process that listens.
    TELL = "SELECT pg_notify('licentia_events', '')";
    INSERT = "INSERT INTO events (license_id, kind, at) VALUES ($1, $2, $3)";
    AFTER = "SELECT * FROM events WHERE seq > $1 ORDER BY seq LIMIT $2";
    LAST = "SELECT coalesce(max(seq), 0) FROM events";
    PRUNE = "DELETE FROM events WHERE at < $1";
}

#[async_trait]
impl Events for PostgresTransaction {
    async fn insert_event(
        &mut self,
        license_id: Option<Uuid>,
        kind: EventKind,
        at: i64,
    ) -> Result<()> {
        // Numbers are given before the commit, and listeners read on from the last one they saw: a smaller number
        // that is committed later would never be heard. So one transaction after the other makes events.
        self.lock_journal().await?;
        self.write(TELL, &[]).await?;
        self.write_one("event", INSERT, params![license_id, kind.as_str(), at]).await
    }

    async fn events_after(&mut self, seq: u64, limit: u32) -> Result<Vec<Event>> {
        self.all("events", AFTER, params![signed(seq)?, limit], event).await
    }

    async fn last_event(&mut self) -> Result<u64> {
        let last = self.integer(LAST, &[]).await?;
        u64::try_from(last).map_err(|_| StorageError::Corrupt {
            table: "events",
            column: "seq",
            row: last.to_string(),
        })
    }

    async fn prune_events(&mut self, before: i64) -> Result<u64> {
        self.write(PRUNE, params![before]).await
    }
}

fn event(row: &Columns<'_>) -> Result<Event> {
    Ok(Event {
        seq: row.number("seq")?,
        license_id: row.optional("license_id", Columns::uuid)?,
        kind: row.word("kind")?,
        at: row.plain("at")?,
    })
}
