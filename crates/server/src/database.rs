//! The one place that knows which database is behind the authority.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use licentia_storage::copy::Progress;
use licentia_storage::copy::{Copyable, Report, copy};
use licentia_storage::{Result, StorageError, Store};
use licentia_storage_postgres::{Options, PostgresStore, PostgresTables};
use licentia_storage_sqlite::{SqliteStore, SqliteTables, snapshot};

use crate::backup::BackupError;
use crate::config::DatabaseUrl;
use crate::startup::StartupError;

/// Where a database is.
pub(crate) enum Place {
    /// SQLite, in this file.
    File(PathBuf),
    /// PostgreSQL, at this URL.
    Server(DatabaseUrl),
}

impl Place {
    pub(crate) fn of(url: &DatabaseUrl) -> std::result::Result<Self, StartupError> {
        let text = url.expose();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Server(url.clone()));
        }
        let path = text.strip_prefix("sqlite://").filter(|path| !path.is_empty());
        path.map(|path| Self::File(path.into())).ok_or(StartupError::UnknownDatabase)
    }

    /// Opens it. The newest primary of PostgreSQL that was seen is remembered in the file `primary`.
    pub(crate) async fn store(&self, primary: PathBuf) -> Result<Arc<dyn Store>> {
        Ok(match self {
            Self::File(path) => Arc::new(SqliteStore::open(path)?),
            Self::Server(url) => {
                let options = Options { memory: Some(primary), ..Options::default() };
                Arc::new(PostgresStore::open_with(url.expose(), &options).await?)
            }
        })
    }

    async fn source(&self) -> Result<Box<dyn Copyable>> {
        Ok(match self {
            Self::File(path) => Box::new(SqliteTables::open(path)?),
            Self::Server(url) => Box::new(PostgresTables::open(url.expose()).await?),
        })
    }

    async fn target(&self) -> Result<Box<dyn Copyable>> {
        Ok(match self {
            Self::File(path) => Box::new(SqliteTables::create(path)?),
            Self::Server(url) => Box::new(PostgresTables::create(url.expose()).await?),
        })
    }

    /// One moment of it, as a new SQLite file. It may be in use meanwhile.
    pub(crate) async fn snapshot(
        &self,
        into: &Path,
        progress: impl FnMut(Progress<'_>) + Send,
    ) -> std::result::Result<(), BackupError> {
        let into = into.to_owned();
        if let Self::File(path) = self {
            let from = path.clone();
            let taken = tokio::task::spawn_blocking(move || snapshot(&from, &into)).await;
            return Ok(taken.map_err(|error| StorageError::Internal(error.to_string()))??);
        }
        same(copy(&*self.source().await?, &SqliteTables::create(&into)?, progress).await?)
    }

    /// Fills it from a SQLite file. It has to be empty.
    pub(crate) async fn fill(
        &self,
        from: &Path,
        progress: impl FnMut(Progress<'_>) + Send,
    ) -> std::result::Result<(), BackupError> {
        let Self::File(path) = self else {
            let to = self.target().await?;
            for table in to.tables().await?.iter().filter(|table| table.name == "settings") {
                if to.count(table).await? > 0 {
                    return Err(BackupError::DatabaseOccupied);
                }
            }
            return same(copy(&SqliteTables::open(from)?, &*to, progress).await?);
        };
        // Neither a database nor what is left of one's log may mix with this.
        for end in ["", "-wal", "-shm"] {
            let mut there = path.clone().into_os_string();
            there.push(end);
            let there = PathBuf::from(there);
            if there.exists() {
                return Err(BackupError::Occupied(there));
            }
        }
        // It may be on another disk than the file.
        let mut draft = path.clone().into_os_string();
        draft.push(".restoring");
        let placed = fs::copy(from, &draft)
            .and_then(|_| File::open(&draft)?.sync_all())
            .and_then(|()| fs::rename(&draft, path));
        placed.map_err(|source| BackupError::Io { path: path.clone(), source })
    }
}

fn same(report: Report) -> std::result::Result<(), BackupError> {
    match report.differences.into_iter().next() {
        None => Ok(()),
        Some(difference) => Err(BackupError::Differs(difference)),
    }
}

/// Rows of all tables of a SQLite file.
pub(crate) async fn rows(file: &Path) -> Result<u64> {
    let tables = SqliteTables::open(file)?;
    let mut rows = 0;
    for table in tables.tables().await? {
        rows += tables.count(&table).await?;
    }
    Ok(rows)
}

/// Copies everything from one database into another, which is empty or was being filled by the same copy, and
/// compares the two. Nobody may write to the source meanwhile.
pub async fn copy_database(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    progress: impl FnMut(Progress<'_>) + Send,
) -> std::result::Result<Report, StartupError> {
    let (from, to) = (Place::of(from)?, Place::of(to)?);
    Ok(copy(&*from.source().await?, &*to.target().await?, progress).await?)
}
