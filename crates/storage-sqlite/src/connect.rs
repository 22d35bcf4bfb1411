//! Opening the file: its mode, its pragmas, its schema.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use licentia_storage::{Result, StorageError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::storage_error;
use crate::schema;
use crate::store::Options;

/// 3.51.3 is the first SQLite whose write-ahead log survives a reset during a checkpoint.
const OLDEST_SQLITE: i32 = 3_051_003;
/// Room for every statement of this crate, so that each is parsed once a connection.
const CACHED_STATEMENTS: usize = 256;
/// Pages kept in memory, in KiB: the writer's take at most 64 MiB, a reader's 16.
const WRITER_CACHE_KIB: i64 = 64 * 1024;
const READER_CACHE_KIB: i64 = 16 * 1024;
/// The write-ahead log is cut back to this after a checkpoint, in bytes.
const KEPT_LOG_BYTES: i64 = 64 * 1024 * 1024;

/// Opens the database for writing; makes it and brings its schema up to date where needed.
pub(crate) fn open(path: &Path, options: &Options) -> Result<Connection> {
    refuse_old_sqlite(rusqlite::version_number())?;
    // Processes that open at the same moment take turns: neither the switch to the write-ahead log nor the
    // migrations wait for each other by themselves. A file of its own, since closing any handle of the
    // database's file would drop SQLite's locks on it.
    let _turn = turn(path)?;
    create_private(path).map_err(|error| cannot(path, &error))?;
    let mut connection = connect(path, options)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(storage_error)?;
    if mode != "wal" {
        return Err(StorageError::Unavailable(format!(
            "{} is on a disk that has no write-ahead log (mode {mode})",
            path.display()
        )));
    }
    schema::migrate(&mut connection)?;
    // A negative number is KiB. Checkpoints are the business of a thread of their own.
    (|| {
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))
    })()
    .map_err(storage_error)?;
    Ok(connection)
}

/// Another connection to a database that is open already, which cannot write.
pub(crate) fn open_reader(path: &Path, options: &Options) -> Result<Connection> {
    let connection = connect(path, options)?;
    (|| {
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        connection.pragma_update(None, "query_only", true)
    })()
    .map_err(storage_error)?;
    Ok(connection)
}

fn connect(path: &Path, options: &Options) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(storage_error)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    (|| {
        connection.busy_timeout(options.busy_timeout)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // What a savepoint may have to undo; never worth a file.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // A failing disk must be an error of ours, not a signal that kills the process.
        connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(())).or_else(no_row)?;
        connection
            .pragma_update_and_check(None, "journal_size_limit", KEPT_LOG_BYTES, |_| Ok(()))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // Else a statement is planned anew for every value that it is given: more work than carrying it out.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // A misspelt column must be an error, not a string.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)
    })()
    .map_err(storage_error)?;
    Ok(connection)
}

/// A build without memory mapping answers its pragma with nothing.
fn no_row(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        other => Err(other),
    }
}

fn refuse_old_sqlite(version: i32) -> Result<()> {
    if version >= OLDEST_SQLITE {
        return Ok(());
    }
    Err(StorageError::Unavailable(format!(
        "SQLite {} loses data now and then; {} is the oldest that may be used",
        rusqlite::version(),
        "3.51.3"
    )))
}

/// Waits until no other process is opening this database; the turn ends when the file is dropped.
fn turn(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let name = PathBuf::from(name);
    let file = private(&name).truncate(false).create(true).open(&name);
    let file = file.map_err(|error| cannot(&name, &error))?;
    file.lock().map_err(|error| cannot(&name, &error))?;
    Ok(file)
}

/// Makes the file before SQLite does, readable by its owner alone; the log beside it inherits that.
fn create_private(path: &Path) -> io::Result<()> {
    match private(path).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn private(_path: &Path) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn cannot(path: &Path, error: &io::Error) -> StorageError {
    StorageError::Unavailable(format!("{} cannot be opened for writing: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlite_that_loses_data_is_refused() {
        assert!(refuse_old_sqlite(3_051_002).is_err());
        assert!(refuse_old_sqlite(3_051_003).is_ok());
        assert!(refuse_old_sqlite(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn the_pragmas_that_durability_rests_on_are_set() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("licentia.db");
        let options = Options::default();
        let writer = open(&path, &options).unwrap();
        let reader = open_reader(&path, &options).unwrap();
        let text = |c: &Connection, pragma: &str| -> String {
            c.query_row(&format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"), [], |row| {
                row.get(0)
            })
            .unwrap()
        };
        for connection in [&writer, &reader] {
            assert_eq!(text(connection, "journal_mode"), "wal");
            assert_eq!(text(connection, "synchronous"), "2");
            assert_eq!(text(connection, "foreign_keys"), "1");
            assert_eq!(text(connection, "trusted_schema"), "0");
        }
        assert!(writer.execute("INSERT INTO settings VALUES ('a', 'b')", []).is_ok());
        assert!(reader.execute("INSERT INTO settings VALUES ('c', 'd')", []).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("licentia.db"), &Options::default()).unwrap();
        connection.execute("INSERT INTO settings VALUES ('a', 'b')", []).unwrap();
        let mut seen = 0;
        for entry in std::fs::read_dir(directory.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
            seen += 1;
        }
        assert_eq!(seen, 4, "database, lock, log and its index");
    }
}
