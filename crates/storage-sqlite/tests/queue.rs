//! The threads behind the store: shared commits, full queues, locks of other processes, defects of jobs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: what fails, panics")]

use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use licentia_storage::{Access, BoxFuture, Job, Result, StorageError, Store, Verdict, read, write};
use licentia_storage_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::oneshot;

struct Bench {
    directory: TempDir,
    store: SqliteStore,
}

impl Bench {
    fn new(options: &Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open_with(&directory.path().join("licentia.db"), options).unwrap();
        Self { directory, store }
    }

    fn put(&self, name: &'static str) -> BoxFuture<'_, Result<()>> {
        Box::pin(write(&self.store, move |tx| {
            Box::pin(async move { tx.put_setting(name, "value").await })
        }))
    }

    async fn has(&self, name: &'static str) -> bool {
        let value = read::<_, StorageError, _>(&self.store, move |tx| {
            Box::pin(async move { tx.setting(name).await })
        });
        value.await.unwrap().is_some()
    }

    /// Keeps the thread of this access busy until the sender is dropped or used.
    async fn hold(&self, access: Access) -> (mpsc::Sender<()>, BoxFuture<'_, Result<()>>) {
        let (started, running) = oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let job: Job = Box::new(move |tx| {
            Box::pin(async move {
                let before = tx.setting("new").await.unwrap();
                let _ = started.send(());
                let _ = released.recv();
                assert_eq!(tx.setting("new").await.unwrap(), before, "one view to the end");
                Verdict::Commit
            })
        });
        let mut held = self.store.submit(access, job);
        enqueue(&mut held);
        running.await.unwrap();
        (release, held)
    }
}

/// Submits a job without waiting for it.
fn enqueue<T>(job: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>) {
    assert!(matches!(job.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
}

#[tokio::test]
async fn jobs_of_one_commit_keep_their_own_fates() {
    let bench = Bench::new(&Options::default());
    let (release, held) = bench.hold(Access::Write).await;
    let mut kept = bench.put("kept");
    let mut undone: BoxFuture<'_, Result<()>> = Box::pin(write(&bench.store, |tx| {
        Box::pin(async move {
            tx.put_setting("undone", "value").await?;
            Err(StorageError::Stale("test"))
        })
    }));
    let mut panicked: BoxFuture<'_, Result<()>> = Box::pin(write(&bench.store, |tx| {
        Box::pin(async move {
            tx.put_setting("panicked", "value").await?;
            panic!("this panic is part of the test")
        })
    }));
    let mut also_kept = bench.put("also kept");
    for job in [&mut kept, &mut undone, &mut panicked, &mut also_kept] {
        enqueue(job);
    }
    assert!(!bench.has("kept").await, "not before the commit");
    drop(release);
    assert_eq!(held.await, Ok(()));
    assert_eq!(kept.await, Ok(()));
    assert_eq!(undone.await, Err(StorageError::Stale("test")));
    assert_eq!(panicked.await, Err(StorageError::Internal("a job panicked".into())));
    assert_eq!(also_kept.await, Ok(()));
    for (name, stored) in
        [("kept", true), ("undone", false), ("panicked", false), ("also kept", true)]
    {
        assert_eq!(bench.has(name).await, stored, "{name}");
    }
}

#[tokio::test]
async fn when_sqlite_gives_a_commit_up_nobody_is_told_otherwise() {
    let bench = Bench::new(&Options::default());
    let other = Connection::open(bench.directory.path().join("licentia.db")).unwrap();
    // Rolls the whole transaction back, as SQLite does by itself where the disk fails.
    other
        .execute_batch(
            "CREATE TRIGGER fails BEFORE INSERT ON settings WHEN NEW.name = 'fatal'
             BEGIN SELECT RAISE (ROLLBACK, 'as if the disk failed'); END",
        )
        .unwrap();
    let (release, held) = bench.hold(Access::Write).await;
    let mut first = bench.put("first");
    // Makes nothing of the error, and asks for a commit.
    let mut fatal: BoxFuture<'_, Result<()>> = Box::pin(write(&bench.store, |tx| {
        Box::pin(async move {
            assert!(tx.put_setting("fatal", "value").await.is_err());
            assert!(tx.put_setting("outside of any transaction", "value").await.is_err());
            assert!(tx.setting("first").await.is_err());
            Ok(())
        })
    }));
    let mut third = bench.put("third");
    for job in [&mut first, &mut fatal, &mut third] {
        enqueue(job);
    }
    drop(release);
    assert_eq!(held.await, Ok(()));
    for given_up in [first.await, fatal.await] {
        assert!(matches!(given_up, Err(StorageError::Unavailable(_))), "{given_up:?}");
    }
    assert_eq!(third.await, Ok(()));
    assert!(!bench.has("first").await && bench.has("third").await);
    assert!(!bench.has("outside of any transaction").await);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let bench = Bench::new(&Options { queue: 2, ..Options::default() });
    let (release, held) = bench.hold(Access::Write).await;
    let (mut first, mut second) = (bench.put("first"), bench.put("second"));
    enqueue(&mut first);
    enqueue(&mut second);
    let refused = bench.put("third").await;
    assert_eq!(refused, Err(StorageError::Unavailable("too many jobs wait for it".into())));
    assert!(!bench.has("first").await, "reading goes on meanwhile");
    drop(release);
    assert_eq!((held.await, first.await, second.await), (Ok(()), Ok(()), Ok(())));
    assert_eq!(bench.put("third").await, Ok(()));
}

#[tokio::test]
async fn a_reading_job_sees_one_state_while_others_write() {
    let bench = Bench::new(&Options { readers: 1, ..Options::default() });
    let (release, held) = bench.hold(Access::Read).await;
    assert_eq!(bench.put("new").await, Ok(()));
    drop(release);
    assert_eq!(held.await, Ok(()));
    assert!(bench.has("new").await);
}

#[tokio::test]
async fn a_job_that_waits_for_something_else_is_a_defect_of_its_own() {
    let bench = Bench::new(&Options::default());
    for access in [Access::Write, Access::Read] {
        let stuck =
            bench.store.submit(access, Box::new(|_| Box::pin(std::future::pending()))).await;
        assert!(matches!(stuck, Err(StorageError::Internal(_))), "{stuck:?}");
    }
    assert_eq!(bench.put("next").await, Ok(()));
}

#[tokio::test]
async fn a_job_is_finished_even_if_nobody_waits_for_it() {
    let bench = Bench::new(&Options::default());
    let (release, held) = bench.hold(Access::Write).await;
    let mut left = bench.put("left");
    enqueue(&mut left);
    drop(left);
    drop(release);
    assert_eq!(held.await, Ok(()));
    assert_eq!(bench.put("next").await, Ok(()));
    assert!(bench.has("left").await);
}

#[tokio::test]
async fn closing_finishes_what_was_submitted() {
    let bench = Bench::new(&Options::default());
    let (release, held) = bench.hold(Access::Write).await;
    let mut waiting = bench.put("waiting");
    enqueue(&mut waiting);
    let mut closing = bench.store.close();
    enqueue(&mut closing);
    assert_eq!(bench.put("late").await, Err(StorageError::Unavailable("it is closed".into())));
    drop(release);
    closing.await;
    assert_eq!((held.await, waiting.await), (Ok(()), Ok(())));
}

#[tokio::test]
async fn a_lock_of_another_process_is_named_and_passes() {
    let bench =
        Bench::new(&Options { busy_timeout: Duration::from_millis(20), ..Options::default() });
    let other = Connection::open(bench.directory.path().join("licentia.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = bench.put("name").await;
    let Err(StorageError::Unavailable(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("locked"), "{reason}");
    assert!(!bench.has("name").await, "reading needs no lock");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(bench.put("name").await, Ok(()));
}

/// A panic whose payload panics again when it is dropped, which takes the thread with it.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("this panic is part of the test")
    }
}

#[tokio::test]
async fn when_the_thread_dies_nobody_hangs() {
    let bench = Bench::new(&Options::default());
    let (release, held) = bench.hold(Access::Write).await;
    let fatal: Job = Box::new(|_| Box::pin(async { std::panic::panic_any(Bomb) }));
    let mut fatal = bench.store.submit(Access::Write, fatal);
    let mut behind = bench.put("behind");
    enqueue(&mut fatal);
    enqueue(&mut behind);
    drop(release);
    assert_eq!(held.await, Ok(()));
    let ended = Err(StorageError::Unavailable("its thread has ended".into()));
    assert_eq!(fatal.await, ended);
    assert_eq!(behind.await, ended);
    assert_eq!(bench.put("later").await, ended);
    assert!(!bench.has("behind").await, "reading goes on");
    bench.store.close().await;
}
