//! The transaction object: a connection inside BEGIN and COMMIT, and what the nouns need of it.

use licentia_storage::{Access, Result, StorageError, Transaction};
use tokio_postgres::{Error, Row, Statement};

use crate::columns::Columns;
use crate::error::storage_error;
use crate::params::Param;
use crate::pool::Pooled;
use crate::statements;

statements! {
    // Each statement sees what was committed before it began, so what is read under a lock is the newest.
    BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    // One view from the first statement to the last.
    BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    // A part of a job: see `savepoints`.
    PART = "SAVEPOINT part";
    PART_RELEASE = "RELEASE part";
    PART_UNDO = "ROLLBACK TO part";
    // Of the audit trail and the events: who holds it is the only one who adds to either. The two numbers are
    // of no meaning; they only must not be those of another lock of this crate.
    LOCK_JOURNAL = "SELECT pg_advisory_xact_lock(1279869780, 1)";
}

/// A commit of next to nothing: whoever answers it has the log on disk up to there.
macro_rules! flush {
    () => {
        "SELECT pg_logical_emit_message(true, 'licentia', '')"
    };
}

/// Commits in two steps: the first makes the work visible and gives its locks back, the second waits until the log up to
/// there is on disk, and on the standbys that must have it. Held over the disk, the one lock of the audit trail would
/// let through one job a flush; so all who wait share one. A crash between the two takes the end of the log and nobody
/// was answered; what others built on it meanwhile is behind it in the log and goes with it.
const BEGIN_TO_FLUSH: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = off";
const COMMIT_AND_FLUSH: &str = concat!("COMMIT; ", flush!());
/// The second step alone, to see whether it works here: other engines that speak the protocol have no such function.
pub(crate) const FLUSH: &str = flush!();

/// A connection and the transaction it is in.
pub(crate) struct PostgresTransaction {
    connection: Pooled,
    access: Access,
    /// The first failure. PostgreSQL takes no statement after it, and answers COMMIT with a rollback that looks
    /// like success.
    failure: Option<StorageError>,
}

impl Transaction for PostgresTransaction {}

impl PostgresTransaction {
    pub(crate) async fn begin(connection: Pooled, access: Access) -> Result<Self> {
        let mut transaction = Self { connection, access, failure: None };
        let begin = match access {
            Access::Write if transaction.connection.flushes() => BEGIN_TO_FLUSH,
            Access::Write => BEGIN_WRITE,
            Access::Read => BEGIN_READ,
        };
        match transaction.control(begin).await {
            Ok(()) => Ok(transaction),
            Err(error) => {
                transaction.connection.discard();
                Err(error)
            }
        }
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        if let Some(failure) = self.failure.clone() {
            self.rollback().await;
            return Err(failure);
        }
        let commit = match self.access {
            Access::Write if self.connection.flushes() => COMMIT_AND_FLUSH,
            Access::Write | Access::Read => COMMIT,
        };
        let committed = self.control(commit).await;
        if committed.is_err() {
            self.connection.discard();
        }
        committed
    }

    /// Ends the transaction as if it never was. A connection that cannot even do that is not used again.
    pub(crate) async fn rollback(mut self) {
        let broken = matches!(self.failure, Some(StorageError::Unavailable(_)));
        if let Err(error) = self.control(ROLLBACK).await {
            tracing::warn!(%error, "a transaction could not be rolled back; its connection is given up");
            self.connection.discard();
        } else if broken {
            self.connection.discard();
        }
    }

    pub(crate) async fn part_begin(&mut self) -> Result<()> {
        self.whole()?;
        self.control(PART).await.map_err(|error| self.remember(error))
    }

    pub(crate) async fn part_release(&mut self) -> Result<()> {
        self.whole()?;
        self.control(PART_RELEASE).await.map_err(|error| self.remember(error))
    }

    /// What failed in the part is forgotten with it, unless it was the connection.
    pub(crate) async fn part_undo(&mut self) -> Result<()> {
        if let Some(lost @ StorageError::Unavailable(_)) = &self.failure {
            return Err(lost.clone());
        }
        for sql in [PART_UNDO, PART_RELEASE] {
            self.control(sql).await.map_err(|error| self.remember(error))?;
        }
        self.failure = None;
        Ok(())
    }

    /// Writes; how many rows were touched.
    pub(crate) async fn write(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        self.writable()?;
        let statement = self.prepared(sql).await?;
        let written = self.connection.client().execute(&statement, params).await;
        written.map_err(|error| self.failed(error))
    }

    /// Writes exactly one row, else `what` is stale.
    pub(crate) async fn write_one(
        &mut self,
        what: &'static str,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<()> {
        match self.write(sql, params).await? {
            1 => Ok(()),
            _ => Err(StorageError::Stale(what)),
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn one<T>(
        &mut self,
        table: &'static str,
        sql: &'static str,
        params: &[Param<'_>],
        read: fn(&Columns<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.all(table, sql, params, read).await?.into_iter().next())
    }

    /// Every row.
    pub(crate) async fn all<T>(
        &mut self,
        table: &'static str,
        sql: &'static str,
        params: &[Param<'_>],
        read: fn(&Columns<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = self.rows(sql, params).await?;
        rows.iter().map(|row| read(&Columns::new(table, row))).collect()
    }

    /// A single integer, as `count(*)` gives.
    pub(crate) async fn integer(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<i64> {
        let rows = self.rows(sql, params).await?;
        let value = rows.first().map(|row| row.try_get(0));
        value
            .ok_or_else(|| StorageError::Internal(format!("no row: {sql}")))?
            .map_err(|error| self.failed(error))
    }

    /// From here to its end this transaction alone adds to the audit trail and the events. Whoever waits for
    /// it holds other locks already, so nobody may ask for a lock of a row after this one that is not his yet.
    pub(crate) async fn lock_journal(&mut self) -> Result<()> {
        self.writable()?;
        self.rows(LOCK_JOURNAL, &[]).await.map(drop)
    }

    /// Writing and locking are for writing jobs. PostgreSQL would refuse some of it by itself, and end the
    /// transaction with it.
    pub(crate) fn writable(&self) -> Result<()> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(StorageError::Internal("a reading job writes or locks".into())),
        }
    }

    pub(crate) fn is_writing(&self) -> bool {
        self.access == Access::Write
    }

    async fn rows(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let statement = self.prepared(sql).await?;
        let rows = self.connection.client().query(&statement, params).await;
        rows.map_err(|error| self.failed(error))
    }

    async fn prepared(&mut self, sql: &'static str) -> Result<Statement> {
        self.whole()?;
        let prepared = self.connection.prepared(sql).await;
        prepared.map_err(|error| self.failed(error))
    }

    async fn control(&mut self, sql: &'static str) -> Result<()> {
        self.connection.client().batch_execute(sql).await.map_err(storage_error)
    }

    /// Nothing has failed so far.
    fn whole(&self) -> Result<()> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn failed(&mut self, error: Error) -> StorageError {
        self.remember(storage_error(error))
    }

    fn remember(&mut self, error: StorageError) -> StorageError {
        self.failure.get_or_insert(error).clone()
    }
}
