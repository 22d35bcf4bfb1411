//! Writes down by the hour, outside the database, where the audit trail stands. Every replica does, for itself: the
//! more files, the harder to forge.

use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(3600);

/// Starts the job, with a checkpoint at once; it ends when `stop` changes.
pub(crate) fn start(authority: Authority, mut stop: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => write(&authority).await,
                _ = stop.changed() => break,
            }
        }
    });
}

/// One checkpoint.
pub(crate) async fn write(authority: &Authority) {
    if let Err(error) = authority.checkpoint_audit().await {
        tracing::warn!(%error, "the audit trail has no checkpoint of this hour");
    }
}
