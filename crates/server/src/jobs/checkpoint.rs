//! Writes down by the hour, outside the database, where the audit trail stands. Every replica does, for itself: the
//! more files, the harder to forge.

use std::sync::Arc;
use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::metrics::Metrics;

const EVERY: Duration = Duration::from_secs(3600);

/// Starts the job, with a checkpoint at once; it ends when `stop` changes.
pub(crate) fn start(authority: Authority, metrics: Arc<Metrics>, mut stop: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let written = write(&authority).await;
                    metrics.job("checkpoint", written, authority.now());
                }
                _ = stop.changed() => break,
            }
        }
    });
}

/// One checkpoint; whether it was written, or there was nothing new.
pub(crate) async fn write(authority: &Authority) -> bool {
    let written = authority.checkpoint_audit().await;
    if let Err(error) = &written {
        tracing::warn!(%error, "the audit trail has no checkpoint of this hour");
    }
    written.is_ok()
}
