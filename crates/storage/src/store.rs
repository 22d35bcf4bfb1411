//! Running work in a transaction.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::{StorageError, Transaction};

/// A future that may borrow the transaction.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Work to be done in one transaction.
pub type Job = Box<dyn for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Verdict> + Send>;

/// Whether what a job did is to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it.
    Commit,
    /// As if it never ran.
    Rollback,
}

/// What a job needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A consistent view; nothing may be written.
    Read,
    /// Reads and writes; alone with the rows it locks.
    Write,
}

/// A database.
#[async_trait]
pub trait Store: Send + Sync {
    /// Runs a job in one transaction. `Ok` for a writing job means: durable, or rolled back as it asked.
    ///
    /// Several jobs may share one commit, and then they stand or fall with the disk together; each still
    /// sees its own rollback.
    async fn submit(&self, access: Access, job: Job) -> Result<(), StorageError>;

    /// Whether this process is the one that does what is to be done once, such as jobs by the clock; to be asked
    /// before each run. A successor may begin before this one has noticed, so such work does no harm twice. Where
    /// one process serves the database, it is always that one.
    fn leads(&self) -> bool {
        true
    }

    /// Waits until another process may have added an event. A hint, that some databases never give: events are
    /// looked for regularly all the same.
    async fn events_hinted(&self) {
        std::future::pending::<()>().await;
    }

    /// Finishes what was submitted and releases the database.
    async fn close(&self);
}

/// Runs a use case that changes something: committed where it returns `Ok`, else as if it never ran.
pub async fn write<R, E, F>(store: &dyn Store, work: F) -> Result<R, E>
where
    R: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
{
    run(store, Access::Write, work).await
}

/// Runs a use case that only reads.
pub async fn read<R, E, F>(store: &dyn Store, work: F) -> Result<R, E>
where
    R: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
{
    run(store, Access::Read, work).await
}

async fn run<R, E, F>(store: &dyn Store, access: Access, work: F) -> Result<R, E>
where
    R: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
{
    let slot = Arc::new(Mutex::new(None));
    let out = Arc::clone(&slot);
    let job: Job = Box::new(move |tx| {
        let work = work(tx);
        Box::pin(async move {
            let result = work.await;
            let verdict = if result.is_ok() { Verdict::Commit } else { Verdict::Rollback };
            *out.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            verdict
        })
    });
    let submitted = store.submit(access, job).await;
    let result = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (submitted, result) {
        (Ok(()), Some(result)) => result,
        // A rolled-back job keeps its own reason even where the shared commit failed as well.
        (Err(_), Some(Err(error))) => Err(error),
        (Err(error), _) => Err(error.into()),
        (Ok(()), None) => Err(StorageError::Internal("a job ended without a result".into()).into()),
    }
}
