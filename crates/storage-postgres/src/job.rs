//! Running one job to its end in a transaction of its own.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use licentia_storage::{Access, Job, Result, StorageError, Verdict};

use crate::pool::Pooled;
use crate::transaction::PostgresTransaction;

/// Runs a job and commits or rolls back as it says. A failed statement has ended the transaction, whatever the
/// job made of the error.
pub(crate) async fn run(connection: Pooled, access: Access, job: Job) -> Result<()> {
    let mut tx = PostgresTransaction::begin(connection, access).await?;
    let ran = AssertUnwindSafe(async { job(&mut tx).await }).catch_unwind().await;
    match ran {
        Ok(Verdict::Commit) => tx.commit().await,
        Ok(Verdict::Rollback) => {
            tx.rollback().await;
            Ok(())
        }
        Err(_) => {
            tx.rollback().await;
            Err(StorageError::Internal("a job panicked".into()))
        }
    }
}
