//! The schema: numbered migrations, checksummed by the runner, all of them in one transaction.

use licentia_storage::{Result, StorageError};
use refinery::{Migration, Runner};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::storage_error;

/// In order. A migration that was released is never changed: add one.
const MIGRATIONS: &[(&str, &str)] = &[
    ("V1__catalog", include_str!("../migrations/V1__catalog.sql")),
    ("V2__licenses", include_str!("../migrations/V2__licenses.sql")),
    ("V3__activations", include_str!("../migrations/V3__activations.sql")),
    ("V4__usage", include_str!("../migrations/V4__usage.sql")),
    ("V5__trail", include_str!("../migrations/V5__trail.sql")),
    ("V6__authority", include_str!("../migrations/V6__authority.sql")),
    ("V7__edge", include_str!("../migrations/V7__edge.sql")),
    ("V8__protocol", include_str!("../migrations/V8__protocol.sql")),
    ("V9__access", include_str!("../migrations/V9__access.sql")),
    ("V10__administration", include_str!("../migrations/V10__administration.sql")),
    ("V11__heartbeats", include_str!("../migrations/V11__heartbeats.sql")),
    ("V12__jobs", include_str!("../migrations/V12__jobs.sql")),
    ("V13__distribution", include_str!("../migrations/V13__distribution.sql")),
    ("V14__webhooks", include_str!("../migrations/V14__webhooks.sql")),
    ("V15__revocations", include_str!("../migrations/V15__revocations.sql")),
    ("V16__payments", include_str!("../migrations/V16__payments.sql")),
    ("V17__terms", include_str!("../migrations/V17__terms.sql")),
    ("V18__carried", include_str!("../migrations/V18__carried.sql")),
    ("V19__answers", include_str!("../migrations/V19__answers.sql")),
    ("V20__published", include_str!("../migrations/V20__published.sql")),
];

const HAS_HISTORY: &str = "SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'";
const VERSION: &str = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";

/// Brings the schema up to date; refuses one that a newer program made.
pub(crate) fn migrate(connection: &mut Connection) -> Result<()> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let version = version(connection).map_err(storage_error)?;
    if version > newest {
        return Err(StorageError::Unavailable(format!(
            "its schema is version {version}, this program knows versions up to {newest}; use the newer program"
        )));
    }
    let migrations: std::result::Result<Vec<_>, _> =
        MIGRATIONS.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    let migrations = migrations.map_err(|error| StorageError::Internal(error.to_string()))?;
    // Where nothing is left to do the checksums are compared all the same, without a lock on writing.
    if version < newest {
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
    }
    Runner::new(&migrations)
        .set_grouped(true)
        .run(connection)
        .map_err(|error| unmigrated(&error))?;
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    match connection.query_row(HAS_HISTORY, [], |_| Ok(())).optional()? {
        Some(()) => connection.query_row(VERSION, [], |row| row.get(0)),
        None => Ok(0),
    }
}

fn unmigrated(error: &refinery::Error) -> StorageError {
    match error.kind() {
        refinery::error::Kind::Connection(_, reason) => StorageError::Unavailable(format!(
            "its schema could not be brought up to date: {reason}"
        )),
        _ => StorageError::Unavailable(format!(
            "its schema is not one that this program made: {error}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps_and_named_as_their_files() {
        let mut files: Vec<String> =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
        files.sort();
        assert_eq!(files.len(), MIGRATIONS.len());
        for (number, (name, _)) in (1..).zip(MIGRATIONS) {
            assert!(name.starts_with(&format!("V{number}__")), "{name}");
            assert!(files.contains(&format!("{name}.sql")), "{name}");
        }
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let before = connection.total_changes();
        migrate(&mut connection).unwrap();
        assert_eq!(connection.total_changes(), before);
    }

    #[test]
    fn a_changed_migration_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
            .execute_batch("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2")
            .unwrap();
        assert!(matches!(migrate(&mut connection), Err(StorageError::Unavailable(_))));
    }
}
