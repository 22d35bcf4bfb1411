//! The default database: SQLite in one file, behind the traits of `licentia_storage`.
//!
//! One writer thread owns the only connection that writes. It takes every job that waits, runs each in a
//! savepoint of one transaction, commits once, and only then answers: many writers share one flush to disk,
//! and an answer still means durable. A third kind of thread moves the write-ahead log into the database. Reading jobs run beside it on connections that cannot write. Other
//! processes may write to the same file at the same time, as the command line does.
//!
//! ```no_run
//! use licentia_storage::{Store, StorageError, write};
//! use licentia_storage_sqlite::SqliteStore;
//!
//! # async fn example() -> Result<(), StorageError> {
//! let store = SqliteStore::open("/var/lib/licentia/licentia.db".as_ref())?;
//! write(&store, |tx| Box::pin(async move { tx.put_setting("name", "Example").await })).await?;
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! A noun is a file: its statements, then the trait. Rows are read by column name, so statements select `*`
//! and the migration is the list of columns. To add a method: a statement and its method in the noun's file;
//! a column needs a new file in `migrations/`, named in `schema.rs`. The twin for PostgreSQL has the same
//! files, methods and migrations in the same order.

mod checkpoint;
mod columns;
mod connect;
mod copy;
mod error;
mod job;
mod reader;
mod schema;
mod snapshot;
mod store;
mod transaction;
mod writer;

mod activations;
mod api_tokens;
mod audit;
mod bulk;
mod chains;
mod counts;
mod customers;
mod erasure;
mod events;
mod idempotency_keys;
mod jobs;
mod license_keys;
mod licenses;
mod operators;
mod outbox;
mod payments;
mod plans;
mod products;
mod pull_tokens;
mod releases;
mod revocations;
mod savepoints;
mod seats;
mod sessions;
mod settings;
mod signing_keys;
mod trials;
mod usage;
mod webhooks;

pub use copy::SqliteTables;
pub use snapshot::snapshot;
pub use store::{Options, SqliteStore};

/// The statements of a noun, each a constant; together a list, so that a test can prepare all of them.
macro_rules! statements {
    ($($name:ident = $sql:literal;)*) => {
        $(const $name: &str = $sql;)*

        #[cfg(test)]
        pub(crate) const STATEMENTS: &[&str] = &[$($name),*];
    };
}
pub(crate) use statements;

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use crate::store::Options;

    fn statements() -> Vec<&'static str> {
        [
            crate::activations::STATEMENTS,
            crate::api_tokens::STATEMENTS,
            crate::audit::STATEMENTS,
            crate::chains::STATEMENTS,
            crate::counts::STATEMENTS,
            crate::checkpoint::STATEMENTS,
            crate::customers::STATEMENTS,
            crate::erasure::STATEMENTS,
            crate::events::STATEMENTS,
            crate::idempotency_keys::STATEMENTS,
            crate::jobs::STATEMENTS,
            crate::license_keys::STATEMENTS,
            crate::licenses::STATEMENTS,
            crate::operators::STATEMENTS,
            crate::outbox::STATEMENTS,
            crate::payments::STATEMENTS,
            crate::plans::STATEMENTS,
            crate::products::STATEMENTS,
            crate::pull_tokens::STATEMENTS,
            crate::releases::STATEMENTS,
            crate::revocations::STATEMENTS,
            crate::seats::STATEMENTS,
            crate::sessions::STATEMENTS,
            crate::settings::STATEMENTS,
            crate::signing_keys::STATEMENTS,
            crate::transaction::STATEMENTS,
            crate::trials::STATEMENTS,
            crate::usage::STATEMENTS,
            crate::webhooks::STATEMENTS,
            crate::licenses::WALKS.as_flattened(),
        ]
        .concat()
    }

    fn database() -> (tempfile::TempDir, Connection) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("licentia.db");
        let connection = crate::connect::open(&path, &Options::default()).unwrap();
        (directory, connection)
    }

    #[test]
    fn every_statement_can_be_prepared() {
        let (_directory, connection) = database();
        for sql in statements() {
            if let Err(error) = connection.prepare(sql) {
                panic!("{sql}: {error}");
            }
        }
    }

    #[test]
    fn no_statement_walks_through_a_table_that_grows() {
        // Short tables, and lists that stop at their limit.
        let short =
            ["operators", "webhooks", "products", "signing_keys", "audit", "outbox", "lately"];
        let (_directory, connection) = database();
        for sql in statements() {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).ok();
            let Some(plan) = plan.as_mut() else { continue };
            let nulls = vec![None::<String>; plan.parameter_count()];
            let mut steps = plan.query(rusqlite::params_from_iter(nulls)).unwrap();
            while let Some(step) = steps.next().unwrap() {
                let step: String = step.get("detail").unwrap();
                let Some(table) = step.strip_prefix("SCAN ") else { continue };
                // A count of everything, made by a job or kept for long.
                if sql.starts_with("SELECT count(*) FROM seats WHERE lease_until")
                    || sql.contains("count(*) AS jobs FROM jobs")
                    || sql.contains("GROUP BY state, trial")
                {
                    continue;
                }
                assert!(short.contains(&table.split(' ').next().unwrap()), "{step}: {sql}");
            }
        }
    }

    /// A page costs what it holds, however long the list: it is found by an index that is in its order.
    #[test]
    fn no_list_is_sorted_or_walked_from_its_beginning() {
        let (_directory, connection) = database();
        // Those walk by a number that is a key of its own, or through few rows: of one licence or product, or so many of
        // late.
        let others = ["FROM outbox", "FROM seats", "JOIN", "AS lately"];
        let pages = statements().into_iter().filter(|sql| sql.contains("LIMIT ?"));
        let mut seen = 0;
        for sql in pages.filter(|sql| !others.iter().any(|other| sql.contains(other))) {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let nulls = vec![None::<String>; plan.parameter_count()];
            let mut steps = plan.query(rusqlite::params_from_iter(nulls)).unwrap();
            while let Some(step) = steps.next().unwrap() {
                let step: String = step.get("detail").unwrap();
                // A part that is looked up for each row has its own steps.
                let searched = step.starts_with("SEARCH ") || step.starts_with("CORRELATED ");
                assert!(searched, "{step}: {sql}");
            }
            seen += 1;
        }
        assert!(seen > 25, "{seen}");
    }
}
