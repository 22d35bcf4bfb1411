//! A process killed in the middle of writing: what it was answered is there, and nothing is half there.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use licentia_storage::{StorageError, Store, read, write};
use licentia_storage_sqlite::SqliteStore;

const WRITERS: usize = 8;

/// Not a test by itself: the process that is killed. Writes pairs of settings for ever, and says so on
/// stdout after each answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run as a child process by the test below"]
async fn child_that_writes_until_it_is_killed() {
    let path = stdin().lines().next().unwrap().unwrap();
    let store = Arc::new(SqliteStore::open(Path::new(&path)).unwrap());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for n in 0.. {
                let name = format!("{writer}.{n}");
                let stored = name.clone();
                write::<_, StorageError, _>(&*store, move |tx| {
                    Box::pin(async move {
                        tx.put_setting(&format!("a.{stored}"), "value").await?;
                        tx.put_setting(&format!("b.{stored}"), "value").await
                    })
                })
                .await
                .unwrap();
                stdout().write_all(format!("answered {name}\n").as_bytes()).unwrap();
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("licentia.db");
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "child_that_writes_until_it_is_killed"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut to_child = child.stdin.take().unwrap();
        to_child.write_all(format!("{}\n", path.display()).as_bytes()).unwrap();
        let mut answered = Vec::new();
        let mut from_child = BufReader::new(child.stdout.take().unwrap()).lines();
        let name = |line: String| line.split("answered ").nth(1).map(str::to_owned);
        while answered.len() < 50 * round {
            answered.extend(name(from_child.next().unwrap().unwrap()));
        }
        child.kill().unwrap();
        // What it still said before it died counts as well.
        answered.extend(from_child.map_while(std::result::Result::ok).filter_map(name));
        child.wait().unwrap();

        let store = SqliteStore::open(&path).unwrap();
        read::<_, StorageError, _>(&store, move |tx| {
            Box::pin(async move {
                for name in answered {
                    assert!(tx.setting(&format!("a.{name}")).await?.is_some(), "{name}");
                    assert!(tx.setting(&format!("b.{name}")).await?.is_some(), "{name}");
                }
                // Written but not answered yet: whole or not at all.
                for (writer, n) in
                    (0..WRITERS).flat_map(|writer| (0..5000).map(move |n| (writer, n)))
                {
                    let a = tx.setting(&format!("a.{writer}.{n}")).await?;
                    assert_eq!(a, tx.setting(&format!("b.{writer}.{n}")).await?);
                    if a.is_none() && n > 1000 {
                        break;
                    }
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        store.close().await;
    }
}
