//! A call, ready to be made.

use licentia_model::Job;

use crate::authority::Authority;
use crate::error::AuthorityError;

/// A call of a webhook. Its debug form tells no signature.
pub struct Call {
    /// Where to.
    pub url: String,
    /// `webhook-id`: the same when it is sent again.
    pub id: String,
    /// `webhook-timestamp`: of this attempt.
    pub timestamp: i64,
    /// `webhook-signature`: one word for each secret that is in use.
    pub signature: String,
    /// The JSON text that was signed.
    pub body: String,
}

impl Authority {
    /// Signs the call that a job of the kind `webhook` is; why there is none, where there is none to be made.
    pub async fn prepare_call(&self, job: &Job) -> Result<Result<Call, String>, AuthorityError> {
        let Some(target) = job.target else { return Ok(Err("it has no target".into())) };
        let webhook =
            self.read(move |_, tx| Box::pin(async move { Ok(tx.webhook(target).await?) })).await?;
        let Some(webhook) = webhook else { return Ok(Err("the webhook was removed".into())) };
        if webhook.disabled_at.is_some() {
            return Ok(Err("the webhook is switched off".into()));
        }
        let (id, now) = (format!("msg_{}", job.id.simple()), self.clock().now());
        let mut words =
            vec![self.webhook_key(&webhook, &webhook.secret)?.sign(&id, now, &job.payload)?];
        if let Some(former) = webhook.former.as_ref()
            && webhook.former_until.is_some_and(|until| until > now)
        {
            words.push(self.webhook_key(&webhook, former)?.sign(&id, now, &job.payload)?);
        }
        let signature = words.join(" ");
        Ok(Ok(Call { url: webhook.url, id, timestamp: now, signature, body: job.payload.clone() }))
    }
}
