//! Checkpoints off the path of the answer. A thread of its own moves the write-ahead log into the database while
//! the writer goes on; left to SQLite, a commit now and then would do it, and all who wait for that commit with it
//! (120 to 550 ms were seen).
//!
//! Such a checkpoint never reaches the end of a log that grows meanwhile, and only a log that was moved to its end
//! starts anew. So once it is long, the writer moves the rest itself between two commits: what was added during
//! the last round, which is little.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use rusqlite::Connection;

use crate::statements;

statements! {
    PASSIVE = "PRAGMA wal_checkpoint(PASSIVE)";
}

/// Commits after which a round is due.
const COMMITS: u32 = 32;
/// A log of so many pages is to start anew: 32 MiB.
const LONG: i64 = 8_192;

/// The writer's end.
pub(crate) struct Checkpoints {
    commits: u32,
    due: SyncSender<()>,
    long: Arc<AtomicBool>,
}

/// The thread's end.
pub(crate) struct Checkpointer {
    connection: Connection,
    due: Receiver<()>,
    long: Arc<AtomicBool>,
}

/// Both ends; the connection is the thread's own.
pub(crate) fn checkpoints(connection: Connection) -> (Checkpoints, Checkpointer) {
    // One round that waits is enough.
    let (sender, due) = std::sync::mpsc::sync_channel(1);
    let long = Arc::new(AtomicBool::new(false));
    let writer = Checkpoints { commits: 0, due: sender, long: Arc::clone(&long) };
    (writer, Checkpointer { connection, due, long })
}

impl Checkpoints {
    /// Counts a commit.
    pub(crate) fn committed(&mut self) {
        self.commits += 1;
        if self.commits >= COMMITS {
            self.commits = 0;
            // Full: one is due already. Closed: the thread has ended, and said why.
            let _ = self.due.try_send(());
        }
    }

    /// Between two commits: moves the rest of a long log, so that it starts anew.
    pub(crate) fn between(&self, connection: &Connection) {
        if self.long.swap(false, Ordering::Relaxed) {
            run(connection);
        }
    }
}

impl Checkpointer {
    /// Runs until the writer has ended.
    pub(crate) fn run(self) {
        while self.due.recv().is_ok() {
            if run(&self.connection).is_some_and(|pages| pages >= LONG) {
                self.long.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// One round; how many pages the log has. Failing is harmless: the log stays, and the next round tries again.
fn run(connection: &Connection) -> Option<i64> {
    let pages = connection
        .prepare_cached(PASSIVE)
        .and_then(|mut statement| statement.query_row([], |row| row.get("log")));
    pages.inspect_err(|error| tracing::warn!(%error, "the write-ahead log was not moved")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect;
    use crate::store::Options;

    #[test]
    fn a_log_that_became_long_starts_anew_between_two_commits() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("licentia.db");
        let options = Options::default();
        let writer = connect::open(&path, &options).unwrap();
        let (mut checkpoints, checkpointer) =
            checkpoints(connect::open_reader(&path, &options).unwrap());
        let put = |n: u32, bytes: usize| {
            let sql = "INSERT INTO settings VALUES (?1, ?2)";
            writer.execute(sql, (n.to_string(), "x".repeat(bytes))).unwrap();
        };
        let log = || std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
        for n in 0..COMMITS {
            put(n, 1 << 20);
            checkpoints.committed();
        }
        assert!(log() > 4096 * LONG.unsigned_abs(), "SQLite itself does not cut it");
        assert!(checkpointer.due.try_recv().is_ok(), "a round is due");
        assert!(run(&checkpointer.connection).is_some_and(|pages| pages >= LONG));
        checkpointer.long.store(true, Ordering::Relaxed);
        put(COMMITS, 1);
        checkpoints.between(&writer);
        let before = log();
        put(COMMITS + 1, 1 << 20);
        assert!(log() <= before, "the next commit begins at the start of the log");
    }
}
