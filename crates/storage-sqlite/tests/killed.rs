//! A process killed in the middle of writing: what it was answered is there, and nothing is half there.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use licentia_storage::{StorageError, Store, read, write};
use licentia_storage_sqlite::SqliteStore;

const WRITERS: usize = 8;

/// Not a test by itself: the process that is killed. Each writer stores one pair of settings after the
/// other, and says so on stdout after each answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run as a child process by the test below"]
async fn child_that_writes_until_it_is_killed() {
    let mut arguments = stdin().lines().map(|line| line.unwrap());
    let (path, round) = (arguments.next().unwrap(), arguments.next().unwrap());
    let store = Arc::new(SqliteStore::open(Path::new(&path)).unwrap());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        let series = format!("{round}.{writer}");
        writers.spawn(async move {
            for n in 0.. {
                let name = format!("{series}.{n}");
                let stored = name.clone();
                write::<_, StorageError, _>(&*store, move |tx| {
                    Box::pin(async move {
                        tx.put_setting(&format!("a.{stored}"), "value").await?;
                        tx.put_setting(&format!("b.{stored}"), "value").await
                    })
                })
                .await
                .unwrap();
                stdout().write_all(format!("answered {name}.\n").as_bytes()).unwrap();
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("licentia.db");
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "child_that_writes_until_it_is_killed"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut to_child = child.stdin.take().unwrap();
        to_child.write_all(format!("{}\n{round}\n", path.display()).as_bytes()).unwrap();
        let mut from_child = BufReader::new(child.stdout.take().unwrap()).lines();
        let name = |line: String| {
            let name = line.split_once("answered ")?.1.strip_suffix('.')?;
            Some(name.to_owned())
        };
        let mut answered = Vec::new();
        while answered.len() < 30 * round {
            answered.extend(name(from_child.next().unwrap().unwrap()));
        }
        child.kill().unwrap();
        // What it still said before it died counts as well.
        answered.extend(from_child.map_while(Result::ok).filter_map(name));
        child.wait().unwrap();

        let store = SqliteStore::open(&path).unwrap();
        read::<_, StorageError, _>(&store, move |tx| {
            Box::pin(async move {
                for name in answered {
                    assert!(tx.setting(&format!("a.{name}")).await?.is_some(), "{name}");
                }
                for writer in 0..WRITERS {
                    let mut n = 0;
                    loop {
                        let a = tx.setting(&format!("a.{round}.{writer}.{n}")).await?;
                        let b = tx.setting(&format!("b.{round}.{writer}.{n}")).await?;
                        assert_eq!(a, b, "a transaction is there as a whole or not at all");
                        if a.is_none() {
                            break;
                        }
                        n += 1;
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
