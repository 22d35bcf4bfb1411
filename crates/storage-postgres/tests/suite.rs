//! The contract of storage, on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what fails, panics")]

use std::sync::Arc;

use licentia_storage::Store;
use licentia_storage_postgres::PostgresStore;
use licentia_storage_suite::Backend;
use licentia_testing_postgres::Cluster;

struct Database(String);

impl Database {
    fn fresh() -> Self {
        Self(Cluster::shared().database())
    }
}

impl Backend for Database {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(PostgresStore::open(&self.0).await.unwrap())
    }
}

licentia_storage_suite::suite!(crate::Database::fresh);
