//! Messages of the outbox become jobs, one a receiver: each once, those of a licence in order.

use licentia_model::{Message, Webhook};
use licentia_storage::Transaction;
use serde_json::Value;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::jobs::NewJob;
use crate::mail;
use crate::webhooks::{KIND, events};

/// Messages of one transaction.
const PAGE: u32 = 200;

impl Authority {
    /// Makes jobs of the oldest messages; how many messages. Mails are made where somebody sends them.
    pub async fn dispatch(&self, mails: bool) -> Result<usize, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                tx.lock_dispatch().await?;
                let messages = tx.messages(PAGE).await?;
                if messages.is_empty() {
                    return Ok(0);
                }
                let webhooks = tx.webhooks().await?;
                for message in &messages {
                    this.tell_webhooks(tx, &webhooks, message).await?;
                    if mails && let Some(new) = mail::of_message(&this, tx, message).await? {
                        this.queue(tx, new).await?;
                    }
                    tx.acknowledge(message.seq).await?;
                }
                Ok(messages.len())
            })
        })
        .await
    }

    async fn tell_webhooks(
        &self,
        tx: &mut dyn Transaction,
        webhooks: &[Webhook],
        message: &Message,
    ) -> Result<(), AuthorityError> {
        let Some(event) = events::of_action(&message.kind) else { return Ok(()) };
        let facts: Value = serde_json::from_str(&message.facts).unwrap_or_default();
        for webhook in webhooks {
            let wants =
                webhook.events.is_empty() || webhook.events.iter().any(|name| name == event.name);
            if webhook.disabled_at.is_some() || !wants {
                continue;
            }
            let license = message.license_id;
            let new = NewJob {
                kind: KIND,
                once: Some(format!("{}/{}", message.seq, webhook.id)),
                lane: Some(format!("{}/{license}", webhook.id)),
                license_id: Some(license),
                target: Some(webhook.id),
                event: event.name.into(),
                payload: events::body(event.name, message.at, Some(license), facts.clone()),
                ..NewJob::default()
            };
            self.queue(tx, new).await?;
        }
        Ok(())
    }
}
