//! Sums up by the hour who was refused. Every replica sums up its own.

use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(3600);

/// Starts the job; it ends when `stop` changes.
pub(crate) fn start(authority: Authority, mut stop: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            tokio::select! {
                _ = ticks.tick() => sum(&authority).await,
                _ = stop.changed() => break,
            }
        }
    });
}

/// One sum.
pub(crate) async fn sum(authority: &Authority) {
    if let Err(error) = authority.record_refusals().await {
        tracing::warn!(%error, "refusals could not be put on record; they are summed on");
    }
}
