//! Webhooks.

use crate::params;
use async_trait::async_trait;
use licentia_model::Webhook;
use licentia_storage::Result;
use licentia_storage::webhooks::Webhooks;
use uuid::Uuid;

use crate::columns::{Columns, json};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO webhooks (id, url, description, events, signing, secret, former, former_until, disabled_at,
                              disabled_why, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE = "
        UPDATE webhooks
        SET url = $2, description = $3, events = $4, secret = $5, former = $6, former_until = $7,
            disabled_at = $8, disabled_why = $9, updated_at = $10
        WHERE id = $1";
    BY_ID = "SELECT * FROM webhooks WHERE id = $1";
    ALL = "SELECT * FROM webhooks ORDER BY created_at, id";
    DELETE = "DELETE FROM webhooks WHERE id = $1";
}

#[async_trait]
impl Webhooks for PostgresTransaction {
    async fn insert_webhook(&mut self, webhook: &Webhook) -> Result<()> {
        let params = params![
            webhook.id,
            webhook.url,
            webhook.description,
            json(&webhook.events)?,
            webhook.signing.as_str(),
            webhook.secret,
            webhook.former,
            webhook.former_until,
            webhook.disabled_at,
            webhook.disabled_why,
            webhook.created_at,
            webhook.updated_at,
        ];
        self.write_one("webhook", INSERT, params).await
    }

    async fn update_webhook(&mut self, webhook: &Webhook) -> Result<()> {
        let params = params![
            webhook.id,
            webhook.url,
            webhook.description,
            json(&webhook.events)?,
            webhook.secret,
            webhook.former,
            webhook.former_until,
            webhook.disabled_at,
            webhook.disabled_why,
            webhook.updated_at,
        ];
        self.write_one("webhook", UPDATE, params).await
    }

    async fn webhook(&mut self, id: Uuid) -> Result<Option<Webhook>> {
        self.one("webhooks", BY_ID, params![id], webhook).await
    }

    async fn webhooks(&mut self) -> Result<Vec<Webhook>> {
        self.all("webhooks", ALL, params![], webhook).await
    }

    async fn delete_webhook(&mut self, id: Uuid) -> Result<bool> {
        Ok(self.write(DELETE, params![id]).await? == 1)
    }
}

fn webhook(row: &Columns<'_>) -> Result<Webhook> {
    Ok(Webhook {
        id: row.uuid("id")?,
        url: row.plain("url")?,
        description: row.plain("description")?,
        events: row.json("events")?,
        signing: row.word("signing")?,
        secret: row.plain("secret")?,
        former: row.plain("former")?,
        former_until: row.plain("former_until")?,
        disabled_at: row.plain("disabled_at")?,
        disabled_why: row.plain("disabled_why")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
    })
}
