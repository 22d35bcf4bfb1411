//! Hands events from the database to the listeners. The database is the only channel, so a change made by the
//! command line or by another replica is heard too.

use std::time::Duration;

use licentia_authority::Authority;
use licentia_model::Event;
use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval};

/// How often the database is asked; a suspension is to be heard within a second.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How many events a slow listener may be behind; a few dozen bytes each.
const BACKLOG: usize = 1_024;

/// Where listeners subscribe. Without the job behind it, no event comes.
#[derive(Clone)]
pub(crate) struct Feed {
    sender: watch::Receiver<Option<broadcast::Sender<Event>>>,
}

impl Feed {
    /// One that never tells anything.
    pub(crate) fn silent() -> Self {
        Self { sender: watch::channel(None).1 }
    }

    /// What happens from now on; closed at shutdown.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        match &*self.sender.borrow() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        }
    }
}

/// Starts the job; it ends, and closes every stream, when `stop` changes.
pub(crate) fn start(authority: Authority, mut stop: watch::Receiver<bool>) -> Feed {
    let (sender, _) = broadcast::channel(BACKLOG);
    let (hold, feed) = watch::channel(Some(sender.clone()));
    tokio::spawn(async move {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = authority.events_hinted() => {}
                _ = stop.changed() => break,
            }
            if let Err(error) = authority.refresh_keys().await {
                tracing::error!(%error, "the signing keys could not be read again; the former ones stay in use");
            }
            if let Err(error) = look(&authority, &mut seen, &sender).await {
                tracing::warn!(%error, "events could not be read; products hear of changes by heartbeat meanwhile");
            }
        }
        // The last senders go: receivers see the end.
        hold.send_replace(None);
    });
    Feed { sender: feed }
}

async fn look(
    authority: &Authority,
    seen: &mut Option<u64>,
    sender: &broadcast::Sender<Event>,
) -> Result<(), licentia_authority::AuthorityError> {
    let Some(after) = *seen else {
        *seen = Some(authority.last_event().await?);
        return Ok(());
    };
    for event in authority.events_after(after).await? {
        *seen = Some(event.seq);
        // No listener is no failure.
        let _ = sender.send(event);
    }
    Ok(())
}
