//! The store: how many jobs may wait, and their end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use licentia_storage::{Access, Job, Result, StorageError, Store};
use tokio::sync::{Semaphore, TryAcquireError};

use crate::connect::Server;
use crate::pool::Lenders;
use crate::watch::Watch;
use crate::{job, schema};

/// How a database is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections at most. Every one is a process of the server's; with more of them than some four times its
    /// cores nothing gets faster.
    pub connections: usize,
    /// How long a job waits for one; then it is [`Unavailable`](StorageError::Unavailable).
    pub wait: Duration,
    /// Jobs that may run and wait; one more is [`Unavailable`](StorageError::Unavailable) at once. A job holds
    /// its request, some KiB as a rule, so 4,096 of them are some 16 MiB.
    pub queue: usize,
    /// A file that remembers the newest primary over a restart, so that one which was replaced by a promotion is never
    /// written to again.
    pub memory: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 16, wait: Duration::from_secs(5), queue: 4096, memory: None }
    }
}

/// A PostgreSQL database.
pub struct PostgresStore {
    lenders: Arc<Lenders>,
    places: Arc<Semaphore>,
    queue: u32,
    closed: AtomicBool,
    server: Arc<Server>,
    watch: Watch,
}

impl PostgresStore {
    /// Opens a database by its URL, and brings its schema up to date. The crate's documentation lists what a
    /// URL may say.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_with(url, &Options::default()).await
    }

    /// Opens a database with options of one's own.
    pub async fn open_with(url: &str, options: &Options) -> Result<Self> {
        let server = Arc::new(Server::parse(url, options.memory.clone())?);
        schema::migrate(&mut server.connect().await?.client).await?;
        let queue =
            u32::try_from(options.queue.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Ok(Self {
            watch: Watch::start(Arc::clone(&server)),
            server: Arc::clone(&server),
            lenders: Arc::new(Lenders::new(server, options.connections.max(1), options.wait)?),
            places: Arc::new(Semaphore::new(usize::try_from(queue).unwrap_or(usize::MAX))),
            queue,
            closed: AtomicBool::new(false),
        })
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn submit(&self, access: Access, job: Job) -> Result<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(unavailable("it is closed"));
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => unavailable("too many jobs wait for it"),
            TryAcquireError::Closed => unavailable("it is closed"),
        })?;
        let lenders = Arc::clone(&self.lenders);
        // A task of its own: a caller that goes away must not leave a transaction half done on a connection
        // that the next one gets.
        let done = tokio::spawn(async move {
            let _place = place;
            job::run(lenders.lend().await?, access, job).await
        });
        done.await.unwrap_or_else(|_| Err(unavailable("its runtime is stopping")))
    }

    fn leads(&self) -> bool {
        self.watch.leads()
    }

    async fn events_hinted(&self) {
        self.server.notified().await;
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // All places taken: every job that was submitted has ended.
        let all = self.places.acquire_many(self.queue).await;
        self.places.close();
        drop(all);
        self.lenders.close();
        self.watch.stop();
    }
}

fn unavailable(reason: &str) -> StorageError {
    StorageError::Unavailable(reason.to_owned())
}
