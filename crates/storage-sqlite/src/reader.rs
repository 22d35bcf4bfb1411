//! The reader threads: each job sees one consistent state of the database.

use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use crate::job::{self, Task};
use crate::transaction::SqliteTransaction;

/// Runs jobs until nobody can submit any more; the threads take turns at the queue.
pub(crate) fn run(mut tx: SqliteTransaction, tasks: &Mutex<Receiver<Task>>) {
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Task { job, reply }) = task else { return };
        let outcome = tx.begin_read().and_then(|()| job::run(job, &mut tx));
        tx.abandon();
        let _ = reply.send(outcome.map(drop));
    }
}
