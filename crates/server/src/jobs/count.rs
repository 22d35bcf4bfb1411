//! Counts by the minute what the metrics tell of the whole database.

use std::sync::Arc;
use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::console::Board;
use crate::metrics::Metrics;

const EVERY: Duration = Duration::from_secs(60);

/// Starts the job; it ends when `stop` changes.
pub(crate) fn start(
    authority: Authority,
    metrics: Arc<Metrics>,
    board: Arc<Board>,
    mut stop: watch::Receiver<bool>,
) {
    tokio::spawn(async move {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.changed() => break,
            }
            board.history.note(metrics.counted(authority.now()));
            let counted = authority.count_seats().await;
            metrics.job("count", counted.is_ok(), authority.now());
            match counted {
                Ok(held) => metrics.set_seats(held),
                Err(error) => tracing::warn!(%error, "the seats could not be counted"),
            }
            match authority.count_jobs().await {
                Ok((messages, jobs)) => metrics.set_jobs(messages, jobs),
                Err(error) => tracing::warn!(%error, "the jobs could not be counted"),
            }
            metrics.set_keyset_iat(authority.keyset_signed_at());
        }
    });
}
