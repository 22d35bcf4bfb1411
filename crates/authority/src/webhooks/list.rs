//! Webhooks as operators see them.

use licentia_issue::Secret;
use licentia_model::Webhook;
use licentia_model::webhook::Signing;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::timestamp;
use crate::webhooks::sign::Key;

impl Authority {
    /// Every webhook, oldest first.
    pub async fn list_webhooks(&self) -> Result<Vec<resource::Webhook>, AuthorityError> {
        self.read(|this, tx| {
            Box::pin(async move {
                tx.webhooks().await?.iter().map(|webhook| this.webhook_view(webhook)).collect()
            })
        })
        .await
    }

    /// One webhook.
    pub async fn show_webhook(&self, id: Uuid) -> Result<resource::Webhook, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let webhook = tx.webhook(id).await?.ok_or_else(|| missing(id))?;
                this.webhook_view(&webhook)
            })
        })
        .await
    }

    /// Without the secret; a public key is none.
    pub(crate) fn webhook_view(
        &self,
        webhook: &Webhook,
    ) -> Result<resource::Webhook, AuthorityError> {
        let public_key = match webhook.signing {
            Signing::V1 => None,
            Signing::V1a => Some(self.webhook_key(webhook, &webhook.secret)?.receivers()?),
        };
        Ok(resource::Webhook {
            id: webhook.id,
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            events: webhook.events.clone(),
            signing: webhook.signing.to_string(),
            secret: None,
            public_key,
            former_secret_until: webhook.former_until.map(timestamp),
            disabled_at: webhook.disabled_at.map(timestamp),
            disabled_why: webhook.disabled_why.clone(),
            created_at: timestamp(webhook.created_at),
            updated_at: timestamp(webhook.updated_at),
        })
    }

    /// The same with the secret, for the answer that makes it.
    pub(crate) fn webhook_view_once(
        &self,
        webhook: &Webhook,
    ) -> Result<resource::Webhook, AuthorityError> {
        let view = self.webhook_view(webhook)?;
        let secret = match webhook.signing {
            Signing::V1 => Some(self.webhook_key(webhook, &webhook.secret)?.receivers()?),
            Signing::V1a => None,
        };
        Ok(resource::Webhook { secret, ..view })
    }

    pub(crate) fn webhook_key(
        &self,
        webhook: &Webhook,
        sealed: &[u8],
    ) -> Result<Key, AuthorityError> {
        let secret: Secret<Vec<u8>> = self.master().open(&seal_name(webhook.id), sealed)?;
        Ok(Key::new(webhook.signing, secret))
    }
}

pub(crate) fn seal_name(id: Uuid) -> String {
    format!("webhook/{id}")
}

pub(crate) fn subject(id: Uuid) -> String {
    format!("webhook:{id}")
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "webhook", name: id.to_string() }
}
