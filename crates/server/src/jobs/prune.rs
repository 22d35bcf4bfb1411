//! Forgets what nobody needs any more, so that no table grows without end.

use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::{Instant, interval};

const EVERY: Duration = Duration::from_secs(3600);
/// How often a replica that does not run the jobs asks whether it is its turn now.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Starts the job; it ends when `stop` changes.
pub(crate) fn start(authority: Authority, mut stop: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let mut ticks = interval(ASK_EVERY);
        let mut last: Option<Instant> = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.changed() => break,
            }
            if !authority.leads() || last.is_some_and(|last| last.elapsed() < EVERY) {
                continue;
            }
            last = Some(Instant::now());
            if let Err(error) = authority.prune().await {
                tracing::warn!(%error, "old rows could not be removed");
            }
        }
    });
}
