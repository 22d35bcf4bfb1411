//! The contract of storage, on SQLite.

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
