//! Publishes the revocation list: at each change, by the hour, and when the text changes. Every replica looks, the one
//! that leads publishes.

use std::sync::Arc;
use std::time::Duration;

use licentia_authority::Authority;
use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::jobs::events::Feed;
use crate::lists::{Publisher, TEXT, Watch};
use crate::metrics::Metrics;

/// Starts the job; it ends when `stop` changes.
pub(crate) fn start(
    authority: Authority,
    publisher: Publisher,
    feed: &Feed,
    poll_s: u32,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    let mut events = feed.subscribe();
    tokio::spawn(async move {
        let mut ticks = interval(Duration::from_secs(poll_s.max(1).into()));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut files = publisher.text_place().map(|place| Watch::of(place, TEXT));
        loop {
            let mut stirred = tokio::select! {
                _ = ticks.tick() => false,
                () = changed(&mut files) => false,
                event = events.recv() => match event {
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => true,
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                _ = stop.changed() => break,
            };
            // One list for all that happened at once.
            while let Ok(_) | Err(broadcast::error::TryRecvError::Lagged(_)) = events.try_recv() {
                stirred = true;
            }
            if let Some(done) = publisher.look(stirred).await {
                metrics.job("revocations", done.is_ok(), authority.now());
            }
            if let Ok(age) = publisher.age_s().await {
                metrics
                    .set_revocations_signed_at(age.map(|age| authority.now().saturating_sub(age)));
            }
        }
    });
}

async fn changed(files: &mut Option<Watch>) {
    match files {
        Some(files) => files.changed().await,
        None => std::future::pending().await,
    }
}
