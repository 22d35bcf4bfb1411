//! One moment of a database that is in use, as a file of its own.

use std::path::Path;

use licentia_storage::{Result, StorageError};
use rusqlite::{Connection, OpenFlags};

use crate::error::storage_error;
use crate::store::Options;

/// Copies the database at `from` into the new file `into`, and checks the copy. Whoever reads or writes meanwhile goes
/// on; what is committed later is not in it.
pub fn snapshot(from: &Path, into: &Path) -> Result<()> {
    if !from.exists() {
        return Err(StorageError::Unavailable(format!("{} is not there", from.display())));
    }
    let open = |path: &Path, flags| {
        let connection = Connection::open_with_flags(path, flags).map_err(storage_error)?;
        connection.busy_timeout(Options::default().busy_timeout).map_err(storage_error)?;
        Ok::<_, StorageError>(connection)
    };
    open(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?
        .execute("VACUUM INTO ?1", [into.display().to_string()])
        .map_err(storage_error)?;
    let verdict: String = open(into, OpenFlags::SQLITE_OPEN_READ_ONLY)?
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(storage_error)?;
    if verdict != "ok" {
        return Err(StorageError::Internal(format!("{} is damaged: {verdict}", from.display())));
    }
    Ok(())
}
