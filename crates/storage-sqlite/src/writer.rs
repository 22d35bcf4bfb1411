//! The writer thread: many jobs, one commit.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;

use licentia_storage::{Job, Result, StorageError, Verdict};

use crate::checkpoint::Checkpoints;
use crate::job::{self, Task};
use crate::transaction::SqliteTransaction;

/// Runs jobs until nobody can submit any more and all that were submitted are done.
pub(crate) fn run(
    mut tx: SqliteTransaction,
    tasks: &Receiver<Task>,
    mut checkpoints: Checkpoints,
    most: usize,
) {
    while let Ok(first) = tasks.recv() {
        let mut waiting = VecDeque::from([first]);
        waiting.extend(tasks.try_iter().take(most.saturating_sub(1)));
        while !waiting.is_empty() {
            commit_together(&mut tx, &mut waiting);
            checkpoints.committed();
        }
        tx.between(&checkpoints);
    }
    tx.checkpoint();
}

/// Runs the waiting jobs in one transaction, then answers all of them. Stops early where SQLite gave the
/// transaction up in the middle; the jobs still waiting then get a new one.
fn commit_together(tx: &mut SqliteTransaction, waiting: &mut VecDeque<Task>) {
    if let Err(error) = tx.begin_write() {
        for task in waiting.drain(..) {
            answer(task, Err(error.clone()));
        }
        return;
    }
    let mut done = Vec::with_capacity(waiting.len());
    let mut fate = Ok(());
    while let Some(Task { job, reply }) = waiting.pop_front() {
        let first = done.is_empty();
        let ran = if first { at_first(tx, job) } else { in_savepoint(tx, job) };
        match ran {
            Ok(outcome) => done.push((reply, outcome)),
            Err(broken) => {
                done.push((reply, Err(broken.clone())));
                fate = Err(broken);
                break;
            }
        }
    }
    let fate = fate.and_then(|()| tx.commit());
    if let Err(error) = &fate {
        tx.abandon();
        tracing::error!(%error, jobs = done.len(), "nothing was committed");
    }
    for (reply, outcome) in done {
        // A job that failed by itself keeps its own reason.
        let _ = reply.send(outcome.and_then(|()| fate.clone()));
    }
}

/// Runs the first job of a transaction. There is nothing yet that its rollback could take along, so it needs no
/// savepoint, for which every page that it changes would be copied.
fn at_first(tx: &mut SqliteTransaction, job: Job) -> Result<Result<()>> {
    let outcome = job::run(job, tx);
    if let Some(failure) = tx.given_up() {
        return Err(failure);
    }
    if !matches!(outcome, Ok(Verdict::Commit)) {
        tx.abandon();
        tx.begin_write()?;
    }
    Ok(outcome.map(drop))
}

/// Runs a job so that its rollback leaves the others alone. The outer error is the whole transaction's.
fn in_savepoint(tx: &mut SqliteTransaction, job: Job) -> Result<Result<()>> {
    tx.savepoint()?;
    let outcome = job::run(job, tx);
    // A full or failing disk makes SQLite roll back everything at once, whatever the job made of the error.
    if let Some(failure) = tx.given_up() {
        return Err(failure);
    }
    match outcome {
        Ok(Verdict::Commit) => tx.release()?,
        Ok(Verdict::Rollback) | Err(_) => tx.undo()?,
    }
    Ok(outcome.map(drop))
}

fn answer(task: Task, outcome: std::result::Result<(), StorageError>) {
    let _ = task.reply.send(outcome);
}
