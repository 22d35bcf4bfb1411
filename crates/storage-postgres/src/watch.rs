//! One connection beside the pool: it hears of events, holds the lock of the one process that runs the jobs, and
//! looks out for a newer primary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use licentia_storage::{Result, StorageError};
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep, timeout};

use crate::connect::{Connected, Server};
use crate::error::storage_error;
use crate::statements;

/// How often the connection is used: a lock that became free is taken, and a connection that died noticed, so
/// soon.
const TURN: Duration = Duration::from_secs(1);
/// How long an answer may take before this process no longer counts on the lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// Turns between two looks at the other hosts.
const LOOK_EVERY: u32 = 5;

statements! {
    LISTEN = "LISTEN licentia_events";
    // The session's, so it is free at once when the session ends, however that happens. Held already, it would
    // count once more; hence the condition.
    LEAD = "
        SELECT EXISTS (
            SELECT 1 FROM pg_locks
            WHERE locktype = 'advisory' AND classid = 1279869780 AND objid = 3 AND objsubid = 2
              AND pid = pg_backend_pid() AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ) OR pg_try_advisory_lock(1279869780, 3)";
}

/// The connection's task; it ends with the value.
pub(crate) struct Watch {
    leads: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn start(server: Arc<Server>) -> Self {
        let leads = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&leads);
        let task = tokio::spawn(async move {
            loop {
                let ended = watch(&server, &told).await;
                told.store(false, Ordering::Relaxed);
                if let Err(error) = ended {
                    tracing::warn!(%error, "the database is not watched for a moment; events are looked for by the clock");
                }
                sleep(TURN).await;
            }
        });
        Self { leads, task }
    }

    pub(crate) fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.task.abort();
        self.leads.store(false, Ordering::Relaxed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Watches over one connection until it is of no more use.
async fn watch(server: &Server, leads: &AtomicBool) -> Result<()> {
    let connected = server.connect().await?;
    connected.client.batch_execute(LISTEN).await.map_err(storage_error)?;
    let mut turns = interval(TURN);
    for turn in 1_u32.. {
        turns.tick().await;
        let leading = timeout(PATIENCE, lead(&connected)).await;
        let leading =
            leading.map_err(|_| StorageError::Unavailable("it does not answer".into()))??;
        if leading != leads.swap(leading, Ordering::Relaxed) && leading {
            tracing::info!("this process runs the jobs now");
        }
        if turn.is_multiple_of(LOOK_EVERY) && server.has_several_hosts() {
            // What it finds is remembered; connections to an older primary are then given up.
            drop(server.connect().await);
        }
        if !server.still_trusts(&connected) {
            return Err(StorageError::Unavailable("its primary was replaced".into()));
        }
    }
    Ok(())
}

async fn lead(connected: &Connected) -> Result<bool> {
    let row = connected.client.query_one(LEAD, &[]).await.map_err(storage_error)?;
    row.try_get(0).map_err(storage_error)
}
