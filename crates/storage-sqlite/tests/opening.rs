//! Opening a database: at the same moment, where it cannot be, and what is not ours.

#![expect(clippy::panic, reason = "helpers of tests: what fails, panics")]

use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use licentia_storage::{StorageError, Store, read, write};
use licentia_storage_sqlite::{Options, SqliteStore};
use rusqlite::Connection;

fn refusal(path: &Path) -> String {
    match SqliteStore::open(path) {
        Err(StorageError::Unavailable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn many_that_open_a_fresh_database_at_once_all_succeed() {
    for _ in 0..5 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("licentia.db");
        let start = Barrier::new(8);
        let stores: Vec<_> = std::thread::scope(|scope| {
            let open = || {
                start.wait();
                SqliteStore::open(&path).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (n, store) in stores.iter().enumerate() {
            let name = n.to_string();
            write::<_, StorageError, _>(store, move |tx| {
                Box::pin(async move { tx.put_setting(&name, "value").await })
            })
            .await
            .unwrap();
        }
        for store in stores {
            let first = read::<_, StorageError, _>(&store, |tx| {
                Box::pin(async move { tx.setting("7").await })
            });
            assert_eq!(first.await.unwrap().as_deref(), Some("value"));
            store.close().await;
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("licentia.db");
    SqliteStore::open(&path).unwrap().close().await;
    let connection = Connection::open(&path).unwrap();
    let newer =
        "INSERT INTO refinery_schema_history VALUES (1000, 'later', '2030-01-01T00:00:00Z', '1')";
    connection.execute(newer, []).unwrap();
    let reason = refusal(&path);
    assert!(reason.contains("version 1000") && reason.contains("newer program"), "{reason}");
    connection.execute("DELETE FROM refinery_schema_history WHERE version = 1000", []).unwrap();
    SqliteStore::open(&path).unwrap().close().await;
}

#[tokio::test]
async fn a_database_that_another_process_is_writing_to_can_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("licentia.db");
    SqliteStore::open(&path).unwrap().close().await;
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO settings VALUES ('a', 'b')").unwrap();
    let options = Options { busy_timeout: Duration::ZERO, ..Options::default() };
    SqliteStore::open_with(&path, &options).unwrap().close().await;
}

#[test]
fn a_place_where_nothing_can_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let absent = directory.path().join("absent").join("licentia.db");
    let reason = refusal(&absent);
    assert!(reason.contains("absent") && reason.contains("No such file"), "{reason}");
    let taken = directory.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    let reason = refusal(&taken);
    assert!(reason.contains("opened"), "{reason}");
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let closed = directory.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o500)).unwrap();
    // Root may write anywhere but where the kernel itself answers.
    let root = std::fs::File::create(closed.join("probe")).is_ok();
    let place = if root { Path::new("/proc/self") } else { closed.as_path() };
    let reason = refusal(&place.join("licentia.db"));
    assert!(
        reason.contains("licentia.db") && reason.contains("cannot be opened for writing"),
        "{reason}"
    );
}

#[test]
fn a_file_of_something_else_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("licentia.db");
    let text = "not a database ".repeat(1000);
    std::fs::write(&path, &text).unwrap();
    let reason = refusal(&path);
    assert!(reason.contains("no SQLite database"), "{reason}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn after_closing_the_one_file_holds_everything() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("licentia.db");
    let store = SqliteStore::open(&path).unwrap();
    write::<_, StorageError, _>(&store, |tx| {
        Box::pin(async move { tx.put_setting("name", "value").await })
    })
    .await
    .unwrap();
    store.close().await;
    let copy = directory.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let store = SqliteStore::open(&copy).unwrap();
    let value =
        read::<_, StorageError, _>(&store, |tx| Box::pin(async move { tx.setting("name").await }));
    assert_eq!(value.await.unwrap().as_deref(), Some("value"));
    store.close().await;
}

#[tokio::test]
async fn a_value_that_makes_no_sense_is_named_by_table_column_and_row() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("licentia.db");
    let store = SqliteStore::open(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "INSERT INTO operators (id, name, role, created_at) VALUES ('00000000-0000-0000-0000-000000000001', 'n', 'emperor', 0);
             INSERT INTO signing_keys VALUES ('kid', '[\"license\",\"magic\"]', 'active', '', NULL, NULL, NULL, 0);",
        )
        .unwrap();
    let row = "00000000-0000-0000-0000-000000000001".to_owned();
    let operators =
        read::<_, StorageError, _>(&store, |tx| Box::pin(async move { tx.operators().await }));
    let corrupt = StorageError::Corrupt { table: "operators", column: "role", row };
    assert_eq!(operators.await, Err(corrupt));
    let keys =
        read::<_, StorageError, _>(&store, |tx| Box::pin(async move { tx.signing_keys().await }));
    let corrupt =
        StorageError::Corrupt { table: "signing_keys", column: "purposes", row: "kid".into() };
    assert_eq!(keys.await, Err(corrupt));
    store.close().await;
}
