//! Running one job to its end on the thread of its connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use licentia_storage::{Job, Result, StorageError, Verdict};
use tokio::sync::oneshot;

use crate::transaction::SqliteTransaction;

/// A job and where its outcome goes. The caller may be gone by then; the job runs all the same.
pub(crate) struct Task {
    pub(crate) job: Job,
    pub(crate) reply: oneshot::Sender<Result<()>>,
}

/// Runs a job. Nothing in SQLite is ever waited for, so one poll must finish it; a job that waits for
/// anything else would hold up everybody, and is a defect.
pub(crate) fn run(job: Job, tx: &mut SqliteTransaction) -> Result<Verdict> {
    let polled = catch_unwind(AssertUnwindSafe(|| {
        job(tx).as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }));
    match polled {
        Ok(Poll::Ready(verdict)) => Ok(verdict),
        Ok(Poll::Pending) => Err(StorageError::Internal("a job waited for something else".into())),
        Err(_) => Err(StorageError::Internal("a job panicked".into())),
    }
}
