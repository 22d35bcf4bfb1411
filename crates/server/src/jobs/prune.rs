//! Forgets what nobody needs any more, so that no table grows without end.

use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::interval;

const EVERY: Duration = Duration::from_secs(3600);

/// Starts the job; it ends when `stop` changes.
pub(crate) fn start(authority: Authority, mut stop: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let mut ticks = interval(EVERY);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.changed() => break,
            }
            if let Err(error) = authority.prune().await {
                tracing::warn!(%error, "old rows could not be removed");
            }
        }
    });
}
