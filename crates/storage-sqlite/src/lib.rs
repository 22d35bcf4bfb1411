//! The default database: SQLite in one file, behind the traits of `licentia_storage`.
//!
//! One writer thread owns the only connection that writes. It takes every job that waits, runs each in a
//! savepoint of one transaction, commits once, and only then answers: many writers share one flush to disk,
//! and an answer still means durable. Reading jobs run beside it on connections that cannot write. Other
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

mod columns;
mod connect;
mod error;
mod job;
mod reader;
mod schema;
mod store;
mod transaction;
mod writer;

mod activations;
mod api_tokens;
mod audit;
mod customers;
mod events;
mod license_keys;
mod licenses;
mod operators;
mod plans;
mod products;
mod seats;
mod settings;
mod signing_keys;
mod usage;

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
    use crate::store::Options;

    #[test]
    fn every_statement_can_be_prepared() {
        let directory = tempfile::tempdir().unwrap();
        let connection =
            crate::connect::open(&directory.path().join("licentia.db"), &Options::default())
                .unwrap();
        for statement in [
            crate::activations::STATEMENTS,
            crate::api_tokens::STATEMENTS,
            crate::audit::STATEMENTS,
            crate::customers::STATEMENTS,
            crate::events::STATEMENTS,
            crate::license_keys::STATEMENTS,
            crate::licenses::STATEMENTS,
            crate::operators::STATEMENTS,
            crate::plans::STATEMENTS,
            crate::products::STATEMENTS,
            crate::seats::STATEMENTS,
            crate::settings::STATEMENTS,
            crate::signing_keys::STATEMENTS,
            crate::transaction::STATEMENTS,
            crate::usage::STATEMENTS,
        ]
        .concat()
        {
            if let Err(error) = connection.prepare(statement) {
                panic!("{statement}: {error}");
            }
        }
    }
}
