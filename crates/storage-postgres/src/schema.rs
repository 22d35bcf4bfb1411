//! The schema: numbered migrations, checksummed by the runner, all of them in one transaction.

use licentia_storage::{Result, StorageError};
use refinery::{Migration, Runner};
use tokio_postgres::Client;

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

/// Replicas that start at the same moment take turns.
const LOCK: &str = "SELECT pg_advisory_lock(1279869780, 2)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(1279869780, 2)";
const HAS_HISTORY: &str = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
const VERSION: &str = "SELECT coalesce(max(version), 0)::bigint FROM refinery_schema_history";

/// Brings the schema up to date; refuses one that a newer program made.
pub(crate) async fn migrate(client: &mut Client) -> Result<()> {
    client.batch_execute(LOCK).await.map_err(storage_error)?;
    let migrated = migrate_alone(client).await;
    // On failure the connection's end gives the lock back as well.
    client.batch_execute(UNLOCK).await.map_err(storage_error)?;
    migrated
}

async fn migrate_alone(client: &mut Client) -> Result<()> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let version = version(client).await.map_err(storage_error)?;
    if version > newest {
        return Err(StorageError::Unavailable(format!(
            "its schema is version {version}, this program knows versions up to {newest}; use the newer program"
        )));
    }
    let migrations: std::result::Result<Vec<_>, _> =
        MIGRATIONS.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    let migrations = migrations.map_err(|error| StorageError::Internal(error.to_string()))?;
    // Where nothing is left to do the checksums are compared all the same.
    let run = Runner::new(&migrations).set_grouped(true).run_async(client).await;
    run.map(drop).map_err(|error| unmigrated(&error))
}

async fn version(client: &Client) -> std::result::Result<i64, tokio_postgres::Error> {
    if client.query_one(HAS_HISTORY, &[]).await?.try_get(0)? {
        client.query_one(VERSION, &[]).await?.try_get(0)
    } else {
        Ok(0)
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
    fn migrations_are_those_of_the_twin_by_number_and_title() {
        let files = |folder: &str| {
            let folder = format!("{}/{folder}/migrations", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            files
        };
        let own = files(".");
        assert_eq!(own, files("../storage-sqlite"));
        assert_eq!(own.len(), MIGRATIONS.len());
        for (number, (name, _)) in (1..).zip(MIGRATIONS) {
            assert!(name.starts_with(&format!("V{number}__")), "{name}");
            assert!(own.contains(&format!("{name}.sql")), "{name}");
        }
    }
}
