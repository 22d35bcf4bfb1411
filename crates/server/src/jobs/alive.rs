//! Leaves the mark that the authority is alive, by which an outage is known afterwards.

use std::time::Duration;

use licentia_authority::Authority;
use licentia_authority::outage::MARK_EVERY_S;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Starts the job; it ends when `stop` changes. The first mark is the caller's, before it serves.
pub(crate) fn start(authority: Authority, mut stop: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let mut ticks = interval(Duration::from_secs(MARK_EVERY_S));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            tokio::select! {
                _ = ticks.tick() => mark(&authority).await,
                _ = stop.changed() => break,
            }
        }
    });
}

/// One mark. Without it nothing fails; an outage is then taken for longer than it was.
pub(crate) async fn mark(authority: &Authority) {
    if let Err(error) = authority.mark_alive().await {
        tracing::warn!(%error, "the mark of being alive could not be left");
    }
}
