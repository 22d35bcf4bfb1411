//! Puts down when tokens and sessions were last used, to a minute, apart from the requests that they open.

use std::collections::HashMap;
use std::time::Duration;

use licentia_authority::{Authority, Credential};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Uses that wait; more than that are not put down.
const WAITING: usize = 1_024;
/// How often the same credential is put down.
const EVERY: Duration = Duration::from_secs(60);

/// Where uses are told.
#[derive(Clone)]
pub(crate) struct Uses(mpsc::Sender<Credential>);

impl Uses {
    /// Where nobody listens.
    pub(crate) fn nowhere() -> Self {
        Self(mpsc::channel(1).0)
    }

    /// Never waits: what there is no room for is told by the next request.
    pub(crate) fn note(&self, credential: Credential) {
        let _ = self.0.try_send(credential);
    }
}

/// Starts the job; it ends when `stop` changes.
pub(crate) fn start(authority: Authority, mut stop: watch::Receiver<bool>) -> Uses {
    let (sender, mut told) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut noted: HashMap<Credential, Instant> = HashMap::new();
        let mut batch = Vec::with_capacity(WAITING);
        loop {
            tokio::select! {
                count = told.recv_many(&mut batch, WAITING) => if count == 0 { break },
                _ = stop.changed() => break,
            }
            let now = Instant::now();
            noted.retain(|_, at| now.duration_since(*at) < EVERY);
            // Requests that ran meanwhile tell the same.
            batch.retain(|credential| noted.insert(*credential, now).is_none());
            let used = std::mem::take(&mut batch);
            if used.is_empty() {
                continue;
            }
            if let Err(error) = authority.note_uses(used).await {
                tracing::warn!(%error, "the last use of tokens could not be put down");
            }
        }
    });
    Uses(sender)
}
