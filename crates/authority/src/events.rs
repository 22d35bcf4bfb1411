//! Events for running products: who may listen, and what is new.

use licentia_model::Event;
use licentia_protocol::{Code, Problem};
use uuid::Uuid;

use crate::authority::Authority;
use crate::denied::failure;
use crate::error::AuthorityError;

/// How many events one look takes.
const PAGE: u32 = 1_000;
/// How long events are kept, in seconds: a listener that missed more asks by heartbeat anyway.
const KEPT_S: i64 = 24 * 3600;
/// How long a job that has ended is kept to be looked at and sent again, in days.
const JOB_DAYS: u32 = 30;

/// Who may hear events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// The licence whose events they are.
    pub license_id: Uuid,
    /// The activation whose token was shown.
    pub activation_id: Uuid,
}

impl Authority {
    /// The licence whose events the holder of an access token may hear. Even a stale token will do: an event
    /// only makes the product ask.
    pub async fn listener(&self, access_token: &str) -> Result<Listener, Problem> {
        let hash = self.token_hash(access_token);
        self.read(move |_, tx| {
            Box::pin(async move {
                let Some(owner) = tx.access_token_owner(&hash).await? else { return Ok(None) };
                Ok(tx.activation(owner).await?.map(|activation| Listener {
                    license_id: activation.license_id,
                    activation_id: activation.id,
                }))
            })
        })
        .await
        .map_err(|e| failure(&e))?
        .ok_or_else(|| Problem::new(Code::InvalidToken))
    }

    /// Where the events stand now.
    pub async fn last_event(&self) -> Result<u64, AuthorityError> {
        self.read(|_, tx| Box::pin(async move { Ok(tx.last_event().await?) })).await
    }

    /// Events after `seq`, in order.
    pub async fn events_after(&self, seq: u64) -> Result<Vec<Event>, AuthorityError> {
        self.read(move |_, tx| Box::pin(async move { Ok(tx.events_after(seq, PAGE).await?) })).await
    }

    /// Forgets old events, idempotency keys, tokens and jobs that ended long ago, and usage by the hour
    /// after `usage_days`.
    pub async fn prune(&self, usage_days: u32) -> Result<(), AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let days = |days: u32| now.saturating_sub(i64::from(days).saturating_mul(KEPT_S));
                tx.prune_usage(days(usage_days)).await?;
                tx.prune_jobs(days(JOB_DAYS)).await?;
                let before = now.saturating_sub(KEPT_S);
                tx.prune_events(before).await?;
                tx.prune_idempotency_keys(before).await?;
                tx.prune_sessions(now).await?;
                tx.prune_access_tokens(before.saturating_sub(30 * KEPT_S)).await?;
                Ok(())
            })
        })
        .await
    }
}
