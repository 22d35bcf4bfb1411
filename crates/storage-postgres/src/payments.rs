//! What payment providers told.

use crate::params;
use async_trait::async_trait;
use licentia_model::{PaymentEvent, Purchase};
use licentia_storage::payments::Payments;
use licentia_storage::{Place, Result};
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT_EVENT = "
        INSERT INTO payment_events (id, provider, event, purchase_id, kind, at, received_at, facts)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, event) DO NOTHING";
    EVENTS = "SELECT * FROM payment_events WHERE purchase_id = $1 ORDER BY at, event";
    REPLACE_FACTS = "UPDATE payment_events SET facts = $2 WHERE id = $1";
    NEWEST_EVENTS = "
        SELECT * FROM payment_events WHERE (received_at, id) < ($1, $2)
        ORDER BY received_at DESC, id DESC LIMIT $3";
    INSERT = "
        INSERT INTO purchases (id, provider, license_id, applied, created_at)
        VALUES ($1, $2, $3, $4, $5)";
    UPDATE = "UPDATE purchases SET license_id = $2, applied = $3 WHERE id = $1";
    BY_ID = "SELECT * FROM purchases WHERE id = $1";
    BY_REFERENCE = "SELECT * FROM purchase_references WHERE provider = $1 AND reference = $2";
    REFER = "
        INSERT INTO purchase_references (provider, reference, purchase_id) VALUES ($1, $2, $3)
        ON CONFLICT (provider, reference) DO NOTHING";
    OF_LICENSE = "SELECT * FROM purchases WHERE license_id = $1 ORDER BY id";
    MOVE_EVENTS = "UPDATE payment_events SET purchase_id = $2 WHERE purchase_id = $1";
    MOVE_REFERENCES = "UPDATE purchase_references SET purchase_id = $2 WHERE purchase_id = $1";
    DELETE = "DELETE FROM purchases WHERE id = $1";
}

#[async_trait]
impl Payments for PostgresTransaction {
    async fn insert_payment_event(&mut self, event: &PaymentEvent) -> Result<bool> {
        let params = params![
            event.id,
            event.provider,
            event.event,
            event.purchase_id,
            event.kind,
            event.at,
            event.received_at,
            event.facts,
        ];
        Ok(self.write(INSERT_EVENT, params).await? == 1)
    }

    async fn payment_events(&mut self, purchase_id: Uuid) -> Result<Vec<PaymentEvent>> {
        self.all("payment_events", EVENTS, params![purchase_id], event).await
    }

    async fn replace_payment_facts(&mut self, id: Uuid, facts: &str) -> Result<()> {
        self.write_one("payment event", REPLACE_FACTS, params![id, facts]).await
    }

    async fn walk_payment_events(&mut self, after: Place, limit: u32) -> Result<Vec<PaymentEvent>> {
        let params = params![after.at, after.id, limit];
        self.all("payment_events", NEWEST_EVENTS, params, event).await
    }

    async fn insert_purchase(&mut self, purchase: &Purchase) -> Result<()> {
        let params = params![
            purchase.id,
            purchase.provider,
            purchase.license_id,
            purchase.applied,
            purchase.created_at,
        ];
        self.write_one("purchase", INSERT, params).await
    }

    async fn update_purchase(&mut self, purchase: &Purchase) -> Result<()> {
        let license_id = purchase.license_id;
        let params = params![purchase.id, license_id, purchase.applied];
        self.write_one("purchase", UPDATE, params).await
    }

    async fn purchase(&mut self, id: Uuid) -> Result<Option<Purchase>> {
        self.one("purchases", BY_ID, params![id], purchase).await
    }

    async fn purchase_of(&mut self, provider: &str, reference: &str) -> Result<Option<Uuid>> {
        let params = params![provider, reference];
        self.one("purchase_references", BY_REFERENCE, params, |row| row.uuid("purchase_id")).await
    }

    async fn refer_to_purchase(
        &mut self,
        provider: &str,
        reference: &str,
        purchase_id: Uuid,
    ) -> Result<()> {
        self.write(REFER, params![provider, reference, purchase_id]).await.map(drop)
    }

    async fn purchases_of_license(&mut self, license_id: Uuid) -> Result<Vec<Purchase>> {
        self.all("purchases", OF_LICENSE, params![license_id], purchase).await
    }

    async fn join_purchases(&mut self, from: Uuid, into: Uuid) -> Result<()> {
        for sql in [MOVE_EVENTS, MOVE_REFERENCES] {
            self.write(sql, params![from, into]).await?;
        }
        self.write_one("purchase", DELETE, params![from]).await
    }
}

fn event(row: &Columns<'_>) -> Result<PaymentEvent> {
    Ok(PaymentEvent {
        id: row.uuid("id")?,
        provider: row.plain("provider")?,
        event: row.plain("event")?,
        purchase_id: row.uuid("purchase_id")?,
        kind: row.plain("kind")?,
        at: row.plain("at")?,
        received_at: row.plain("received_at")?,
        facts: row.plain("facts")?,
    })
}

fn purchase(row: &Columns<'_>) -> Result<Purchase> {
    Ok(Purchase {
        id: row.uuid("id")?,
        provider: row.plain("provider")?,
        license_id: row.optional("license_id", Columns::uuid)?,
        applied: row.plain("applied")?,
        created_at: row.plain("created_at")?,
    })
}
