//! Forgets what nobody needs any more, so that no table grows without end, and sums up who was refused.

use std::sync::Arc;
use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::{Instant, interval};

use crate::metrics::Metrics;

const EVERY: Duration = Duration::from_secs(3600);
/// How often a replica that does not run the jobs asks whether it is its turn now.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Starts the job; it ends when `stop` changes.
pub(crate) fn start(
    authority: Authority,
    usage_days: u32,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    tokio::spawn(async move {
        let mut ticks = interval(ASK_EVERY);
        let mut last: Option<Instant> = None;
        let mut summed = Instant::now();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.changed() => break,
            }
            if summed.elapsed() >= EVERY {
                summed = Instant::now();
                sum_refusals(&authority).await;
            }
            if !authority.leads() || last.is_some_and(|last| last.elapsed() < EVERY) {
                continue;
            }
            last = Some(Instant::now());
            let pruned = authority.prune(usage_days).await;
            metrics.job("prune", pruned.is_ok(), authority.now());
            if let Err(error) = pruned {
                tracing::warn!(%error, "old rows could not be removed");
            }
        }
    });
}

/// Every replica sums up its own.
pub(crate) async fn sum_refusals(authority: &Authority) {
    if let Err(error) = authority.record_refusals().await {
        tracing::warn!(%error, "refusals could not be put on record; they are summed on");
    }
}
