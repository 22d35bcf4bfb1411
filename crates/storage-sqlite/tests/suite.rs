//! The contract of storage, on SQLite.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what fails, panics")]

use std::sync::Arc;

use licentia_storage::Store;
use licentia_storage_sqlite::SqliteStore;
use licentia_storage_suite::Backend;
use tempfile::TempDir;

struct Files(TempDir);

impl Files {
    fn fresh() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Backend for Files {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.0.path().join("licentia.db")).unwrap())
    }
}

licentia_storage_suite::suite!(crate::Files::fresh);
