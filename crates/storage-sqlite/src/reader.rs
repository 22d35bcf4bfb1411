//! The reader threads: each job sees one consistent state of the database.

use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use crate::job::{self, Task};
use crate::transaction::SqliteTransaction;

/// Jobs that share one transaction at most: few, since one that takes long holds up those behind it.
const MOST: usize = 16;

/// Runs jobs until nobody can submit any more; the threads take turns at the queue.
pub(crate) fn run(mut tx: SqliteTransaction, tasks: &Mutex<Receiver<Task>>) {
    // Taken before the transaction begins: each sees all that was committed before it was submitted.
    while let Some(waiting) = take(tasks) {
        let begun = tx.begin_read();
        for Task { job, reply } in waiting {
            let outcome = begun.clone().and_then(|()| job::run(job, &mut tx));
            let _ = reply.send(outcome.map(drop));
        }
        tx.abandon();
    }
}

fn take(tasks: &Mutex<Receiver<Task>>) -> Option<Vec<Task>> {
    let tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
    let mut waiting = vec![tasks.recv().ok()?];
    waiting.extend(tasks.try_iter().take(MOST - 1));
    Some(waiting)
}
