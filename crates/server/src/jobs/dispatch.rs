//! Makes jobs of what is queued in the outbox, moments after it was committed.

use std::sync::Arc;
use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::metrics::Metrics;

/// How often it is looked for messages.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Starts the job; it ends when `stop` changes. `mails`: somebody sends them.
pub(crate) fn start(
    authority: Authority,
    mails: bool,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    tokio::spawn(async move {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut more = false;
        loop {
            if !more {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stop.changed() => break,
                }
            }
            if *stop.borrow() {
                break;
            }
            more = false;
            if !authority.leads() {
                continue;
            }
            match authority.dispatch(mails).await {
                Ok(0) => {}
                Ok(_) => {
                    more = true;
                    metrics.job("dispatch", true, authority.now());
                }
                Err(error) => {
                    metrics.job("dispatch", false, authority.now());
                    tracing::warn!(%error, "what happened could not be made jobs of; it is tried again");
                }
            }
        }
    });
}
