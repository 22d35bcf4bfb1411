//! The transaction object: a connection inside BEGIN and COMMIT, and what the nouns need of it.

use std::collections::{HashMap, HashSet};

use licentia_model::{License, Plan, Product};
use licentia_storage::{Access, Result, StorageError, Transaction};
use rusqlite::{Connection, Params};
use uuid::Uuid;

use crate::checkpoint::Checkpoints;
use crate::columns::Columns;
use crate::error::storage_error;
use crate::statements;

statements! {
    // As a writer from the start: a transaction that only later turns out to write could find that another
    // process wrote meanwhile, and could neither go on nor wait.
    BEGIN_WRITE = "BEGIN IMMEDIATE";
    BEGIN_READ = "BEGIN DEFERRED";
    SAVEPOINT = "SAVEPOINT job";
    RELEASE = "RELEASE job";
    UNDO = "ROLLBACK TO job";
    // A part of a job: see `savepoints`.
    PART = "SAVEPOINT part";
    PART_RELEASE = "RELEASE part";
    PART_UNDO = "ROLLBACK TO part";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)";
    // Another number once another connection has committed anything.
    DATA_VERSION = "PRAGMA data_version";
}

/// A connection and the transaction it is in. SQL for BEGIN and COMMIT rather than the library's guard,
/// which borrows its connection and could not be handed to jobs as one object.
pub(crate) struct SqliteTransaction {
    connection: Connection,
    access: Access,
    /// The last failure that was not the job's own doing.
    failure: Option<StorageError>,
    kept: Kept,
}

/// Rows that nearly every job needs and hardly any changes, as this transaction sees them. Emptied whenever
/// another connection has committed, and after a transaction that wrote to their tables.
#[derive(Default)]
struct Kept {
    data_version: i64,
    touched: bool,
    plans: HashMap<Uuid, Plan>,
    products: HashMap<Uuid, Product>,
    licenses: HashMap<Uuid, License>,
    /// Licences that were written to in this transaction, which may still not be committed.
    changed: HashSet<Uuid>,
}

/// Most plans, and most products, that are kept.
const KEPT_ROWS: usize = 1_000;
/// Most licences that are kept, of some 300 bytes each.
const KEPT_LICENSES: usize = 50_000;

impl Transaction for SqliteTransaction {}

impl SqliteTransaction {
    pub(crate) fn new(connection: Connection, access: Access) -> Self {
        Self { connection, access, failure: None, kept: Kept::default() }
    }

    pub(crate) fn begin_write(&mut self) -> Result<()> {
        self.failure = None;
        self.control(BEGIN_WRITE)?;
        self.look_at_version()
    }

    pub(crate) fn begin_read(&mut self) -> Result<()> {
        self.failure = None;
        self.control(BEGIN_READ)?;
        self.look_at_version()
    }

    /// Forgets what is kept where it may have changed since the last transaction.
    fn look_at_version(&mut self) -> Result<()> {
        let data_version = self.integer(DATA_VERSION, [])?;
        if self.kept.touched || self.kept.data_version != data_version {
            self.kept = Kept { data_version, ..Kept::default() };
        }
        self.kept.changed.clear();
        Ok(())
    }

    /// A plan, from memory where it is sure.
    pub(crate) fn kept_plan(
        &mut self,
        id: Uuid,
        look: impl FnOnce(&mut Self) -> Result<Option<Plan>>,
    ) -> Result<Option<Plan>> {
        self.keep(id, |kept| &mut kept.plans, look)
    }

    /// A product, from memory where it is sure.
    pub(crate) fn kept_product(
        &mut self,
        id: Uuid,
        look: impl FnOnce(&mut Self) -> Result<Option<Product>>,
    ) -> Result<Option<Product>> {
        self.keep(id, |kept| &mut kept.products, look)
    }

    /// The same by its code; products are few.
    pub(crate) fn kept_product_by_code(
        &mut self,
        code: &str,
        look: impl FnOnce(&mut Self) -> Result<Option<Product>>,
    ) -> Result<Option<Product>> {
        let known = self.kept.products.values().find(|product| product.code == code);
        match known.map(|product| product.id) {
            Some(id) => self.kept_product(id, look),
            None => {
                let found = look(self)?;
                match found.as_ref().map(|product| product.id) {
                    // Kept from now on.
                    Some(id) => self.kept_product(id, |_| Ok(found)),
                    None => Ok(None),
                }
            }
        }
    }

    /// A licence, from memory where it is sure.
    pub(crate) fn keep_license(
        &mut self,
        id: Uuid,
        look: impl FnOnce(&mut Self) -> Result<Option<License>>,
    ) -> Result<Option<License>> {
        self.still_open()?;
        if let Some(license) = self.kept.licenses.get(&id) {
            return Ok(Some(license.clone()));
        }
        let found = look(self)?;
        if let Some(license) = found.as_ref().filter(|_| !self.kept.changed.contains(&id)) {
            if self.kept.licenses.len() >= KEPT_LICENSES {
                self.kept.licenses.clear();
            }
            self.kept.licenses.insert(id, license.clone());
        }
        Ok(found)
    }

    /// A licence was written: until this transaction has ended it is read from its table.
    pub(crate) fn forget_license(&mut self, id: Uuid) {
        self.kept.licenses.remove(&id);
        self.kept.changed.insert(id);
    }

    fn keep<T: Clone>(
        &mut self,
        id: Uuid,
        table: fn(&mut Kept) -> &mut HashMap<Uuid, T>,
        look: impl FnOnce(&mut Self) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        self.still_open()?;
        if self.kept.touched {
            return look(self);
        }
        if let Some(row) = table(&mut self.kept).get(&id) {
            return Ok(Some(row.clone()));
        }
        let found = look(self)?;
        if let Some(row) = &found {
            let rows = table(&mut self.kept);
            if rows.len() >= KEPT_ROWS {
                rows.clear();
            }
            rows.insert(id, row.clone());
        }
        Ok(found)
    }

    /// A plan or product was written: from here on this transaction reads the tables.
    pub(crate) fn touch(&mut self) {
        self.kept.touched = true;
    }

    pub(crate) fn commit(&mut self) -> Result<()> {
        self.control(COMMIT)
    }

    pub(crate) fn savepoint(&mut self) -> Result<()> {
        self.control(SAVEPOINT)
    }

    pub(crate) fn release(&mut self) -> Result<()> {
        self.control(RELEASE)
    }

    pub(crate) fn undo(&mut self) -> Result<()> {
        self.control(UNDO)?;
        self.control(RELEASE)
    }

    pub(crate) fn part_begin(&mut self) -> Result<()> {
        self.still_open()?;
        self.control(PART)
    }

    pub(crate) fn part_release(&mut self) -> Result<()> {
        self.still_open()?;
        self.control(PART_RELEASE)
    }

    pub(crate) fn part_undo(&mut self) -> Result<()> {
        self.still_open()?;
        self.control(PART_UNDO)?;
        self.control(PART_RELEASE)
    }

    /// Why SQLite rolled the transaction back on its own, where it did.
    pub(crate) fn given_up(&self) -> Option<StorageError> {
        let unknown = || StorageError::Unavailable("SQLite gave the transaction up".into());
        self.connection.is_autocommit().then(|| self.failure.clone().unwrap_or_else(unknown))
    }

    /// Ends the transaction, if there still is one, as if it never was.
    pub(crate) fn abandon(&mut self) {
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(error) = self.control(ROLLBACK) {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// Between two transactions: see [`Checkpoints::between`].
    pub(crate) fn between(&self, checkpoints: &Checkpoints) {
        checkpoints.between(&self.connection);
    }

    /// Moves the log into the database, so that a copy of the one file is whole. Failing is harmless: the
    /// next one to open the database reads the log.
    pub(crate) fn checkpoint(&self) {
        if let Err(error) = self.connection.query_row(CHECKPOINT, [], |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log stays");
        }
    }

    /// Writes; how many rows were touched.
    pub(crate) fn write(&mut self, sql: &'static str, params: impl Params) -> Result<u64> {
        self.writable()?;
        self.still_open()?;
        let changed =
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
        let changed = changed.map_err(|error| self.failed(error))?;
        u64::try_from(changed).map_err(|_| StorageError::Internal(format!("{changed} rows")))
    }

    /// Writes exactly one row, else `what` is stale.
    pub(crate) fn write_one(
        &mut self,
        what: &'static str,
        sql: &'static str,
        params: impl Params,
    ) -> Result<()> {
        match self.write(sql, params)? {
            1 => Ok(()),
            _ => Err(StorageError::Stale(what)),
        }
    }

    /// The first row, if there is one.
    pub(crate) fn one<T>(
        &mut self,
        table: &'static str,
        sql: &str,
        params: impl Params,
        read: fn(&Columns<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.all(table, sql, params, read)?.into_iter().next())
    }

    /// Every row.
    pub(crate) fn all<T>(
        &mut self,
        table: &'static str,
        sql: &str,
        params: impl Params,
        read: fn(&Columns<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.still_open()?;
        let found = (|| {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                match read(&Columns::new(table, row)) {
                    Ok(value) => all.push(value),
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(all))
        })();
        found.unwrap_or_else(|error| Err(self.failed(error)))
    }

    /// A single integer, as `count(*)` gives.
    pub(crate) fn integer(&mut self, sql: &'static str, params: impl Params) -> Result<i64> {
        self.still_open()?;
        let found = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, |row| row.get(0)));
        found.map_err(|error| self.failed(error))
    }

    /// Writing and locking are for writing jobs, here as on a database where a reading transaction refuses
    /// both.
    pub(crate) fn writable(&self) -> Result<()> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(StorageError::Internal("a reading job writes or locks".into())),
        }
    }

    /// A job that goes on after SQLite gave its transaction up would write outside of any.
    fn still_open(&self) -> Result<()> {
        self.given_up().map_or(Ok(()), Err)
    }

    fn control(&mut self, sql: &'static str) -> Result<()> {
        let run =
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        run.map(drop).map_err(|error| self.failed(error))
    }

    fn failed(&mut self, error: rusqlite::Error) -> StorageError {
        let error = storage_error(error);
        if let StorageError::Unavailable(_) = error {
            self.failure = Some(error.clone());
        }
        error
    }
}
